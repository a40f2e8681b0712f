"""Splits that keep an artist's songs together, so that nothing is tested on an artist it was trained on."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from classifier.artists import plain
from classifier.dataset import Dataset

SplitKind = Literal["artist", "album", "fold", "random", "stratified"]
ARTISTS_SHARED: Mapping[str, bool] = {
    "artist": False, "fold": False, "album": True, "random": True, "stratified": True,
}  # fmt: skip
TRAIN_FOLDS, VALID_FOLD, TEST_FOLD = 5, 3, 4


@dataclass(frozen=True)
class Split:
    """Row indices of the three parts."""

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray

    @property
    def everything(self) -> np.ndarray:
        """All rows, in their order."""
        return np.sort(np.concatenate([self.train, self.valid, self.test]))


def split(data: Dataset, kind: SplitKind, *, valid: float = 0.2, test: float = 0.2, seed: int = 0) -> Split:
    """Training, validation and test rows.

    "artist" and "album" put all tracks of one together, by hash: stable when rows are added, the same in all tables.
    "fold" takes artist fold 3 for validation and 4 for test (see `artist_folds`), whatever the shares. "random" and
    "stratified" (every genre in the same shares) share artists, so their figures compare with published ones only.
    """
    if kind == "fold":
        folds = artist_folds(data)
        parts = [np.flatnonzero(folds == one) for one in (VALID_FOLD, TEST_FOLD)]
        return Split(np.flatnonzero((folds != VALID_FOLD) & (folds != TEST_FOLD)), *parts)
    return _parts(_PLACES[kind](data, seed), valid, test)


def cross_validation(
    data: Dataset, kind: SplitKind, folds: int, *, valid: float = 0.1, seed: int = 0
) -> Iterator[Split]:
    """`folds` splits that test every row once; `valid` is taken from what is left of each, in the same manner."""
    place = _PLACES[kind](data, seed)
    fold = np.floor(place * folds)
    for k in range(folds):
        after = (place - (k + 1) / folds) % 1.0  # distance behind the test fold, going round
        in_valid = (after < valid) & (fold != k)
        yield Split(
            np.flatnonzero((fold != k) & ~in_valid), np.flatnonzero(in_valid), np.flatnonzero(fold == k)
        )


def _parts(place: np.ndarray, valid: float, test: float) -> Split:
    in_test = place < test
    in_valid = ~in_test & (place < test + valid)
    return Split(np.flatnonzero(~in_test & ~in_valid), np.flatnonzero(in_valid), np.flatnonzero(in_test))


def primary_artist(data: Dataset, row: int) -> str:
    """The primary artist's name in lower case; a track without artists stands for itself."""
    return data.artists[row][0].strip().lower() if data.artists[row] else f"track:{data.track_ids[row]}"


def _number(text: str) -> int:
    return int(hashlib.sha1(text.encode()).hexdigest(), 16)


def artist_folds(data: Dataset, n_folds: int = TRAIN_FOLDS) -> np.ndarray:
    """Each row's fold, int [n]: sha1 of the primary artist's name modulo `n_folds`."""
    return np.array(
        [_number(f"artist:{primary_artist(data, row)}") % n_folds for row in range(len(data))], int
    )


def _by_hash(numbers: Sequence[int], seed: int) -> np.ndarray:
    """A place in [0, 1) per row, independent of the folds."""
    mixed = [hashlib.sha1(f"{seed}:{number // TRAIN_FOLDS}".encode()).digest() for number in numbers]
    return np.array([int.from_bytes(digest[:4], "big") / 2**32 for digest in mixed])


def _artist_places(data: Dataset, seed: int) -> np.ndarray:
    # Plain, as the artist table knows them: one artist spelled in two ways would be learned from and held out.
    names = [primary_artist(data, row) for row in range(len(data))]
    plainly = [plain(name) if data.artists[row] else name for row, name in enumerate(names)]
    return _by_hash([_number(f"artist:{name}") for name in plainly], seed)


def _album_places(data: Dataset, seed: int) -> np.ndarray:
    # Names such as "Greatest Hits" are many artists' albums, so the artist belongs to the key.
    albums = data.albums or ("",) * len(data)
    names = [
        primary_artist(data, row) + "|" + (albums[row] or data.track_ids[row]) for row in range(len(data))
    ]
    return _by_hash([_number(f"album:{name}") for name in names], seed)


def _random_places(data: Dataset, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(len(data)) / max(1, len(data))


def _stratified_places(data: Dataset, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    genre = np.array([labels[0] if labels else "" for labels in data.labels])
    place = np.zeros(len(data))
    for one in np.unique(genre):
        rows = np.flatnonzero(genre == one)
        place[rows] = (rng.permutation(len(rows)) + rng.random()) / len(rows) % 1.0
    return place


_PLACES: Mapping[str, Callable[[Dataset, int], np.ndarray]] = {
    "artist": _artist_places,
    "album": _album_places,
    "random": _random_places,
    "stratified": _stratified_places,
}
