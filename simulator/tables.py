"""Reads a catalogue from a CSV or Parquet file with the columns of the public Spotify-tracks tables."""

import math
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from simulator import identifiers
from simulator.catalog import Catalogue, CatalogueError, Track
from simulator.profiles import family_of

FEATURES = (
    "acousticness", "danceability", "energy", "instrumentalness", "key", "liveness", "loudness", "mode",
    "speechiness", "tempo", "time_signature", "valence",
)  # fmt: skip
WHOLE_FEATURES = ("key", "mode", "time_signature")
# Our name for a column: the names the public tables give it, the first present one counts.
COLUMNS = {
    "id": ("track_id", "id", "spotify_id"),
    "name": ("track_name", "name", "title"),
    "artists": ("artists", "track_artist", "artist_name", "artist"),
    "genre": ("track_genre", "playlist_genre", "search_genre", "genre", "coarse15"),
    "album": ("album_name", "track_album_name", "album"),
    "duration_ms": ("duration_ms",),
    "explicit": ("explicit",),
    "release_date": ("release_date", "track_album_release_date"),
    "isrc": ("isrc",),
    **{name: (name,) for name in FEATURES},
}
REQUIRED = ("id", "name", "artists")
_ID = re.compile(r"[0-9A-Za-z_-]+")
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
SHOWN_BAD_ROWS = 20
_TEXT = dict.fromkeys(("track_id", "id", "track_name", "name", "artists", "isrc"), str)


def load(path: Path) -> Catalogue:
    """The table's distinct tracks in the table's order; bad rows are reported on stderr and left out."""
    table = _columns_named(_read(path), path)
    tracks: dict[str, Track] = {}
    bad: list[str] = []
    for row_number, row in enumerate(_rows(table), start=1):
        if row["id"] in tracks:
            continue
        try:
            track = _track(row)
        except ValueError as error:
            bad.append(f"row {row_number}: {error}")
            continue
        tracks[track.key] = track
    _report(bad, path)
    if not tracks:
        raise CatalogueError(f"The catalogue {path.name} has no usable track.")
    return Catalogue(tracks.values())


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise CatalogueError(f"The catalogue {path} does not exist.")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype=_TEXT, keep_default_na=False, na_values=[""])
    except (ValueError, OSError, pd.errors.ParserError) as error:
        raise CatalogueError(f"The catalogue {path.name} cannot be read: {error}.") from error


def _columns_named(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    chosen = {}
    for ours, candidates in COLUMNS.items():
        present = [name for name in candidates if name in table.columns]
        if present:
            chosen[present[0]] = ours
        elif ours in REQUIRED:
            raise CatalogueError(
                f"The catalogue {path.name} has no column {candidates[0]!r}, which every track needs."
            )
    return table[list(chosen)].rename(columns=chosen)


def _rows(table: pd.DataFrame) -> Iterator[Mapping[str, Any]]:
    names = list(table.columns)
    for values in table.itertuples(index=False, name=None):
        yield dict(zip(names, values, strict=True))


def _track(row: Mapping[str, Any]) -> Track:
    track_id = _text(row, "id")
    if not _ID.fullmatch(track_id):
        raise ValueError("the track id is empty" if not track_id else f"the track id {track_id!r} is not one")
    name = _text(row, "name")
    artists = tuple(part.strip() for part in _text(row, "artists").split(";") if part.strip())
    if not name or not artists:
        raise ValueError("the track has no name" if not name else "the track has no artist")
    genre = _text(row, "genre")
    released = _released(row, track_id)
    return Track(
        id=track_id,
        name=name,
        artists=artists,
        album=_text(row, "album") or name,
        duration_ms=int(_figure(row, "duration_ms") or 210_000),
        explicit=_truth(row.get("explicit")),
        genre=genre,
        family=family_of(genre),
        release_date=released,
        features=_features(row),
        isrc=_text(row, "isrc") or identifiers.isrc(track_id, int(released[:4])),
    )


def _features(row: Mapping[str, Any]) -> dict[str, float]:
    values = {name: _figure(row, name) for name in FEATURES}
    present = {name: value for name, value in values.items() if value is not None}
    return {name: int(value) if name in WHOLE_FEATURES else value for name, value in present.items()}


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value).strip()


def _figure(row: Mapping[str, Any], column: str) -> float | None:
    value = row.get(column)
    if value is None or value == "" or value != value:  # NaN differs from itself: an empty cell
        return None
    try:
        figure = float(value)
    except ValueError:
        raise ValueError(f"{column} is {value!r}, not a number") from None
    if math.isinf(figure):
        raise ValueError(f"{column} is infinite")
    return figure


def _truth(value: object) -> bool:
    return str(value).strip().lower() in ("true", "1", "1.0", "yes")


def _released(row: Mapping[str, Any], track_id: str) -> str:
    text = _text(row, "release_date")[:10]
    if _DATE.fullmatch(text):
        return text
    draw = identifiers.number("released", track_id)
    return f"{1970 + draw % 56}-{1 + draw // 56 % 12:02d}-{1 + draw // 1000 % 28:02d}"


def _report(bad: list[str], path: Path) -> None:
    for line in bad[:SHOWN_BAD_ROWS]:
        print(f"{path.name}, {line}; skipped", file=sys.stderr)
    if len(bad) > SHOWN_BAD_ROWS:
        print(f"{path.name}: {len(bad) - SHOWN_BAD_ROWS} more bad rows skipped", file=sys.stderr)
    if bad:
        print(f"{path.name}: {len(bad)} bad rows skipped in all", file=sys.stderr)
