"""Several tables made ready for training: one set of tracks, its labels and their weights."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifier.dataset import Dataset, combine, present_labels, targets
from classifier.errors import DataError

MIN_TRACKS = 200


@dataclass(frozen=True)
class Task:
    """truth: bool [n, K]; first: int [n], each track's first label; table: int [n], the table it came from."""

    data: Dataset
    labels: tuple[str, ...]
    truth: np.ndarray
    first: np.ndarray
    table: np.ndarray
    tables: tuple[str, ...]

    def fingerprint(self) -> str:
        """sha256 over values, labels and ids: equal for equal data, whatever the files were called."""
        digest = hashlib.sha256(self.data.x.tobytes())
        digest.update("|".join(self.labels).encode() + self.truth.tobytes())
        digest.update("\n".join(self.data.track_ids).encode())
        return digest.hexdigest()

    def artist_groups(self, rows: np.ndarray) -> np.ndarray:
        """A number per primary artist for the given rows, int [m]; tracks without artists are their own group."""
        names = [(self.data.artists[i] or (self.data.track_ids[i],))[0].lower() for i in rows]
        return np.unique(names, return_inverse=True)[1]


def build_task(datasets: Sequence[Dataset]) -> Task:
    """Merge the tables; raises DataError where there are too few tracks or only one genre."""
    data = combine(datasets) if datasets else None
    if data is None or len(data) < MIN_TRACKS:
        found = 0 if data is None else len(data)
        raise DataError(f"Training needs at least {MIN_TRACKS} labelled tracks; there are {found}.")
    labels = present_labels(data)
    if len(labels) < 2:
        raise DataError(f"Training needs at least two genres; all tracks are {labels[0]}.")
    owner: dict[str, int] = {}
    for i, one in enumerate(datasets):
        for key in one.track_ids:
            owner.setdefault(key, i)
    names = tuple(
        one.provenance[0].name if one.provenance else f"table {i + 1}" for i, one in enumerate(datasets)
    )
    first = np.array([labels.index(families[0]) for families in data.labels])
    return Task(
        data, labels, targets(data, labels), first, np.array([owner[key] for key in data.track_ids]), names
    )


def row_weights(truth: np.ndarray, table: np.ndarray, power: float) -> np.ndarray:
    """Weight per track, mean 1: within each table, (1 / share of the track's genres) to the power `power`."""
    weight = np.ones(len(truth))
    for one in np.unique(table):
        rows = table == one
        soft = truth[rows] / truth[rows].sum(1, keepdims=True)
        rare = (1 / np.maximum(soft.mean(0), 1e-3)) ** power
        weight[rows] = soft @ rare / (soft @ rare).mean()
    return weight
