"""Rows that judge, and answers to them brought onto the same genres. The classifier is imported inside functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from classifier.labels import FAMILIES
from organizer.training.answers import Answers
from organizer.training.testsets import Part

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Judged:
    """families: each row's true ones, the first foremost; groups int [n]: artists, a clip each its own."""

    families: Sequence[tuple[str, ...]]
    groups: "np.ndarray"

    def __len__(self) -> int:
        return len(self.families)

    @property
    def artists(self) -> int:
        return len(set(self.groups.tolist()))

    def take(self, rows: "np.ndarray") -> "Judged":
        """rows: bool [n]"""
        return Judged(
            [one for one, kept in zip(self.families, rows.tolist(), strict=True) if kept], self.groups[rows]
        )


def rows_of(parts: Sequence[Part]) -> Judged:
    """All rows of the parts, in their order."""
    import numpy as np

    from classifier.splits import primary_artist

    families: list[tuple[str, ...]] = []
    names: list[str] = []
    for place, part in enumerate(parts):
        if part.tracks is not None:
            families += part.tracks.labels
            names += [primary_artist(part.tracks, row) for row in range(len(part))]
        elif part.clips is not None:
            families += [(label,) for label in part.clips.labels]
            names += [f"{place}:{name}" for name in part.clips.names]
    return Judged(families, np.unique(names, return_inverse=True)[1])


def labels_of(taken: Sequence[Answers], judged: Judged) -> tuple[str, ...]:
    """Every family that is true or could be said."""
    seen = {one for own in judged.families for one in own} | {one for own in taken for one in own.labels}
    return tuple(one for one in FAMILIES if one in seen)


def wide(taken: Sequence[Answers], judged: Judged) -> list[Answers]:
    """The same answers over all families; what a version does not know it never says."""
    import numpy as np

    labels = labels_of(taken, judged)
    result = []
    for one in taken:
        log_p = np.full((len(judged), len(labels)), -np.inf)
        known = [k for k, label in enumerate(one.labels) if label in labels]
        log_p[:, [labels.index(one.labels[k]) for k in known]] = one.log_p[:, known]
        result.append(Answers(labels, log_p, {}))
    return result


def narrowed(
    taken: Sequence[Answers], judged: Judged, known: Sequence[str]
) -> tuple[list[Answers], Judged] | None:
    """The choice narrowed to `known`, on the rows of these genres; None where that leaves nothing to tell apart."""
    import numpy as np

    own = [tuple(one for one in families if one in known) for families in judged.families]
    rows = np.array([bool(one) for one in own], bool)
    if len(known) < 2 or not rows.any():
        return None
    result = []
    for one in taken:
        log_p = one.log_p[rows][:, [one.labels.index(label) for label in known]].astype(float)
        total = np.logaddexp.reduce(log_p, axis=1, keepdims=True)
        result.append(Answers(tuple(known), log_p - np.where(np.isinf(total), 0, total), {}))
    return result, Judged([one for one in own if one], judged.groups[rows])


def scores(taken: Sequence[Answers], judged: Judged) -> dict[str, Any]:
    """classifier.versus of answers over the same labels."""
    import numpy as np

    from classifier.versus import versus

    labels = taken[0].labels
    first = np.array([labels.index(families[0]) for families in judged.families])
    return versus([one.log_p for one in taken], _truth(judged, labels), first, judged.groups, labels=labels)


def overuses(taken: Sequence[Answers], judged: Judged, genres: Iterable[str]) -> dict[str, Any]:
    """Genre -> classifier.overuse of answers over the same labels, for each of `genres` that is among these."""
    from classifier.overuse import overuse

    labels = taken[0].labels
    answers, truth = [one.log_p for one in taken], _truth(judged, labels)
    return {
        genre: overuse(answers, truth, judged.groups, genre=labels.index(genre))
        for genre in genres
        if genre in labels
    }


def _truth(judged: Judged, labels: Sequence[str]) -> "np.ndarray":
    """bool [n, K]"""
    import numpy as np

    place = {label: k for k, label in enumerate(labels)}
    truth = np.zeros((len(judged), len(labels)), bool)
    for row, families in enumerate(judged.families):
        truth[row, [place[one] for one in families]] = True
    return truth
