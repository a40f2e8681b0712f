"""One song in several tables: ids compared in one form, and what users say of it in place of what a table says."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from classifier.dataset import Dataset
from classifier.splits import split

# As tables and libraries write it: bare, as a URI, or as the address of its page.
SPOTIFY_ID = re.compile(
    r"(?:spotify:track:|https?://open\.spotify\.com/(?:intl-\w+/)?track/)?([0-9A-Za-z]{22})(?:\?\S*)?"
)

# Others that name one recording wherever they are written: ISRC, and the UUIDs of MusicBrainz.
GLOBAL_ID = re.compile(
    r"[A-Za-z]{2}-?[0-9A-Za-z]{3}-?[0-9]{2}-?[0-9]{5}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
)


def ids_across_tables(track_ids: Sequence[str], table: str) -> tuple[str, ...]:
    """Ids by which rows of several tables are told apart: one that only this table knows, as a running number, carries
    `table`, the SHA-256 of its file. Song 7 of one table is not song 7 of the next.
    """
    return tuple(one if _is_global(one) else f"{table[:12]}:{one}" for one in track_ids)


def _is_global(track_id: str) -> bool:
    return bool(SPOTIFY_ID.fullmatch(track_id) or GLOBAL_ID.fullmatch(track_id))


def song_id(track_id: str) -> str:
    """The bare id of a track on Spotify, however it is written; every other id as it is."""
    found = SPOTIFY_ID.fullmatch(track_id.strip())
    return found[1] if found else track_id


def outranked(tables: Sequence[Dataset], said: Dataset) -> tuple[list[Dataset], Dataset]:
    """The tables without the songs of which users said something, and what they said. Ids stay as they are written.

    A song is taught once, as the user names it and under the artists that the library knows, so that it is held out
    by artist if that word is. Of what they said no song is left that a table holds out under another artist's name.
    """
    ours = [song_id(one) for one in said.track_ids]
    held_out = {song_id(one.track_ids[row]) for one in tables for row in split(one, "artist").test}
    held_out_anyway = set(split(said, "artist").test.tolist())
    kept = [row in held_out_anyway or key not in held_out for row, key in enumerate(ours)]
    return [_without(one, set(ours)) for one in tables], said.take(np.array(kept, bool))


def _without(data: Dataset, songs: set[str]) -> Dataset:
    kept = data.take(np.array([song_id(key) not in songs for key in data.track_ids], bool))
    outside = None if data.outside is None else _without(data.outside, songs)
    return replace(kept, outside=outside)
