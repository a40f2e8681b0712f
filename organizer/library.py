"""Sync: pages of liked songs into rows. Incremental when it can be, complete when the counts disagree."""

import time
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from organizer import accounts, jobs
from organizer.models import Artist, Job, SavedTrack, SpotifyAccount, Track
from organizer.providers.errors import ProviderError
from organizer.providers.spotify import PAGE, LikedPage, LikedTrack

BATCH_S = 60.0
FULL_WALK_EVERY_DAYS = 7


@dataclass
class Walk:
    """Where a walk through the likes stands; kept in the job so that a killed worker's successor goes on."""

    offset: int = 0
    total: int | None = None
    entries: int = 0
    unreadable: int = 0
    is_full: bool = False
    has_grown: bool = False  # songs were liked meanwhile: look at the head again at the end
    is_second_look: bool = False
    is_complete: bool = False  # reached the end: what was not seen is gone
    new: int = 0


def sync_batch(job: Job) -> bool:
    """Read pages for up to a minute; True when the walk is complete. Safe to run twice: pages are upserts."""
    account = _account(job)
    walk = Walk(**job.cursor) if job.cursor else Walk(is_full=_needs_full_walk(account))
    deadline = time.monotonic() + BATCH_S
    while time.monotonic() < deadline:
        page = accounts.with_spotify(account, lambda api: api.liked(walk.offset))
        is_last = _take(job, account, walk, page)
        jobs.tick(job, done=min(walk.offset, page.total), total=page.total, cursor=asdict(walk))
        if is_last:
            _finish(job, account, walk)
            return True
    return False


def _account(job: Job) -> SpotifyAccount:
    assert job.account is not None, "a sync job has an account"
    return job.account


def _needs_full_walk(account: SpotifyAccount) -> bool:
    last = account.full_walk_at
    return last is None or (timezone.now() - last).days >= FULL_WALK_EVERY_DAYS


def _take(job: Job, account: SpotifyAccount, walk: Walk, page: LikedPage) -> bool:
    """Store a page and move on; True when it was the last one needed.

    The list is newest first and read by offset: songs liked meanwhile push known ones towards us (seen twice, no
    harm, but the head needs a second look); removed ones pull unseen ones behind us, so we step back by as many.
    """
    grown = page.total - (walk.total if walk.total is not None else page.total)
    walk.total = page.total
    if grown < 0 and walk.offset:
        walk.offset = max(0, walk.offset + grown)
        return False
    walk.has_grown |= grown > 0
    fresh = store_page(account, page, job.pk)
    walk.new += fresh
    walk.unreadable += page.entries - len(page.tracks)
    if not page.entries and walk.offset < page.total:
        raise ProviderError("Spotify's list of liked songs ended before its stated end.")
    walk.offset += PAGE
    if walk.offset >= page.total:
        return _at_the_end(walk)
    return fresh == 0 and _is_enough(account, walk)


def _at_the_end(walk: Walk) -> bool:
    walk.is_complete = True
    if not walk.has_grown:
        return True
    walk.has_grown, walk.is_second_look, walk.offset = False, True, 0
    return False


def _is_enough(account: SpotifyAccount, walk: Walk) -> bool:
    """On a page that is wholly known: stop, unless the counts say that something further down has gone."""
    if walk.is_second_look:
        return True
    if walk.is_full:
        return False
    known = account.saves.filter(is_unliked=False).count() + account.unreadable_total
    walk.is_full = known != walk.total
    return not walk.is_full


def _finish(job: Job, account: SpotifyAccount, walk: Walk) -> None:
    removed = 0
    if walk.is_complete:
        removed = account.saves.filter(is_unliked=False).exclude(seen_by_job=job.pk).update(is_unliked=True)
        account.unreadable_total = walk.unreadable
        account.full_walk_at = timezone.now()
    account.liked_total, account.synced_at = walk.total or 0, timezone.now()
    account.save(update_fields=["liked_total", "synced_at", "unreadable_total", "full_walk_at"])
    jobs.tick(job, counts=job.counts | {"new": walk.new, "removed": removed, "liked": account.liked_total})


@transaction.atomic
def store_page(account: SpotifyAccount, page: LikedPage, job_id: int) -> int:
    """Upsert a page by natural keys; how many of its songs were not (or no longer) known as liked."""
    liked = {track.uri: track for track in sorted(page.tracks, key=lambda track: track.uri)}
    artists = _store_artists(liked.values())
    Track.objects.bulk_create(
        [_track_row(track, artists) for track in liked.values()],
        update_conflicts=True,
        unique_fields=["uri"],
        update_fields=[*_TRACK_FIELDS, "primary_artist", "refreshed_at"],
    )
    ids = dict(Track.objects.filter(uri__in=liked).values_list("uri", "pk"))
    known = set(
        account.saves.filter(track__in=ids.values(), is_unliked=False).values_list("track_id", flat=True)
    )
    SavedTrack.objects.bulk_create(
        [
            SavedTrack(account=account, track_id=ids[uri], added_at=track.added_at, seen_by_job=job_id)
            for uri, track in liked.items()
        ],
        update_conflicts=True,
        unique_fields=["account", "track"],
        update_fields=["added_at", "is_unliked", "seen_by_job"],
    )
    return len(set(ids.values()) - known)


def _store_artists(tracks: Any) -> dict[str, Artist]:
    names = {
        track.artist_ids[0]: track.artist_names[0]
        for track in tracks
        if track.artist_ids and track.artist_ids[0]
    }
    Artist.objects.bulk_create(
        [Artist(spotify_id=key, name=names[key][:500]) for key in sorted(names)],
        update_conflicts=True,
        unique_fields=["spotify_id"],
        update_fields=["name"],
    )
    return Artist.objects.in_bulk(list(names), field_name="spotify_id")


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


def _track_row(track: LikedTrack, artists: dict[str, Artist]) -> Track:
    values = {name: getattr(track, name) for name in _TRACK_FIELDS}
    values |= {
        "name": track.name[:500],
        "artist_names": list(track.artist_names),
        "album_name": track.album_name[:500],
    }
    primary = artists.get(track.artist_ids[0]) if track.artist_ids else None
    return Track(uri=track.uri, primary_artist=primary, refreshed_at=timezone.now(), **values)
