"""What a clip's embedding says of its family: linear heads and words, without any network. numpy alone.

A new opinion is formed from stored embeddings, so that a new head re-scores a library without hearing anything again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifier import registry
from classifier.errors import ModelError
from classifier.hearing import Pull, masked
from classifier.sound.heads import Head, gathered, normalised
from classifier.sound.tag_words import WORDS, by_words

KIND = "sound-expert"
ENCODER = "sound-1"  # another name wherever the same sound would give other embeddings
# What an embedding consists of, in order: the tagger's probabilities over a clip's patches, the layer before them,
# and MelCNN's penultimate layer. Where no tagger is installed its parts are NaN.
PARTS: Mapping[str, int] = {"tags_mean": 50, "tags_std": 50, "penultimate": 200, "mel_cnn": 128}
WIDTH = sum(PARTS.values())
UNNAMED = 1e-4  # least probability by one part, so that what it was not taught is not ruled out


def part(embeddings: np.ndarray, name: str) -> np.ndarray:
    """The columns of `name` in embeddings [n, WIDTH]."""
    start = sum(width for one, width in list(PARTS.items())[: list(PARTS).index(name)])
    return embeddings[:, start : start + PARTS[name]]


def packed(embeddings: np.ndarray) -> list[bytes]:
    """Each embedding as it is stored: little-endian float16."""
    return [row.tobytes() for row in embeddings.astype("<f2")]


def unpacked(stored: Sequence[bytes]) -> np.ndarray:
    """Stored embeddings as float32 [n, WIDTH]; ValueError for bytes of another length."""
    return np.frombuffer(b"".join(stored), "<f2").reshape(len(stored), WIDTH).astype(np.float32)


def shipped_path() -> Path:
    """The sound version that comes with the program."""
    return Path(__file__).parent.parent / "pretrained" / "sound"


def read(path: Path | None) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A sound expert's description and arrays, the shipped one's without a path; ModelError where it is none or damaged."""
    path = path or shipped_path()
    meta = registry.read_description(path)
    if meta.get("kind") != KIND:
        raise ModelError(f"The model version {path.name} is no sound expert.")
    return meta, registry.read_arrays(path / registry.WEIGHTS)


@dataclass(frozen=True)
class Opinion:
    """Heads on parts of the embedding; see `log_probabilities` for how they are joined.

    encoders: names of the embedding's definition, with the tagger and without. tagger, deep: heads on the tags' mean and
    deviation, and on the layer before the tags, answering with families. cnn: head on MelCNN's layer, whose labels
    belong to `families`. usual: mean probability of each of `tags` over many clips [50]. shares: how much the words, the
    deep head and MelCNN count, of 1.
    """

    name: str
    encoders: tuple[str, str]
    tagger: Head
    deep: Head
    cnn: Head
    families: Mapping[str, str]
    usual: np.ndarray
    tags: tuple[str, ...]
    shares: Mapping[str, float]

    @classmethod
    def load(cls, path: Path | None = None) -> "Opinion":
        """From a sound expert's directory, the shipped one's without a path; ModelError says what is wrong with it."""
        meta, arrays = read(path)
        try:
            labels = {name: tuple(found) for name, found in meta["heads"].items()}
            return cls(
                name=str(meta["name"]),
                encoders=(str(meta["encoder"]), f"{meta['encoder']}-fast"),
                tagger=Head.restore(arrays, "tagger", labels["tagger"]),
                deep=Head.restore(arrays, "deep", labels["deep"]),
                cnn=Head.plain(arrays["cnn.head.1.weight"], arrays["cnn.head.1.bias"], labels["cnn"]),
                families=dict(meta["families"]),
                usual=arrays["usual"],
                tags=tuple(meta["tags"]),
                shares={name: float(meta["shares"][name]) for name in ("words", "deep", "cnn")},
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelError("The sound expert is damaged: its parts do not fit.") from error

    @property
    def labels(self) -> tuple[str, ...]:
        """Every family that any part was taught."""
        return tuple(dict.fromkeys((*self.tagger.labels, *self.families.values(), *WORDS)))

    def encoder(self, *, accurate: bool) -> str:
        """The embedding's definition: stored beside each, so that only equal ones are compared."""
        return self.encoders[0 if accurate else 1]

    def spoken(self, embeddings: np.ndarray) -> list[dict[str, float]]:
        """Family -> log-probability for each of embeddings [n, WIDTH], without families that were never taught."""
        rows = self.log_probabilities(embeddings)
        return [{one: float(p) for one, p in zip(self.labels, row, strict=True) if p == p} for row in rows]

    def log_probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """embeddings float [n, WIDTH] -> [n, K] in `labels`' order, NaN where nothing that heard the clip was taught.

        Without the tagger MelCNN decides alone. With it the words speak first; the heads on what the tagger heard, and
        then MelCNN, move the families that they were taught among each other.
        """
        result = self._columns(
            *gathered(self.cnn.log_probabilities(part(embeddings, "mel_cnn")), self.cnn.labels, self.families)
        )
        tagged = ~np.isnan(part(embeddings, "tags_mean")).any(1)
        if tagged.any():
            result[tagged] = _moved(self._by_tagger(embeddings[tagged]), result[tagged], self.shares["cnn"])
        return result

    def _by_tagger(self, embeddings: np.ndarray) -> np.ndarray:
        tags, deviation = part(embeddings, "tags_mean"), part(embeddings, "tags_std")
        words = self._columns(*by_words(tags, self.usual, self.tags))
        by_tags = self.tagger.log_probabilities(np.hstack([tags, deviation]))
        by_layer = self.deep.log_probabilities(part(embeddings, "penultimate"))
        learned = _moved(
            self._columns(by_tags, self.tagger.labels),
            self._columns(by_layer, self.deep.labels),
            self.shares["deep"],
        )
        return _moved(words, learned, 1 - self.shares["words"])

    def _columns(self, log_p: np.ndarray, families: tuple[str, ...]) -> np.ndarray:
        """log_p [n, F] of `families` as columns of `labels`, NaN elsewhere."""
        result = np.full((len(log_p), len(self.labels)), np.nan)
        result[:, [self.labels.index(family) for family in families]] = log_p
        return result


def _moved(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """`first` [n, K] pulled by `second` among the families that `second` knows; NaN where neither knows one."""
    taught = ~np.isnan(second[0])
    known = taught | ~np.isnan(first[0])
    result = np.full(first.shape, np.nan)
    result[:, known] = normalised(np.where(np.isnan(first), np.log(UNNAMED), first)[:, known])
    return masked(result, second, taught, Pull(own=1 - share, sound=share))
