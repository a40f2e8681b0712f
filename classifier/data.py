"""Public or uploaded tables to Dataset: named columns, checked values, labels as families."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

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
from classifier.errors import DataError
from classifier.labels import FEATURE_NAMES, FEATURES, Feature, LabelMap, detect_mapping, families_of
from classifier.tables import RawTable, Source, as_numbers, as_text, read_raw

__all__ = [
    "Dataset", "Provenance", "ReadReport", "combine", "matrix", "present_labels", "read_table", "read_unlabelled",
    "targets", "vector",
]  # fmt: skip

LABEL_COLUMNS = (
    "track_genre", "playlist_genre", "search_genre", "genre", "genre_top", "label", "family", "coarse15",
)  # fmt: skip
ARTIST_COLUMNS = ("artists", "artist_name", "track_artist", "artist")
ID_COLUMNS = ("track_id", "spotify_id", "id", "uri")
ALIASES = {"mode": ("major",), "duration_ms": ("duration",)}
OnBadRow = Literal["stop", "skip"]


def read_table(
    source: Source,
    *,
    name: str | None = None,
    label_column: str | None = None,
    mapping: str | LabelMap | None = None,
    on_bad_row: OnBadRow = "stop",
    licence: str = "not stated",
) -> Dataset:
    """A labelled table as tracks; rows of the same track are merged and keep every family they were filed under.

    Columns are found by name in any order; feature columns may be missing, but a cell of one that is there may
    not be blank. `mapping` defaults to the public data set whose labels these are.

    Raises
    ------
    DataError
        Names file, row and column; with `on_bad_row="skip"` bad rows are left out and listed in the report.
    """
    raw = read_raw(source, name)
    x, missing, bad = _features(raw, blank_is_bad=True)
    column, labels = _label_cells(raw, label_column, bad)
    kept = _keep(raw, bad, on_bad_row)
    chosen = mapping or detect_mapping(labels[i] for i in kept)
    if chosen is None:
        chosen = "families"  # raises below, naming the labels no mapping knows
    families = families_of({labels[i] for i in kept}, chosen) if kept else {}
    rows = [i for i in kept if families[labels[i]]]
    found = [(family,) if (family := families.get(label)) else () for label in labels]
    data = merge_tracks(x, found, _artists(raw), _ids(raw), rows)
    report = ReadReport(
        rows_read=raw.n_rows,
        tracks=len(data),
        bad_rows=tuple(bad),
        left_out=dict(Counter(labels[i] for i in kept if not families[labels[i]])),
        label_column=column,
        mapping=chosen if isinstance(chosen, str) else None,
        missing_columns=missing,
    )
    origin = Provenance(raw.name, raw.sha256, raw.n_rows, licence)
    return replace(data, provenance=(origin,), report=report)


def read_unlabelled(source: Source, *, name: str | None = None) -> Dataset:
    """A table to predict: one track a row in the table's order, labels ignored, blank cells simply unknown."""
    raw = read_raw(source, name)
    x, missing, bad = _features(raw, blank_is_bad=False)
    _keep(raw, bad, "stop")
    artists = _artists(raw)
    if len(missing) == len(FEATURE_NAMES) and not any(artists):
        raise DataError(f"{raw.name} has neither a feature column nor an artist column.")
    report = ReadReport(raw.n_rows, raw.n_rows, (), {}, None, None, missing)
    return Dataset(x, FEATURE_NAMES, ((),) * raw.n_rows, artists, _ids(raw), (), report)


def _find(raw: RawTable, names: Sequence[str]) -> str | None:
    by_lower = {column.lower(): column for column in raw.columns}
    return next((by_lower[name] for name in names if name in by_lower), None)


def _features(raw: RawTable, *, blank_is_bad: bool) -> tuple[np.ndarray, tuple[str, ...], list[BadRow]]:
    columns: dict[str, np.ndarray] = {}
    bad = [BadRow(row, "-", reason) for row, reason in raw.broken]
    broken = {row for row, _ in raw.broken}
    for feature in FEATURES:
        found = _find(raw, (feature.name, *ALIASES.get(feature.name, ())))
        if found is None:
            continue
        values, wrong = as_numbers(raw.columns[found])
        reasons = _refused(values, wrong, feature, blank_is_bad=blank_is_bad)
        bad += [BadRow(i + 1, found, why) for i, why in reasons.items() if i + 1 not in broken]
        values[list(reasons)] = np.nan
        columns[feature.name] = values
    missing = tuple(name for name in FEATURE_NAMES if name not in columns)
    return matrix(columns, raw.n_rows), missing, bad


def _refused(
    values: np.ndarray, wrong: Mapping[int, str], feature: Feature, *, blank_is_bad: bool
) -> dict[int, str]:
    reasons = {i: f"{cell[:40]!r} is not a number" for i, cell in wrong.items()}
    if blank_is_bad:
        reasons |= {int(i): "the cell is empty" for i in np.flatnonzero(np.isnan(values)) if i not in wrong}
    known = ~np.isnan(values)
    outside = known & ((values < feature.low) | (values > feature.high))
    span = f"outside {feature.low:g} to {feature.high:g} ({feature.unit})"
    reasons |= {int(i): f"{values[i]:g} is {span}" for i in np.flatnonzero(outside)}
    if feature.kind != "number":
        broken = known & ~outside & (values != np.round(values))
        reasons |= {int(i): f"{values[i]:g} is not a whole number" for i in np.flatnonzero(broken)}
    return reasons


def _label_cells(raw: RawTable, wanted: str | None, bad: list[BadRow]) -> tuple[str, list[str]]:
    column = _find(raw, (wanted.lower(),) if wanted else LABEL_COLUMNS)
    if column is None:
        looked = repr(wanted) if wanted else "one of " + ", ".join(LABEL_COLUMNS)
        raise DataError(f"{raw.name} has no label column; looked for {looked}.")
    if all(_find(raw, (name,)) is None for name in FEATURE_NAMES):
        raise DataError(f"{raw.name} has none of the feature columns: {', '.join(FEATURE_NAMES)}.")
    cells = as_text(raw.columns[column])
    broken = {row for row, _ in raw.broken}
    bad += [
        BadRow(i + 1, column, "the label is empty")
        for i, cell in enumerate(cells)
        if not cell and i + 1 not in broken
    ]
    return column, cells


def _keep(raw: RawTable, bad: list[BadRow], on_bad_row: OnBadRow) -> list[int]:
    bad.sort(key=lambda one: one.row)
    if bad and on_bad_row == "stop":
        first = bad[0]
        raise DataError(f"{raw.name}, row {first.row}, column {first.column}: {first.reason}.")
    refused = {one.row - 1 for one in bad}
    kept = [i for i in range(raw.n_rows) if i not in refused]
    if not kept:
        raise DataError(f"{raw.name} holds no usable row.")
    return kept


def _artists(raw: RawTable) -> tuple[tuple[str, ...], ...]:
    column = _find(raw, ARTIST_COLUMNS)
    if column is None:
        return ((),) * raw.n_rows
    return tuple(
        tuple(part.strip() for part in cell.split(";") if part.strip())
        for cell in as_text(raw.columns[column])
    )


def _ids(raw: RawTable) -> tuple[str, ...]:
    column = _find(raw, ID_COLUMNS)
    cells = as_text(raw.columns[column]) if column else [""] * raw.n_rows
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
    raw = read_raw(source, name)
    _, labels = _label_cells(raw, label_column, [])
    return dict(Counter(label for label in labels if label).most_common())
