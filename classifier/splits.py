"""Splits that keep an artist's songs together, so that nothing is tested on an artist it was trained on."""

import hashlib
from dataclasses import dataclass

import numpy as np

from classifier.dataset import Dataset


@dataclass(frozen=True)
class Split:
    """Row indices of the three parts."""

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray


def _artist_number(data: Dataset, row: int) -> int:
    # The same hash in every table, of the primary artist's name; a track without artists stands for itself.
    primary = data.artists[row][0].strip().lower() if data.artists[row] else f"track:{data.track_ids[row]}"
    return int(hashlib.sha1(f"artist:{primary}".encode()).hexdigest(), 16)


def artist_folds(data: Dataset, n_folds: int = 5) -> np.ndarray:
    """Each row's fold, int [n]: sha1 of the primary artist's name modulo `n_folds`."""
    return np.array([_artist_number(data, row) % n_folds for row in range(len(data))], np.int64)


def split_by_artist(data: Dataset, valid: float = 0.2, test: float = 0.2, seed: int = 0) -> Split:
    """Shares of artists, by hash: stable when rows are added, the same in all tables, independent of the folds."""
    numbers = [_artist_number(data, row) // 5 for row in range(len(data))]
    mixed = [hashlib.sha1(f"{seed}:{number}".encode()).digest() for number in numbers]
    place = np.array([int.from_bytes(digest[:4], "big") / 2**32 for digest in mixed])
    return _parts(place, valid, test)


def split_by_fold(data: Dataset, valid_fold: int, test_fold: int) -> Split:
    """One fold of artists for validation, one for test, the others for training."""
    folds = artist_folds(data)
    train = np.flatnonzero((folds != valid_fold) & (folds != test_fold))
    return Split(train, np.flatnonzero(folds == valid_fold), np.flatnonzero(folds == test_fold))


def split_at_random(data: Dataset, valid: float = 0.2, test: float = 0.2, seed: int = 0) -> Split:
    """Tracks at random; artists are shared, so figures are comparable with published ones only."""
    place = np.random.default_rng(seed).permutation(len(data)) / max(1, len(data))
    return _parts(place, valid, test)


def _parts(place: np.ndarray, valid: float, test: float) -> Split:
    in_test = place < test
    in_valid = ~in_test & (place < test + valid)
    return Split(np.flatnonzero(~in_test & ~in_valid), np.flatnonzero(in_valid), np.flatnonzero(in_test))
