"""Tracks by row: named features, families as labels, artists, and where they came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from classifier.labels import FAMILIES, FEATURE_NAMES


@dataclass(frozen=True)
class BadRow:
    """A refused row: `row` counts data rows from 1, without the header."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class Provenance:
    """Where rows came from; `sha256` is the file's."""

    name: str
    sha256: str
    rows: int
    licence: str = "not stated"
    source: str = ""


@dataclass(frozen=True)
class ReadReport:
    """What happened to the rows of one table."""

    rows_read: int
    tracks: int
    bad_rows: tuple[BadRow, ...]
    left_out: Mapping[str, int]  # label without a family -> rows
    label_column: str | None
    mapping: str | None
    missing_columns: tuple[str, ...]

    def sentences(self) -> list[str]:
        """The report as sentences for a person."""
        lines = [f"{self.rows_read:,} rows became {self.tracks:,} tracks."]
        if self.bad_rows:
            first = self.bad_rows[0]
            lines.append(
                f"{len(self.bad_rows):,} bad rows were skipped; the first is row {first.row}, "
                f"column {first.column}: {first.reason}."
            )
        if self.left_out:
            rows = sum(self.left_out.values())
            lines.append(f"{rows:,} rows carry labels that name no genre family: {', '.join(self.left_out)}.")
        if self.missing_columns:
            lines.append(f"Missing columns are treated as unknown: {', '.join(self.missing_columns)}.")
        return lines


@dataclass(frozen=True)
class Dataset:
    """Tracks by row. x: float32 [n, F], NaN where unknown; labels: every family the track is filed under."""

    x: np.ndarray
    feature_names: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    artists: tuple[tuple[str, ...], ...]
    track_ids: tuple[str, ...]
    provenance: tuple[Provenance, ...] = ()
    report: ReadReport | None = None

    def __len__(self) -> int:
        return len(self.track_ids)

    def take(self, rows: np.ndarray) -> "Dataset":
        """The tracks at `rows` (int indices or a boolean mask, shape [n])."""
        index = np.flatnonzero(rows) if rows.dtype == bool else rows
        return replace(
            self,
            x=self.x[index],
            labels=tuple(self.labels[i] for i in index),
            artists=tuple(self.artists[i] for i in index),
            track_ids=tuple(self.track_ids[i] for i in index),
        )


def vector(features: Mapping[str, float], feature_names: Sequence[str] = FEATURE_NAMES) -> np.ndarray:
    """Named values to their places: float32 [F], NaN for what is missing or unknown (key -1).

    The one function both training (`read_table`) and serving (`Predictor`) place values with, so that neither
    column order nor a missing column can shift a number into another feature's place.
    """
    return matrix({name: [features.get(name)] for name in feature_names}, 1, feature_names)[0]


def matrix(
    columns: Mapping[str, Sequence[float | None] | np.ndarray], n: int, names: Sequence[str] = FEATURE_NAMES
) -> np.ndarray:
    """Named columns of length n to float32 [n, F]; names absent from `columns` become NaN."""
    x = np.full((n, len(names)), np.nan, np.float32)
    for place, name in enumerate(names):
        if name in columns:
            x[:, place] = np.asarray(columns[name], np.float64)  # None becomes NaN
            if name == "key":
                x[x[:, place] < 0, place] = np.nan
    return x


def merge_tracks(
    x: np.ndarray,
    labels: Sequence[Sequence[str]],
    artists: Sequence[tuple[str, ...]],
    ids: Sequence[str],
    rows: Sequence[int],
) -> Dataset:
    """The given rows with one row a track: the first row's values, the families of all its rows."""
    first: dict[str, int] = {}
    families: dict[str, dict[str, None]] = {}
    for i in rows:
        first.setdefault(ids[i], i)
        families.setdefault(ids[i], {}).update(dict.fromkeys(labels[i]))
    places = list(first.values())
    return Dataset(
        x=x[places],
        feature_names=FEATURE_NAMES,
        labels=tuple(tuple(families[key]) for key in first),
        artists=tuple(artists[i] for i in places),
        track_ids=tuple(first),
    )


def combine(datasets: Sequence[Dataset]) -> Dataset:
    """Several tables as one; a track in two of them keeps its first row and the families of both."""
    merged = merge_tracks(
        np.concatenate([data.x for data in datasets]),
        [labels for data in datasets for labels in data.labels],
        [names for data in datasets for names in data.artists],
        [key for data in datasets for key in data.track_ids],
        range(sum(len(data) for data in datasets)),
    )
    return replace(merged, provenance=tuple(origin for data in datasets for origin in data.provenance))


def targets(data: Dataset, labels: Sequence[str]) -> np.ndarray:
    """Truth as bool [n, K]: every label of the track; families outside `labels` are dropped."""
    place = {label: k for k, label in enumerate(labels)}
    truth = np.zeros((len(data), len(labels)), bool)
    for i, families in enumerate(data.labels):
        truth[i, [place[family] for family in families if family in place]] = True
    return truth


def present_labels(data: Dataset) -> tuple[str, ...]:
    """The families that occur, in the taxonomy's order."""
    seen = {family for families in data.labels for family in families}
    return tuple(family for family in FAMILIES if family in seen)
