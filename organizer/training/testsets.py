"""The fixed test set of each kind of versions, and which of its rows may judge which versions.

It is made of the data sets that are only for judging; while there are none, of what every run holds out from the others:
by artist from tables, by the fixed random split from clips.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from organizer.models import Dataset, ModelVersion
from organizer.training import datasets, provenance
from organizer.training.errors import TrainingError

if TYPE_CHECKING:
    import numpy as np

    from classifier.dataset import Dataset as Tracks
    from classifier.sound.clips import Clips

Kind = ModelVersion.Kind
SPLITS = {Dataset.Kind.TABLE: "artist", Dataset.Kind.AUDIO: "random"}  # of what is held out


@dataclass(frozen=True)
class TestSet:
    """The data sets, and whether they are only for judging: otherwise their held-out parts judge."""

    __test__ = False  # pytest

    datasets: tuple[Dataset, ...]
    is_fixed: bool
    kind: Dataset.Kind

    @property
    def fingerprint(self) -> str:
        said = [[one.pk, one.sha256, one.rows, sorted(one.label_map.items())] for one in self.datasets]
        return hashlib.sha256(json.dumps([self.is_fixed, said]).encode()).hexdigest()

    def rest(self) -> list[Dataset]:
        """What a baseline may learn from: the others, or these without what is held out."""
        return list(_ready(self.kind, is_test=False)) if self.is_fixed else list(self.datasets)


def _ready(kind: Dataset.Kind, **only: bool) -> tuple[Dataset, ...]:
    """Those with a row that could judge: where no label means a genre there is none."""
    found = Dataset.objects.filter(kind=kind, state=Dataset.State.READY, **only).order_by("pk")
    return tuple(one for one in found if any(one.label_map.values()))


def of(kind: Kind) -> TestSet:
    """The present one. One query or two."""
    of_data = Dataset.Kind.TABLE if kind == Kind.TABLES else Dataset.Kind.AUDIO
    fixed = _ready(of_data, is_test=True)
    return TestSet(fixed or _ready(of_data), bool(fixed), of_data)


def fingerprint(kind: Kind) -> str:
    return of(kind).fingerprint


@dataclass(frozen=True)
class Part:
    """Rows of one data set that could judge: tracks, or clips with their embeddings float32 [n, E]."""

    dataset: Dataset
    sha256: str
    is_held_out: bool  # the data set's other rows are trained on
    tracks: "Tracks | None" = None
    clips: "Clips | None" = None
    embeddings: "np.ndarray | None" = None

    def __len__(self) -> int:
        return len(self.tracks or self.clips or ())

    def take(self, rows: "np.ndarray") -> "Part":
        return replace(
            self,
            tracks=self.tracks.take(rows) if self.tracks is not None else None,
            clips=self.clips.take(rows) if self.clips is not None else None,
            embeddings=self.embeddings[rows] if self.embeddings is not None else None,
        )


def parts(test: TestSet) -> Iterator[Part]:
    """What could judge, one data set after the other. TrainingError where there is none; DataError as reading raises."""
    if not test.datasets:
        what = "table" if test.kind == Dataset.Kind.TABLE else "set of clips"
        raise TrainingError(f"There is no {what} to judge by: add a data set first.")
    for one in test.datasets:
        part = _whole(one, is_held_out=not test.is_fixed)
        yield part if test.is_fixed else part.take(_split(part).test)


def once(found: Iterable[Part]) -> list[Part]:
    """The parts, with a track that several data sets hold in the first of them only."""
    import numpy as np

    from classifier.same_song import song_id

    seen: set[str] = set()
    kept = []
    for part in found:
        if part.tracks is not None:
            songs = list(map(song_id, part.tracks.track_ids))
            part = part.take(np.array([song not in seen for song in songs], bool))
            seen.update(songs)
        kept.append(part)
    return kept


def rest(test: TestSet, rule: str) -> Iterator[Part]:
    """What may teach a baseline under the rule: nothing of what judges, and of tables nothing by its artists."""
    import numpy as np

    for one in provenance.admitted(test.rest(), rule)[0]:
        part = _without_sound(_whole(one, is_held_out=False))
        found = _split(part)
        yield part if test.is_fixed else part.take(np.concatenate([found.train, found.valid]))


def _without_sound(part: Part) -> Part:
    """Spectrograms are large, and a simple model does not look at them."""
    if part.clips is None:
        return part
    return replace(part, clips=replace(part.clips, mel=part.clips.mel[:, :0, :0].copy()))


def _split(part: Part) -> Any:
    from classifier.sound.clips import split_random
    from classifier.splits import split

    if part.clips is not None:
        return split_random(part.clips, 0)
    assert part.tracks is not None, "a part holds tracks or clips"
    return split(part.tracks, "artist")


def _whole(one: Dataset, *, is_held_out: bool) -> Part:
    if one.kind == Dataset.Kind.AUDIO:
        clips, embeddings = datasets.clips(one)
        return Part(one, clips.provenance.sha256, is_held_out, clips=clips, embeddings=embeddings)
    tracks = datasets.read(one)
    sha256 = tracks.provenance[0].sha256 if tracks.provenance else one.sha256
    return Part(one, sha256, is_held_out, tracks=tracks)


def has_learned(meta: Mapping[str, Any], part: Part) -> bool:
    """The version may have learned from these very rows: it learned from their data set, and did not spare them."""
    if not any(one.get("sha256") == part.sha256 for one in meta.get("data", ())):
        return False
    config = meta.get("config", {})
    spared = part.is_held_out and bool(config.get("spare_test"))
    return not (spared and config.get("split") == SPLITS[Dataset.Kind(part.dataset.kind)])
