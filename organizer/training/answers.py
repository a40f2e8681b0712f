"""What versions answer to rows that could judge them, and which of these rows may. One model is in memory at a time.

The classifier is imported inside functions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from classifier import registry
from classifier.labels import SUB_GENRES
from organizer import classify, ear
from organizer.models import ModelVersion
from organizer.training.testsets import Part, has_learned

if TYPE_CHECKING:
    import numpy as np

Kind = ModelVersion.Kind
SLICE = 20_000  # rows answered at a time
LEARNED, ARTIST, DEAF = "learned", "artist", "deaf"  # why a row may not judge a version
Tick = Callable[[], None]


@dataclass(frozen=True)
class Answers:
    """log_p float32 [n, K] of families `labels`; barred: why -> bool [n] of the rows that may not judge it."""

    labels: tuple[str, ...]
    log_p: "np.ndarray"
    barred: "dict[str, np.ndarray]"


# A part, and whether to answer from all evidence -> log_p [n, K], and the rows that may not judge.
Answer = Callable[[Part, bool], "tuple[np.ndarray, dict[str, np.ndarray]]"]


def of(
    version: ModelVersion | None, kind: Kind, parts: Sequence[Part], *, words: Part | None, tick: Tick
) -> tuple[Answers, Answers | None]:
    """The version's answers to all parts' rows, in their order, and to users' words; None: the shipped sound expert.

    Rows of a part are judged by features alone, since no version may know an artist; words by all that a library is
    judged by, artists included.

    Raises
    ------
    ModelError
        The version is damaged, or its files are gone.
    """
    import numpy as np

    labels, answer = _by_features(version) if kind == Kind.TABLES and version else _by_ear(version)
    meta, found = _meta(version), []
    for part in parts:
        log_p, barred = answer(part, False)
        found.append((log_p, {LEARNED: np.full(len(part), has_learned(meta, part))} | barred))
        tick()
    whole = np.concatenate([log_p for log_p, _ in found])
    barred = {why: np.concatenate([one[why] for _, one in found]) for why in found[0][1]}
    said = _in_families(labels, answer(words, True)[0], {}) if words else None
    return _in_families(labels, whole, barred), said


def _by_features(version: ModelVersion) -> tuple[Sequence[str], Answer]:
    import numpy as np

    predictor = classify.load(version)

    def some(x: np.ndarray, artists: Any, *, everything: bool) -> tuple[Any, Any, Any]:
        names = artists if everything else ((),) * len(x)
        log_p, _, present = predictor.log_probabilities(x, names)
        knows = [any(map(predictor.artists.knows, one)) for one in artists]
        return log_p.astype(np.float32), np.array(knows, bool), ~present["features"]

    def answer(part: Part, everything: bool) -> tuple[Any, Any]:
        assert part.tracks is not None, "a part of a table holds tracks"
        x, artists = part.tracks.columns(predictor.feature_names), part.tracks.artists
        slices = [slice(start, start + SLICE) for start in range(0, max(1, len(x)), SLICE)]
        found = [some(x[rows], artists[rows], everything=everything) for rows in slices]
        log_p, knows, is_deaf = map(np.concatenate, zip(*found, strict=True))
        return log_p, {ARTIST: knows, DEAF: is_deaf}

    return predictor.labels, answer


def _by_ear(version: ModelVersion | None) -> tuple[Sequence[str], Answer]:
    import numpy as np

    if version is not None and version.kind == Kind.NET:
        from classifier.sound.answer import load_net, log_probabilities

        net, meta = load_net(version.directory)
        return meta["labels"], lambda part, _: (log_probabilities(net, part.clips.mel), {})
    opinion = ear.opinion_afresh(version) if version else ear.opinion_of(None)
    return opinion.labels, lambda part, _: (
        np.nan_to_num(opinion.log_probabilities(part.embeddings), nan=-np.inf).astype(np.float32),
        {},
    )


def _meta(version: ModelVersion | None) -> dict[str, Any]:
    from classifier.sound import opinion

    if version is None:
        return registry.read_description(opinion.shipped_path())
    return registry.read_description(classify.directory(version))


def knows_words(version: ModelVersion | None, name: str) -> bool:
    """It may have learned from the very words that are held out; those that spare test rows never do, whatever the split."""
    meta = _meta(version)
    is_spared = bool(meta.get("config", {}).get("spare_test"))
    return not is_spared and any(one.get("name") == name for one in meta.get("data", ()))


def _in_families(labels: Sequence[str], log_p: "np.ndarray", barred: "dict[str, np.ndarray]") -> Answers:
    """A family is as likely as its sub-genres together."""
    import numpy as np

    families = [SUB_GENRES.get(label, label) for label in labels]
    kept = tuple(dict.fromkeys(families))
    if len(kept) == len(families):
        return Answers(kept, log_p, barred)
    columns = [np.flatnonzero([one == family for one in families]) for family in kept]
    joined = np.stack([np.logaddexp.reduce(log_p[:, column], axis=1) for column in columns], axis=1)
    return Answers(kept, joined, barred)
