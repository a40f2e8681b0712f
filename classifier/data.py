"""Public or uploaded tables to Dataset: named columns, checked values, labels as families."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from classifier.cells import BLANK
from classifier.dataset import (
    BadRow,
    Dataset,
    Provenance,
    ReadReport,
    combine,
    matrix,
    merge_tracks,
    present_labels,
    targets,
    vector,
)
from classifier.descriptor_names import DESCRIPTORS
from classifier.errors import DataError
from classifier.labels import (
    FEATURE_NAMES,
    LabelMap,
    detect_mapping,
    families_of,
    feature_named,
    normalise,
    some_of,
    sub_genres_of,
)
from classifier.same_song import ids_across_tables
from classifier.tables import RawTable, Source, read_raw
from classifier.values import refusals, words_for

__all__ = [
    "Dataset", "Provenance", "ReadReport", "combine", "matrix", "present_labels", "read_table", "read_unlabelled",
    "targets", "vector",
]  # fmt: skip

LABEL_COLUMNS = (
    "track_genre", "playlist_genre", "search_genre", "genre", "genre_top", "label", "family", "coarse15",
)  # fmt: skip
ARTIST_COLUMNS = ("artists", "artist_name", "track_artist", "artist")
ALBUM_COLUMNS = ("track_album_id", "album_id", "album_name", "track_album_name", "album")
TITLE_COLUMNS = ("track_name", "title", "song_name", "name")
ID_COLUMNS = ("track_id", "spotify_id", "id", "uri")
ALIASES = {"mode": ("major",), "duration_ms": ("duration",), "popularity": ("track_popularity",)}
OnBadRow = Literal["stop", "skip"]
Level = Literal["family", "sub-genre", "own"]  # own: the table's labels as they are


def read_table(
    source: Source,
    *,
    name: str | None = None,
    label_column: str | None = None,
    mapping: str | LabelMap | None = None,
    level: Level = "family",
    features: Sequence[str] | None = None,
    repeat: bool = False,
    on_bad_row: OnBadRow = "stop",
    licence: str = "not stated",
) -> Dataset:
    """A labelled table as tracks; rows of the same track are merged and keep every genre they were filed under.

    Columns are found by name in any order. Columns of the schema may be missing, but a cell of one that is there may
    not be blank; any other column of numbers can be a feature too and must be there. `mapping` defaults to the public
    data set whose labels these are. `features` defaults to the schema's, or in a table made by `describe` to that
    command's. `repeat` keeps one row for each row of the table, its own genre first. Ids that only this table knows
    carry its digest, so that `combine` takes no two songs for one.

    Raises
    ------
    DataError
        Names file, row and column; with `on_bad_row="skip"` bad rows are left out and listed in the report.
    """
    features, raw = _read(source, name, features, label_column)
    x, missing, bad = _features(raw, features, blank_is_bad=True)
    column, labels = _label_cells(raw, label_column, bad)
    if len(missing) == len(features):
        raise DataError(f"{raw.name} has none of the feature columns: {', '.join(features)}.")
    kept = _keep(raw, bad, on_bad_row)
    known = mapping or detect_mapping(labels[i] for i in kept)
    genres = genres_of({labels[i] for i in kept}, level, known, f"{raw.name}, column {column}")
    filed = [(genre,) if (genre := genres.get(label)) else () for label in labels]
    rows = _rows(raw, x, tuple(features), filed)
    rows = replace(rows, track_ids=ids_across_tables(rows.track_ids, raw.sha256))
    data = merge_tracks(rows, [i for i in kept if filed[i]], repeat=repeat)
    report = ReadReport(
        rows_read=raw.n_rows,
        tracks=len(data),
        bad_rows=tuple(bad[row] for row in sorted(bad)),
        left_out=dict(Counter(labels[i] for i in kept if not filed[i])),
        label_column=column,
        mapping=known if isinstance(known, str) and level != "own" else None,
        missing_columns=missing,
    )
    origin = Provenance(raw.name, raw.sha256, raw.n_rows, licence)
    outside = _outside(rows, [i for i in kept if not filed[i]], labels, set(data.track_ids))
    return replace(data, provenance=(origin,), report=report, outside=outside, level=level)


def _read(
    source: Source, name: str | None, features: Sequence[str] | None, label_column: str | None
) -> tuple[Sequence[str], RawTable]:
    raw = read_raw(source, name, _wanted(features or FEATURE_NAMES, label_column))
    if features is None and set(DESCRIPTORS) <= set(raw.header):
        return DESCRIPTORS, read_raw(source, name, _wanted(DESCRIPTORS, label_column))
    return features or FEATURE_NAMES, raw


def genres_of(
    labels: set[str], level: Level, mapping: str | LabelMap | None, place: str
) -> Mapping[str, str | None]:
    """Each label's genre at `level`, None where it names none.

    Raises
    ------
    DataError
        `mapping` does not know some labels; they are named, and so is `place`, where they were found.
    """
    if level == "own":
        return {label: normalise(label).replace(" ", "-") for label in labels}
    # "families" where nothing fits: it raises, naming the labels that no mapping knows.
    try:
        return (families_of if level == "family" else sub_genres_of)(labels, mapping or "families")
    except DataError as error:
        raise DataError(
            f"{place}: {str(error).rstrip('.')}; correct them, or keep them with --labels own."
        ) from error


def _outside(rows: Dataset, places: list[int], labels: Sequence[str], inside: set[str]) -> Dataset | None:
    own = [(normalise(labels[i]).replace(" ", "-"),) for i in range(len(rows))]
    elsewhere = [i for i in places if rows.track_ids[i] not in inside]
    return merge_tracks(replace(rows, labels=tuple(own)), elsewhere) if elsewhere else None


def _rows(raw: RawTable, x: np.ndarray, names: tuple[str, ...], labels: Sequence[tuple[str, ...]]) -> Dataset:
    albums, titles = (
        tuple(raw.text(column)) if (column := _find(raw, wanted)) else ()
        for wanted in (ALBUM_COLUMNS, TITLE_COLUMNS)
    )
    return Dataset(x, names, tuple(labels), _artists(raw), _ids(raw), albums, titles=titles)


def read_unlabelled(
    source: Source, *, name: str | None = None, features: Sequence[str] = FEATURE_NAMES
) -> Dataset:
    """A table to predict: one track a row in the table's order, labels ignored, blank cells simply unknown."""
    raw = read_raw(source, name, _wanted(features))
    x, missing, bad = _features(raw, features, blank_is_bad=False)
    _keep(raw, bad, "stop")
    data = _rows(raw, x, tuple(features), ((),) * raw.n_rows)
    if len(missing) == len(features) and not any(data.artists):
        raise DataError(f"{raw.name} has neither a feature column nor an artist column.")
    return replace(data, report=ReadReport(raw.n_rows, raw.n_rows, (), {}, None, None, missing))


def _wanted(features: Sequence[str], label_column: str | None = None) -> set[str]:
    """The columns that may be read, in lower case: what else a table holds need not fit into memory."""
    labels = (label_column,) if label_column else LABEL_COLUMNS
    aliases = [alias for name in features for alias in ALIASES.get(name, ())]
    about = (*ARTIST_COLUMNS, *ALBUM_COLUMNS, *TITLE_COLUMNS, *ID_COLUMNS)
    return {one.lower() for one in (*features, *aliases, *labels, *about)}


def _find(raw: RawTable, names: Sequence[str]) -> str | None:
    by_lower = {column.lower(): column for column in raw.columns}
    return next((by_lower[name] for name in names if name in by_lower), None)


def _features(
    raw: RawTable, names: Sequence[str], *, blank_is_bad: bool
) -> tuple[np.ndarray, tuple[str, ...], dict[int, BadRow]]:
    """Float32 [n, F], the names of absent columns, and the first thing wrong with each bad row, by row from 1."""
    columns: dict[str, np.ndarray] = {}
    bad = {row: BadRow(row, "", reason) for row, reason in raw.broken}
    for feature in map(feature_named, names):
        found = _find(raw, (feature.name.lower(), *ALIASES.get(feature.name, ())))
        if found is None and math.isinf(feature.high):
            raise DataError(f"{raw.name} has no column {feature.name!r}; it has {some_of(raw.header)}.")
        if found is None:
            continue
        values, wrong = raw.numbers(found, words_for(feature))
        reasons = refusals(values, wrong, feature, blank_is_bad=blank_is_bad)
        bad |= {i + 1: BadRow(i + 1, found, why) for i, why in reasons.items() if i + 1 not in bad}
        values[list(reasons)] = np.nan
        columns[feature.name] = values
    missing = tuple(name for name in names if name not in columns)
    return matrix(columns, raw.n_rows, names), missing, bad


def _label_cells(raw: RawTable, wanted: str | None, bad: dict[int, BadRow]) -> tuple[str, list[str]]:
    column = _find(raw, (wanted.lower(),) if wanted else LABEL_COLUMNS)
    if column is None:
        looked = repr(wanted) if wanted else "one of " + ", ".join(LABEL_COLUMNS)
        raise DataError(f"{raw.name} has no label column: looked for {looked}, found {some_of(raw.header)}.")
    cells = raw.text(column)
    for row, cell in enumerate(cells, start=1):
        if row not in bad and cell.lower() in BLANK:
            bad[row] = BadRow(row, column, "the label is empty")
    return column, cells


def _keep(raw: RawTable, bad: dict[int, BadRow], on_bad_row: OnBadRow) -> list[int]:
    if not raw.n_rows:
        raise DataError(f"{raw.name} has a header but no rows.")
    kept = [i for i in range(raw.n_rows) if i + 1 not in bad]
    if bad and (on_bad_row == "stop" or not kept):
        raise DataError(f"{raw.name}, {bad[min(bad)].sentence()}")
    return kept


def _artists(raw: RawTable) -> tuple[tuple[str, ...], ...]:
    column = _find(raw, ARTIST_COLUMNS)
    if column is None:
        return ((),) * raw.n_rows
    return tuple(raw.names(column))


def _ids(raw: RawTable) -> tuple[str, ...]:
    column = _find(raw, ID_COLUMNS)
    cells = raw.text(column) if column else [""] * raw.n_rows
    return tuple(cell or f"{raw.name}:{i + 1}" for i, cell in enumerate(cells))


def label_counts(
    source: Source, *, name: str | None = None, label_column: str | None = None
) -> dict[str, int]:
    """The labels that occur in a table and how many rows carry each, the most frequent first.

    Raises
    ------
    DataError
        The file is not a usable table: as `read_table`, but without judging single rows.
    """
    raw = read_raw(source, name, _wanted((), label_column))
    _, labels = _label_cells(raw, label_column, {})
    return dict(Counter(label for label in labels if label.lower() not in BLANK).most_common())
