"""What a user has, section by section and row by row, as plain values: the format of a takeout, version 1.

Everything is streamed: no section of a large library is ever whole in memory. No token is in it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from organizer.models import GenrePlaylist, PlaylistVersion, Prediction, SpotifyAccount

FORMAT, VERSION = "cratewise", 1
SETTINGS = (
    "schedule",
    "schedule_applies",
    "removals",
    "merges_duplicates",
    "teaches",
    "language",
    "theme",
    "time_zone",
    "genres_per_song",
    "small_to_parent",
    "name_template",
    "exclusions",
)
ROWS = 500  # read at a time
Row = dict[str, Any]


def head(account: SpotifyAccount) -> Row:
    """Whose takeout it is, and what they decided."""
    nothing: dict[str, list[Any]] = {"genres": [], "artists": [], "words": []}
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_at": when(timezone.now()),
        "account": {name: getattr(account, name) for name in ("account_id", "spotify_id", "display_name")},
        "settings": {name: getattr(account, name) for name in SETTINGS}
        | {"exclusions": nothing | account.exclusions},
    }


def sections(account: SpotifyAccount) -> dict[str, Iterator[Row]]:
    return {
        "library": library(account),
        "predictions": predictions(account),
        "corrections": corrections(account),
        "playlists": playlists(account),
        "runs": runs(account),
    }


def when(moment: datetime | None) -> str | None:
    return moment.astimezone(timezone.get_default_timezone()).isoformat() if moment else None


def library(account: SpotifyAccount) -> Iterator[Row]:
    """The likes, the oldest first, and those that were taken back."""
    plain = ("name", "isrc", "duration_ms", "is_explicit", "is_local", "is_playable")
    renamed = {"artists": "artist_names", "album": "album_name", "image": "album_image_url"}
    names = {"uri": "uri"} | {name: name for name in plain} | renamed
    columns = {key: F(f"track__{name}") for key, name in names.items()}
    artist = {f"artist_{name}": F(f"track__primary_artist__{name}") for name in ("spotify_id", "name")}
    rows = account.saves.order_by("added_at", "track__uri")
    found: Iterator[Row] = rows.values("added_at", "is_unliked", **columns, **artist).iterator(ROWS)  # type: ignore[assignment]
    for row in found:
        ident, name = row.pop("artist_spotify_id"), row.pop("artist_name")
        first = {"id": ident, "name": name} if ident else None
        yield row | {"artist": first, "added_at": when(row["added_at"])}


def predictions(account: SpotifyAccount) -> Iterator[Row]:
    """What the version in use says of each song."""
    rows = Prediction.objects.filter(track__saves__account=account, version__is_champion=True)
    fields = ("genre", "confidence", "other", "is_sure", "log_probs", "evidence", "why", "inputs_hash")
    places = rows.order_by("track__uri").values("track__uri", "version__name", *fields)
    for row in places.iterator(ROWS):
        yield {
            "uri": row["track__uri"],
            "model": row["version__name"],
            **{name: row[name] for name in fields},
        }


def corrections(account: SpotifyAccount) -> Iterator[Row]:
    """The user's own words, each on a song or on everything by an artist."""
    rows = account.corrections.select_related("track", "artist")
    songs_first = F("track__uri").asc(nulls_last=True)  # of itself every database has its own order
    for row in rows.order_by(songs_first, "artist__spotify_id").iterator(ROWS):
        yield {
            "uri": row.track.uri if row.track else None,
            "artist": {"id": row.artist.spotify_id, "name": row.artist.name} if row.artist else None,
            "genre": row.genre,
            "also": row.also,
            "at": when(row.created_at),
        }


def playlists(account: SpotifyAccount) -> Iterator[Row]:
    """Rules with what they hold, what hands changed, and every version that is kept, the oldest first."""
    numbers = _run_numbers(account)
    for number, rule in enumerate(account.playlists.order_by("pk"), 1):
        yield {
            "number": number,
            "name": rule.name,
            "genres": rule.genres,
            "min_confidence": rule.min_confidence,
            "min_size": rule.min_size,
            "is_rest": rule.is_rest,
            "is_active": rule.is_active,
            "spotify_id": rule.spotify_id,
            "ref": rule.ref,
            "is_claimed": rule.is_claimed,
            "snapshot_id": rule.snapshot_id,
            "read_at": when(rule.read_at),
            "written_uris": rule.written_uris,
            "tombstones": rule.tombstones,
            "pins": rule.pins,
            "isrcs": rule.isrcs,
            "versions": list(_versions(rule, numbers)),
        }


def _versions(rule: GenrePlaylist, numbers: dict[int, int]) -> Iterator[Row]:
    """Each as what it changed of the one before: long playlists change little at a time."""
    last: list[str] | None = None
    for row in rule.versions.order_by("pk").iterator(ROWS):
        place, removed, added = splice(
            row.uris_before, row.uris_before if row.uris_after is None else row.uris_after
        )
        yield {
            "at": when(row.created_at),
            "by": row.by,
            "run": numbers.get(row.plan_id or 0),
            "was_created": row.was_created,
            "is_finished": row.uris_after is not None,
            "before": None if row.uris_before == last else row.uris_before,
            "place": place,
            "removed": removed,
            "added": added,
        }
        last = row.uris_after


def splice(before: list[str], after: list[str]) -> tuple[int, list[str], list[str]]:
    """(place, removed, added): `before` with `removed` taken out at `place` and `added` put there is `after`."""
    shorter = min(len(before), len(after))
    start = next((k for k in range(shorter) if before[k] != after[k]), shorter)
    room = shorter - start
    end = next((k for k in range(room) if before[-1 - k] != after[-1 - k]), room)
    return start, before[start : len(before) - end], after[start : len(after) - end]


def runs(account: SpotifyAccount) -> Iterator[Row]:
    """Plans of which something was written, in the order they were made."""
    numbers, places = _run_numbers(account), _version_places(account)
    for row in account.plans.filter(pk__in=numbers).order_by("pk").iterator(ROWS):
        yield {
            "number": numbers[row.pk],
            "kind": row.kind,
            "state": row.state,
            "made_at": when(row.created_at),
            "applied_at": when(row.applied_at),
            "calls": row.calls,
            "notes": row.notes,
            "undoes": numbers.get(row.target_id or 0),
            "restores": places.get(row.version_id or 0),
        }


def _run_numbers(account: SpotifyAccount) -> dict[int, int]:
    ids = account.plans.filter(versions__isnull=False).order_by("pk").values_list("pk", flat=True).distinct()
    return {pk: number for number, pk in enumerate(ids, 1)}


def _version_places(account: SpotifyAccount) -> dict[int, list[int]]:
    """[number of its playlist, its place among the playlist's versions] for every version."""
    found: dict[int, list[int]] = {}
    for number, rule in enumerate(account.playlists.order_by("pk").only("pk"), 1):
        ids = PlaylistVersion.objects.filter(playlist=rule).order_by("pk")
        found |= {pk: [number, place] for place, pk in enumerate(ids.values_list("pk", flat=True))}
    return found
