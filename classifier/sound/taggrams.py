"""Clips as the tagger heard them: published taggrams, or sound files put through it; and a head that learns from them."""

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zipfile import BadZipFile

import numpy as np

from classifier import audio
from classifier.dataset import Provenance
from classifier.errors import AudioError, DataError
from classifier.folders import list_clips
from classifier.labels import detect_mapping, families_of
from classifier.sound import CLIP_SECONDS, heads
from classifier.sound.degrade import DEGRADATIONS
from classifier.sound.heads import Head

if TYPE_CHECKING:
    from classifier.sound.tagger import Tagger

PATCHES = 10  # as many as a clip of 30 s gets when it is served; published clips have 28, a second apart
T = TypeVar("T")
COPY = "|"  # in the name of a degraded copy: "label/file|phone 0"
# How often a clip of a folder is also learned from as a narrow channel, noise, a room or a phone leaves it. The hardest
# count most; with them the head lost 15 points instead of 27 under 300 to 3,400 Hz on clips it had not learned from.
COPIES: Mapping[str, int] = {"300-8000 Hz": 1, "300-3400 Hz": 2, "noise 10 dB": 1, "reverb": 1, "phone": 3}
VIEWS = 4  # times a clip is learned from, with other patches each time
DEEP_PENALTY = 100.0
PENALTY = 60.0  # best of 30, 60, 100, 300 by cross-validation on the 443 training clips, blocks of neighbours held out


@dataclass(frozen=True)
class Taggrams:
    """n clips: names ("label/file"), labels, tag probabilities float32 [patches, tags], and the mean of the layer before.

    That layer, float32 [200], is None where only the tags were published.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    tags: tuple[np.ndarray, ...]
    deep: tuple[np.ndarray | None, ...]

    def take(self, rows: Sequence[int]) -> "Taggrams":
        def some(part: tuple[T, ...]) -> tuple[T, ...]:
            return tuple(part[i] for i in rows)

        return Taggrams(some(self.names), some(self.labels), some(self.tags), some(self.deep))

    def clean(self) -> "Taggrams":
        """Without degraded copies."""
        return self.take([i for i, name in enumerate(self.names) if COPY not in name])

    def in_families(self) -> "Taggrams":
        """Labelled with families instead; clips whose label names none are left out. DataError for unknown labels."""
        family = families_of(set(self.labels), detect_mapping(self.labels) or "families")
        kept = self.take([i for i, label in enumerate(self.labels) if family[label]])
        return replace(kept, labels=tuple(str(family[label]) for label in kept.labels))

    def __add__(self, other: "Taggrams") -> "Taggrams":
        """Both; of a clip that is in both, the first one's tags and whichever layer there is."""
        place = {name: i for i, name in enumerate(other.names)}
        deep = tuple(
            other.deep[place[name]] if own is None and name in place else own
            for name, own in zip(self.names, self.deep, strict=True)
        )
        new = other.take([i for name, i in place.items() if name not in set(self.names)])
        return Taggrams(
            self.names + new.names, self.labels + new.labels, self.tags + new.tags, deep + new.deep
        )


def read(path: Path) -> tuple[Taggrams, Provenance]:
    """A file of taggrams: X float [m, tags], and IDS [m], "label/file" of the clip that each patch belongs to.

    Raises
    ------
    DataError
        The file cannot be read, or its arrays do not fit.
    """
    try:
        content = path.read_bytes()
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            x, ids = np.asarray(file["X"], np.float32), file["IDS"]
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise DataError(f"{path.name} holds no taggrams: X and IDS are needed.") from error
    if x.ndim != 2 or ids.shape != (len(x),) or not len(x) or not ((x >= 0) & (x <= 1)).all():
        raise DataError(
            f"{path.name}: X must be probabilities, patches by tags, and IDS name each patch's clip."
        )
    clips = list(dict.fromkeys(map(str, ids)))
    if wrong := next((clip for clip in clips if clip.count("/") != 1), None):
        raise DataError(f"{path.name}: the clip {wrong!r} is not named label/file.")
    names = tuple(str(Path(clip).with_suffix("")) for clip in clips)
    labels = tuple(clip.split("/")[0] for clip in clips)
    origin = Provenance(path.name, hashlib.sha256(content).hexdigest(), len(clips), "not stated")
    return Taggrams(names, labels, tuple(x[ids == clip] for clip in clips), (None,) * len(clips)), origin


def statistics(tags: np.ndarray) -> np.ndarray:
    """Mean and deviation over a clip's patches [patches, tags] -> [2 tags]."""
    return np.concatenate([tags.mean(0), tags.std(0)])


def evenly(tags: np.ndarray, count: int = PATCHES) -> np.ndarray:
    """`count` of a clip's patches, spread from its first to its last."""
    return tags[np.round(np.linspace(0, len(tags) - 1, count)).astype(int)]


def learn_head(clips: Taggrams, seed: int = 0, penalty: float = PENALTY) -> Head:
    """A head on `statistics`; a clip is learned from in several random choices of its patches, a copy in one."""
    rng = np.random.default_rng(seed)
    views = [clips] + [clips.clean()] * (VIEWS - 1)
    x = [
        statistics(rng.choice(tags, min(PATCHES, len(tags)), replace=False))
        for view in views
        for tags in view.tags
    ]
    return heads.learn(np.array(x), np.array([label for view in views for label in view.labels]), penalty)


def learn_deep_head(clips: Taggrams, penalty: float = DEEP_PENALTY) -> Head:
    """A head on the layer before the tags, from the clips that have it."""
    kept = [(deep, label) for deep, label in zip(clips.deep, clips.labels, strict=True) if deep is not None]
    if len({label for _, label in kept}) < 2:
        raise DataError(
            "At least one folder of sound is needed: published taggrams lack the layer before the tags."
        )
    return heads.learn(np.array([deep for deep, _ in kept]), np.array([label for _, label in kept]), penalty)


def usual_tags(clips: Taggrams) -> np.ndarray:
    """Mean probability of each tag, every label counting the same, [tags]."""
    means = np.array([tags.mean(0) for tags in clips.tags])
    labels = np.array(clips.labels)
    return np.mean([means[labels == label].mean(0) for label in sorted(set(clips.labels))], axis=0)


def cross_validated(
    clips: Taggrams, folds: Sequence[int], seed: int = 0
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Log-probabilities [n, K] of clips by heads that did not learn from their fold, and the labels."""
    fold, labels = np.array(folds), tuple(sorted(set(clips.labels)))
    result = np.full((len(clips.names), len(labels)), -np.inf)
    for one in sorted(set(folds)):
        kept = [i for i in range(len(fold)) if fold[i] != one]
        head = learn_head(clips.take(kept), seed)
        x = np.array([statistics(evenly(tags)) for tags in clips.tags])[fold == one]
        places = [labels.index(label) for label in head.labels]
        result[np.ix_(fold == one, places)] = head.log_probabilities(x)
    return result, labels


def from_folder(
    folder: Path, tagger: "Tagger", on_clip: Callable[[int, int], object] = lambda done, total: None
) -> tuple[Taggrams, Provenance]:
    """The clips of a folder genre/file and their degraded copies as `tagger` hears them, and their checksum.

    Raises
    ------
    DataError
        No sound files, or one that cannot be used.
    """
    clips, digest, heard, named = list_clips(folder), hashlib.sha256(), [], []
    for i, clip in enumerate(clips):
        try:
            wave = audio.decode(clip.path, window_s=CLIP_SECONDS)
        except AudioError as error:
            raise DataError(f"{clip.label}/{clip.path.name}: {error}") from error
        digest.update(wave.tobytes())
        copies = _copies(wave, i)
        heard += tagger(list(copies.values()))
        named += [(f"{clip.label}/{clip.path.stem}{copy}", clip.label) for copy in copies]
        on_clip(i + 1, len(clips))
    names, labels = zip(*named, strict=True)
    tags, deep = tuple(one.tags for one in heard), tuple(one.penultimate.mean(0) for one in heard)
    origin = Provenance(folder.name, digest.hexdigest(), len(clips), "not stated")
    return Taggrams(names, labels, tags, deep), origin


def _copies(wave: np.ndarray, number: int) -> dict[str, np.ndarray]:
    """What to hear of a wave, by the ending of its name: itself, and copies that depend on the clip's number alone."""
    waves = {"": wave}
    for name, times in COPIES.items():
        for turn in range(times):
            generator = np.random.default_rng([number, turn])
            waves[f"{COPY}{name} {turn}"] = DEGRADATIONS[name](wave, generator).astype(np.float32)
    return waves
