"""Artist context: what the artist's other tracks in the training tables say about the genre."""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

Votes = Mapping[str, Mapping[str, float]]  # artist name -> family -> votes
MAX_COUNT = 65_535


def plain(name: str) -> str:
    """An artist's name without its case, width, encoding of accents and stray spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def key_of(name: str) -> int:
    """64-bit key of an artist's plain name.

    Names, not Spotify ids, because the tables share names only. Two artists of one name share their evidence.
    """
    return int.from_bytes(hashlib.blake2b(plain(name).encode(), digest_size=8).digest(), "little")


@dataclass(frozen=True)
class ArtistTable:
    """Counts of tracks per artist and family. keys: uint64 [A], sorted; counts: uint16 [A, K]; prior: float64 [K]."""

    labels: tuple[str, ...]
    keys: np.ndarray
    counts: np.ndarray
    prior: np.ndarray
    smoothing: float = 1.0
    featured: float = 0.5  # weight of a credited artist who is not the first
    _place: dict[int, int] = field(init=False, default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        self._place.update((int(key), i) for i, key in enumerate(self.keys))

    @classmethod
    def learn(
        cls,
        artists: Sequence[Sequence[str]],
        truth: np.ndarray,
        *,
        labels: tuple[str, ...],
        prior: np.ndarray,
        **settings: float,
    ) -> "ArtistTable":
        """Count tracks: `artists` of n tracks (every credited one counts) and truth bool [n, K]."""
        keys = np.array([key_of(name) for names in artists for name in set(names)], np.uint64)
        owner = np.array([row for row, names in enumerate(artists) for _ in set(names)], np.int64)
        distinct, place = np.unique(keys, return_inverse=True)
        counts = np.zeros((len(distinct), len(labels)), np.int64)
        np.add.at(counts, place, truth[owner])
        known = counts.any(1)
        small = np.minimum(counts, MAX_COUNT).astype(np.uint16)
        return cls(labels, distinct[known], small[known], prior, **settings)

    def knows(self, name: str) -> bool:
        """Whether any training track credits this artist."""
        return key_of(name) in self._place

    def evidence(
        self, artists: Sequence[Sequence[str]], *, own: np.ndarray | None = None, votes: Votes | None = None
    ) -> np.ndarray:
        """Weighted counts per track, float64 [n, K]; a row of zeros means that nothing is known.

        `own` (truth, bool [n, K]) takes each track's own labels out again, for tracks the table was learned from,
        so that fusion is never fitted or judged on evidence that contains the answer. `votes` adds a user's own.
        """
        total = np.zeros((len(artists), len(self.labels)))
        for row, names in enumerate(artists):
            for position, name in enumerate(dict.fromkeys(names)):
                found = self._counts_of(name, votes)
                if found is None:
                    continue
                if own is not None:
                    found = np.maximum(found - own[row], 0)
                total[row] += found * (1.0 if position == 0 else self.featured)
        return total

    def _counts_of(self, name: str, votes: Votes | None) -> np.ndarray | None:
        place = self._place.get(key_of(name))
        found = None if place is None else self.counts[place].astype(np.float64)
        if votes and name in votes:
            own = np.array([votes[name].get(label, 0.0) for label in self.labels])
            found = own if found is None else found + own
        return found

    def log_probabilities(self, evidence: np.ndarray) -> np.ndarray:
        """Smoothed counts as log-probabilities: log((c + s * prior) / (sum c + s)), shape [n, K]."""
        smoothed = evidence + self.smoothing * self.prior
        return np.log(smoothed / smoothed.sum(1, keepdims=True))

    def arrays(self) -> dict[str, np.ndarray]:
        """Compact form: sorted keys and the non-zero counts as (row lengths, family, count)."""
        rows, families = np.nonzero(self.counts)
        lengths = np.bincount(rows, minlength=len(self.keys)).astype(np.uint16)
        counts = self.counts[rows, families]
        return {
            "keys": self.keys,
            "lengths": lengths,
            "families": families.astype(np.uint16),
            "counts": counts,
        }

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, np.ndarray],
        *,
        labels: tuple[str, ...],
        prior: np.ndarray,
        **settings: float,
    ) -> "ArtistTable":
        """Back from `arrays`."""
        counts = np.zeros((len(arrays["keys"]), len(labels)), np.uint16)
        rows = np.repeat(np.arange(len(arrays["keys"])), arrays["lengths"])
        counts[rows, arrays["families"]] = arrays["counts"]
        return cls(labels, arrays["keys"], counts, prior, **settings)
