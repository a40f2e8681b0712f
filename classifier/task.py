"""Several tables made ready for training: one set of tracks, its labels and their weights."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from classifier.dataset import Dataset, combine, present_labels, targets
from classifier.errors import DataError
from classifier.rows import Rows
from classifier.splits import primary_artist

MIN_TRACKS = 100
MIN_PER_GENRE = 10  # fewer cannot be told from chance in three parts


@dataclass(frozen=True)
class Task:
    """truth: bool [n, K]; first: int [n], each track's first label; table: int [n], the table it came from.

    `outside` are tracks of none of the genres; `left_out` says how many tracks too rare genres had.
    """

    data: Dataset
    labels: tuple[str, ...]
    truth: np.ndarray
    first: np.ndarray
    table: np.ndarray
    tables: tuple[str, ...]
    outside: Dataset | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)

    def fingerprint(self) -> str:
        """sha256 over everything that training depends on: equal for equal data, whatever the files were called."""
        digest = hashlib.sha256("|".join((*self.labels, *self.data.feature_names)).encode())
        digest.update(self.truth.tobytes() + self.first.tobytes() + self.table.tobytes())
        for part in (self.data, self.outside):
            if part is not None:
                names = (part.track_ids, part.artists, part.labels, part.albums)
                digest.update(part.x.tobytes() + json.dumps(names).encode())
        return digest.hexdigest()

    def artist_groups(self, rows: np.ndarray) -> np.ndarray:
        """A number per primary artist for the given rows, int [m]; tracks without artists are their own group."""
        return np.unique([primary_artist(self.data, row) for row in rows], return_inverse=True)[1]

    def sentences(self) -> list[str]:
        """What a person should know about the tracks before training."""
        counts = ", ".join(f"{name} {n:,}" for name, n in zip(self.labels, self.truth.sum(0), strict=True))
        lines = [f"{len(self.data):,} tracks in {len(self.labels)} genres: {counts}."]
        if self.left_out:
            rare = ", ".join(f"{name} ({n})" for name, n in self.left_out.items())
            lines.append(f"Genres with fewer than {MIN_PER_GENRE} tracks are left out: {rare}.")
        if self.outside is not None:
            lines.append(f"{len(self.outside):,} further tracks belong to none of these genres.")
        return lines


def build_task(datasets: Sequence[Dataset], genres: Sequence[str] | None = None) -> Task:
    """Merge the tables; with `genres` only these are told apart and all other tracks are outside.

    Raises
    ------
    DataError
        Too few tracks, fewer than two genres, or a wanted genre that does not occur.
    """
    data = combine(datasets) if datasets else None
    if data is None or len(data) < MIN_TRACKS:
        found = 0 if data is None else len(data)
        raise DataError(f"Training needs at least {MIN_TRACKS} labelled tracks; there are {found}.")
    labels, left_out = _labels(data, genres)
    inside, outside = _narrowed(data, set(labels), set(left_out))
    owner: dict[str, int] = {}
    for i, one in enumerate(datasets):
        for key in one.track_ids:
            owner.setdefault(key, i)
    names = tuple(
        one.provenance[0].name if one.provenance else f"table {i + 1}" for i, one in enumerate(datasets)
    )
    return Task(
        data=inside,
        labels=labels,
        truth=targets(inside, labels),
        first=np.array([labels.index(own[0]) for own in inside.labels]),
        table=np.array([owner[key] for key in inside.track_ids]),
        tables=names,
        outside=outside,
        left_out=left_out,
    )


def _labels(data: Dataset, genres: Sequence[str] | None) -> tuple[tuple[str, ...], dict[str, int]]:
    """The genres to tell apart, and those too rare for it with their numbers of tracks."""
    occurring = present_labels(data)
    unknown = sorted(set(genres or ()) - set(occurring))
    if unknown:
        raise DataError(f"No track is filed under {', '.join(unknown)}; there are {', '.join(occurring)}.")
    wanted = [label for label in occurring if genres is None or label in genres]
    counts = Counter(label for own in data.labels for label in own)
    labels = tuple(label for label in wanted if counts[label] >= MIN_PER_GENRE)
    if len(labels) < 2:
        rest = f"; all tracks are {wanted[0]}" if len(wanted) == 1 else f" of {MIN_PER_GENRE} tracks or more"
        raise DataError(f"Training needs at least two genres{rest}.")
    return labels, {label: counts[label] for label in wanted if label not in labels}


def _narrowed(data: Dataset, labels: set[str], rare: set[str]) -> tuple[Dataset, Dataset | None]:
    """Tracks of the labels, filed under these only, and the tracks of none of them."""
    kept = [tuple(label for label in own if label in labels) for own in data.labels]
    inside = np.array([bool(own) for own in kept])
    chosen = replace(data, labels=tuple(kept)).take(inside)
    strangers = ~inside & np.array([not rare & set(own) for own in data.labels])
    parts = [data.take(strangers)] if strangers.any() else []
    if data.outside is not None:
        ids = set(data.track_ids)
        parts.append(data.outside.take(np.array([key not in ids for key in data.outside.track_ids])))
    parts = [replace(part, outside=None) for part in parts if len(part)]
    return replace(chosen, outside=None), combine(parts) if parts else None


@dataclass(frozen=True)
class Balance:
    """How much what is rare counts: 0, every track the same; 1, every genre (or primary artist) the same."""

    genre: float = 0.0
    artist: float = 0.0


def row_weights(truth: np.ndarray, table: np.ndarray, power: float) -> np.ndarray:
    """Weight per track, mean 1: within each table, (1 / share of the track's genres) to the power `power`."""
    weight = np.ones(len(truth))
    for one in np.unique(table):
        rows = table == one
        soft = truth[rows] / truth[rows].sum(1, keepdims=True)
        rare = (1 / np.maximum(soft.mean(0), 1e-3)) ** power
        weight[rows] = soft @ rare / (soft @ rare).mean()
    return weight


def rows_of(
    task: Task,
    rows: np.ndarray,
    balance: Balance = Balance(),
    table_weights: Mapping[str, float] = MappingProxyType({}),
) -> Rows:
    """The task's rows [m] as a model wants them, weighted as `balance` and each table's weight say."""
    truth, artist = task.truth[rows], task.artist_groups(rows)
    weight = row_weights(truth, task.table[rows], balance.genre)
    weight *= np.bincount(artist)[artist].astype(float) ** -balance.artist
    weight *= np.array([table_weights.get(name, 1.0) for name in task.tables])[task.table[rows]]
    return Rows(task.data.x[rows], truth, task.first[rows], weight / weight.mean(), artist)
