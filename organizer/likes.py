"""A page of liked songs into rows: upserts by natural key, and what the page tells about those already there."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from organizer.models import Artist, Correction, SavedTrack, SpotifyAccount, Track
from organizer.providers.spotify import LikedPage, LikedTrack


@dataclass(frozen=True)
class Stored:
    """What a page held: likes new to us, known as they are from before, and met under the same mark already."""

    new: int
    familiar: int
    repeated: int
    blanks: int  # entries that stand for no like of ours: without a song, or the same song twice


@transaction.atomic
def store_page(account: SpotifyAccount, page: LikedPage, mark: int) -> Stored:
    """Safe to run twice: a page that comes again changes nothing. A song liked anew counts as new."""
    liked = {track.uri: track for track in sorted(page.tracks, key=lambda track: track.uri)}
    known = _known(account, liked)
    ids, renamed = _store_tracks(liked.values())
    fresh = {uri for uri, track in liked.items() if uri not in known or not _is_as_was(known[uri], track)}
    others = _others(account, {*(liked[uri].added_at for uri in fresh), *page.blanks}, liked, mark)
    relinked = _follow_relinks(others, {uri: liked[uri] for uri in fresh}, ids)
    kept = _keep_unreadable([row for row in others if row not in relinked], page.blanks, mark)
    SavedTrack.objects.bulk_create(
        [
            SavedTrack(account=account, track_id=ids[uri], added_at=track.added_at, seen_by_job=mark)
            for uri, track in liked.items()
        ],
        update_conflicts=True,
        unique_fields=["account", "track"],
        update_fields=["added_at", "is_unliked", "seen_by_job"],
    )
    if renamed:
        SpotifyAccount.objects.who_like(renamed).mark_stale()  # a song is shared by all who like it
    repeated = sum(1 for uri, row in known.items() if uri not in fresh and row.seen_by_job == mark)
    return Stored(
        new=len(fresh) - len(relinked),
        familiar=len(liked) - len(fresh) + len(relinked) - repeated,
        repeated=repeated,
        blanks=page.entries - len(liked) - kept,
    )


def _known(account: SpotifyAccount, uris: Iterable[str]) -> dict[str, SavedTrack]:
    rows = account.saves.filter(track__uri__in=list(uris)).select_related("track").only(*_SAVE_FIELDS)
    return {row.track.uri: row for row in rows}


def _is_as_was(row: SavedTrack, track: LikedTrack) -> bool:
    return not row.is_unliked and row.added_at == track.added_at


def _others(
    account: SpotifyAccount, moments: set[datetime | None], uris: Iterable[str], mark: int
) -> list[SavedTrack]:
    """Likes of these very moments that were not met under this mark, and that this page does not list."""
    known_moments = [moment for moment in moments if moment]
    if not known_moments:
        return []
    unmet = account.saves.filter(is_unliked=False, added_at__in=known_moments)
    unmet = unmet.exclude(seen_by_job=mark).exclude(track__uri__in=list(uris))
    return list(unmet.select_related("track").only(*_SAVE_FIELDS))


def _follow_relinks(
    others: list[SavedTrack], fresh: dict[str, LikedTrack], ids: dict[str, int]
) -> dict[SavedTrack, str]:
    """Spotify shows a like under another uri: same recording, same moment. The user's word on it moves along."""
    now_at = {(track.isrc, track.added_at): uri for uri, track in fresh.items() if track.isrc}
    places = ((row, now_at.get((row.track.isrc, row.added_at))) for row in others)
    relinked = {row: uri for row, uri in places if uri}
    for row, uri in relinked.items():
        SavedTrack.objects.filter(pk=row.pk).update(is_unliked=True)
        corrections = Correction.objects.filter(account_id=row.account_id)
        if not corrections.filter(track_id=ids[uri]).exists():
            corrections.filter(track_id=row.track_id).update(track_id=ids[uri])
    return relinked


def _keep_unreadable(others: list[SavedTrack], blanks: Iterable[datetime | None], mark: int) -> int:
    """An entry without a song has its moment still: the like of that moment is there, only not to be read.

    Returns how many entries that explains. Likes of one moment cannot be told apart, so all of them are kept.
    """
    moments = Counter(moment for moment in blanks if moment)
    kept = [row for row in others if row.added_at in moments]
    if kept:
        SavedTrack.objects.filter(pk__in=[row.pk for row in kept]).update(seen_by_job=mark)
    return (Counter(row.added_at for row in kept) & moments).total()


_SAVE_FIELDS = ("account_id", "added_at", "is_unliked", "seen_by_job", "track__uri", "track__isrc")
_TRACK_FIELDS = (
    "name",
    "artist_names",
    "album_name",
    "album_image_url",
    "isrc",
    "duration_ms",
    "is_explicit",
    "is_local",
    "is_playable",
)


def _store_tracks(tracks: Iterable[LikedTrack]) -> tuple[dict[str, int], list[int]]:
    """Keys by uri, and those of known songs that have other words now.

    Rows are written in the order of their uris, so that two walks never wait for each other.
    """
    tracks = list(tracks)
    artists = _store_artists(tracks)
    written = [_track_row(track, artists) for track in tracks]
    before = {row.uri: _words(row) for row in Track.objects.filter(uri__in=[row.uri for row in written])}
    rows = Track.objects.bulk_create(
        written,
        update_conflicts=True,
        unique_fields=["uri"],
        update_fields=[*_TRACK_FIELDS, "primary_artist", "refreshed_at"],
    )
    renamed = [row.pk for row in rows if before.get(row.uri, _words(row)) != _words(row)]
    return {row.uri: row.pk for row in rows}, renamed


def _words(track: Track) -> tuple[str, list[str], str]:
    return track.name, track.artist_names, track.album_name


def _store_artists(tracks: Iterable[LikedTrack]) -> dict[str, Artist]:
    names = {
        track.artist_ids[0]: track.artist_names[0]
        for track in tracks
        if track.artist_ids and track.artist_ids[0]
    }
    rows = Artist.objects.bulk_create(
        [Artist(spotify_id=key, name=names[key][:500]) for key in sorted(names)],
        update_conflicts=True,
        unique_fields=["spotify_id"],
        update_fields=["name"],
    )
    return {row.spotify_id: row for row in rows}


def _track_row(track: LikedTrack, artists: dict[str, Artist]) -> Track:
    values: dict[str, Any] = {name: getattr(track, name) for name in _TRACK_FIELDS}
    values |= {
        "name": track.name[:500],
        "artist_names": list(track.artist_names),
        "album_name": track.album_name[:500],
        "isrc": track.isrc[:20],
    }
    primary = artists.get(track.artist_ids[0]) if track.artist_ids else None
    return Track(uri=track.uri, primary_artist=primary, refreshed_at=timezone.now(), **values)
