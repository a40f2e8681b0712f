"""Tracks by row: named features, families as labels, artists, and where they came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from classifier.labels import FAMILIES, FEATURE_NAMES, some_of


@dataclass(frozen=True)
class BadRow:
    """A refused row: `row` counts data rows from 1, without the header."""

    row: int
    column: str  # empty where the whole row is meant
    reason: str

    def sentence(self) -> str:
        place = f"row {self.row}, column {self.column}" if self.column else f"row {self.row}"
        return f"{place}: {self.reason}."


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
            skipped = f"{len(self.bad_rows):,} bad rows were skipped"
            lines.append(f"{skipped}; the first is {self.bad_rows[0].sentence()}")
        if self.left_out:
            rows = sum(self.left_out.values())
            lines.append(f"{rows:,} rows carry labels that name no genre family: {some_of(self.left_out)}.")
        if self.missing_columns:
            lines.append(f"Missing columns are treated as unknown: {', '.join(self.missing_columns)}.")
        return lines


@dataclass(frozen=True)
class Dataset:
    """Tracks by row. x: float32 [n, F], NaN where unknown; labels: every genre the track is filed under.

    `albums` are keys, empty where unknown, `titles` for a person to read. `outside` holds the tracks whose labels name none of the genres, filed
    under their own labels: what a version can learn to call "none of these" from.
    """

    x: np.ndarray
    feature_names: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    artists: tuple[tuple[str, ...], ...]
    track_ids: tuple[str, ...]
    albums: tuple[str, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    report: ReadReport | None = None
    outside: "Dataset | None" = None
    level: str = "family"  # what kind of labels these are: see `data.Level`
    titles: tuple[str, ...] = ()

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
            albums=tuple(self.albums[i] for i in index) if self.albums else (),
            titles=tuple(self.titles[i] for i in index) if self.titles else (),
        )

    def columns(self, names: Sequence[str]) -> np.ndarray:
        """Named features as float32 [n, len(names)]; NaN throughout for one that the data set lacks."""
        place = {name: i for i, name in enumerate(self.feature_names)}
        known = {name: self.x[:, place[name]] for name in names if name in place}
        return matrix(known, len(self), names)


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


def merge_tracks(data: Dataset, rows: Sequence[int], *, repeat: bool = False) -> Dataset:
    """The given rows with one row a track: the first row's values, the genres of all its rows.

    With `repeat` every row stays, its own genre first and those of the track's other rows after it.
    """
    first: dict[str, int] = {}
    genres: dict[str, dict[str, None]] = {}
    for i in rows:
        first.setdefault(data.track_ids[i], i)
        genres.setdefault(data.track_ids[i], {}).update(dict.fromkeys(data.labels[i]))
    places = list(rows) if repeat else list(first.values())
    kept = data.take(np.array(places, np.int64))
    labels = [tuple({**dict.fromkeys(data.labels[i]), **genres[data.track_ids[i]]}) for i in places]
    return replace(kept, labels=tuple(labels))


def combine(datasets: Sequence[Dataset]) -> Dataset:
    """Several tables as one; a track in two of them keeps its first row and the genres of both.

    Raises
    ------
    ValueError
        The data sets were read with different features or kinds of labels.
    """
    if len({(data.feature_names, data.level) for data in datasets}) > 1:
        raise ValueError("data sets with different features or kinds of labels cannot be combined")
    outside = [data.outside for data in datasets if data.outside is not None]
    rows = Dataset(
        x=np.concatenate([data.x for data in datasets]),
        feature_names=datasets[0].feature_names,
        labels=tuple(labels for data in datasets for labels in data.labels),
        artists=tuple(names for data in datasets for names in data.artists),
        track_ids=tuple(key for data in datasets for key in data.track_ids),
        albums=tuple(album for data in datasets for album in data.albums or ("",) * len(data)),
        provenance=tuple(origin for data in datasets for origin in data.provenance),
        outside=combine(outside) if outside else None,
        level=datasets[0].level,
        titles=tuple(title for data in datasets for title in data.titles or ("",) * len(data)),
    )
    repeat = any(len(set(data.track_ids)) < len(data) for data in datasets)
    return merge_tracks(rows, range(len(rows)), repeat=repeat)


def targets(data: Dataset, labels: Sequence[str]) -> np.ndarray:
    """Truth as bool [n, K]: every label of the track; genres outside `labels` are dropped."""
    place = {label: k for k, label in enumerate(labels)}
    truth = np.zeros((len(data), len(labels)), bool)
    for i, genres in enumerate(data.labels):
        truth[i, [place[genre] for genre in genres if genre in place]] = True
    return truth


def present_labels(data: Dataset) -> tuple[str, ...]:
    """The genres that occur: families in the taxonomy's order, then others by name."""
    seen = {genre for genres in data.labels for genre in genres}
    return tuple(one for one in FAMILIES if one in seen) + tuple(sorted(seen - set(FAMILIES)))
