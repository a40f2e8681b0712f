"""Evidence for tracks: audio features from a chain of providers, and 30-second previews to listen to.

A preview's link dies within minutes and its audio is never kept, so looking it up, fetching it and listening happen
in one breath, inside one process; only numbers are stored. Evidence is welcome, not required: a service that stays
away is skipped with a note, and the songs are classified from what there is.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db.models import Q
from django.utils import timezone

from classifier.errors import AudioError
from organizer import jobs, network
from organizer.models import AudioAnalysis, AudioFeatures, Job, Track
from organizer.models.track import TrackQuerySet
from organizer.providers.errors import GateClosed, ProviderError
from organizer.providers.matching import Preview, Wanted
from organizer.providers.reccobeats import ReccoBeats

BATCH_S = 60.0
RETRY_MISS_AFTER = timedelta(days=30)
RETRY_OUTAGE_AFTER = timedelta(hours=1)
TOO_LONG_TO_WAIT_S = 900.0  # for evidence that we can do without
TRIES = 3
PREVIEW_MAX_BYTES = 3_000_000  # a 30-second preview is about 0.5 MB
PREVIEW_MAX_SECONDS = 20.0
LISTEN_BATCH, LISTENERS = 24, 6


@dataclass(frozen=True)
class Heard:
    """What came of one track's preview: numbers, or why there are none and when to look again."""

    track_id: int
    source: str = ""
    source_id: str = ""
    descriptors: dict[str, float] | None = None
    error: str = ""
    retry_after: timedelta | None = None


class Describe(Protocol):
    """Bytes of a preview → named numbers; raises AudioError with a sentence when it is not usable audio."""

    encoder: str

    def __call__(self, data: bytes) -> dict[str, float]: ...


def enrich_batch(job: Job) -> bool:
    """Look up features for up to a minute; True when every provider was asked about every track.

    Safe to run twice: an answer is stored per track and source, a miss too, and neither is asked for again soon.
    """
    deadline = time.monotonic() + BATCH_S
    for provider in network.feature_providers():
        try:
            if not _ask_for_features(job, provider, deadline):
                return False
        except ProviderError as failure:
            if not _can_do_without(job, failure):
                raise
            note(job, f"{failure} The remaining songs go without its features until the next run.")
    return True


def _ask_for_features(job: Job, provider: ReccoBeats, deadline: float) -> bool:
    missing = _without_features(job, provider.name)
    total = max(job.total, job.done + missing.count())
    while batch := list(missing[: provider.batch]):
        tracks = {track.spotify_id: track for track in batch}
        _store_features(provider.name, tracks, provider.features(list(tracks)))
        jobs.tick(job, done=job.done + len(batch), total=total)
        if time.monotonic() > deadline:
            return False
    return True


def _can_do_without(job: Job, failure: ProviderError) -> bool:
    if isinstance(failure, GateClosed):
        return (failure.retry_after_s or 0) > TOO_LONG_TO_WAIT_S
    return failure.permanent or job.failures + 1 >= TRIES


def note(job: Job, sentence: str) -> None:
    """Something the user should know at the end, although the job went on."""
    notes = job.counts.get("notes", [])
    if sentence not in notes:
        jobs.tick(job, counts=job.counts | {"notes": [*notes, sentence]})


def _without_features(job: Job, source: str) -> TrackQuerySet:
    fresh_miss = Q(values__isnull=True, checked_at__gte=timezone.now() - RETRY_MISS_AFTER)
    answered = AudioFeatures.objects.filter(Q(values__isnull=False) | fresh_miss, source=source)
    return _library(job).exclude(pk__in=answered.values("track"))


def _library(job: Job) -> TrackQuerySet:
    assert job.account is not None, "a job of this kind has an account"
    return Track.objects.liked_by(job.account).movable().order_by("pk")


def _store_features(source: str, tracks: dict[str, Track], found: dict[str, dict[str, float]]) -> None:
    now = timezone.now()
    rows = [
        AudioFeatures(track=track, source=source, values=found.get(spotify_id), checked_at=now)
        for spotify_id, track in tracks.items()
    ]
    AudioFeatures.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["track", "source"], update_fields=["values", "checked_at"]
    )


def listen_batch(job: Job, describe: Describe) -> bool:
    """Find, fetch and describe previews for up to a minute; True when every track was tried.

    Tracks whose next provider is behind a closed gate are left for later; when only such tracks remain, GateClosed
    says for how long. Safe to run twice: a result is stored per track and encoder, a miss too.
    """
    missing = _unheard(job, describe.encoder)
    job.total = max(job.total, job.done + missing.count())
    closed = _listen_for_a_while(job, describe, missing)
    if closed and not _can_do_without(job, closed):
        raise closed
    if closed:
        note(job, f"{closed} Songs without a preview are looked up at the next run.")
    return bool(closed) or not missing.exists()


def _listen_for_a_while(job: Job, describe: Describe, missing: TrackQuerySet) -> GateClosed | None:
    deadline, last_pk = time.monotonic() + BATCH_S, 0
    closed: GateClosed | None = None
    with ThreadPoolExecutor(LISTENERS) as pool:
        while time.monotonic() < deadline:
            batch = list(missing.filter(pk__gt=last_pk)[:LISTEN_BATCH])
            if not batch:
                return closed
            last_pk = batch[-1].pk
            results = list(pool.map(lambda track: _listen_or_closed(track, describe), batch))
            heard = [result for result in results if isinstance(result, Heard)]
            closed = next((result for result in results if isinstance(result, GateClosed)), closed)
            _store_heard(describe.encoder, heard)
            jobs.tick(job, done=job.done + len(heard), total=job.total)
            if not heard:
                return closed
    return None  # time is up, not work


def _unheard(job: Job, encoder: str) -> TrackQuerySet:
    answered = AudioAnalysis.objects.filter(
        Q(retry_at__isnull=True) | Q(retry_at__gt=timezone.now()), encoder=encoder
    )
    return _library(job).exclude(pk__in=answered.values("track"))


def _listen_or_closed(track: Track, describe: Describe) -> Heard | GateClosed:
    try:
        return listen(track, describe)
    except GateClosed as closed:
        return closed


def listen(track: Track, describe: Describe) -> Heard:
    """One track, start to end. A provider that fails or has unusable audio gives way to the next.

    Raises GateClosed when a provider asks to wait and no later one has the song.
    """
    song = Wanted(track.isrc, (track.artist_names or [""])[0], track.name, track.duration_ms)
    error, retry_after, closed = "", RETRY_MISS_AFTER, None
    for provider in network.preview_providers():
        try:
            if preview := provider.find_preview(song):
                return _fetch_and_describe(track, preview, describe)
        except GateClosed as failure:
            closed = failure
        except AudioError as failure:
            error = str(failure)
        except ProviderError as failure:
            error = str(failure)
            retry_after = retry_after if failure.permanent else RETRY_OUTAGE_AFTER
    if closed:
        raise closed
    return Heard(track.pk, error=error or "No service has a preview of this song.", retry_after=retry_after)


def _fetch_and_describe(track: Track, preview: Preview, describe: Describe) -> Heard:
    data = network.http().download(preview.url, max_bytes=PREVIEW_MAX_BYTES, max_seconds=PREVIEW_MAX_SECONDS)
    return Heard(track.pk, preview.source, preview.source_id, describe(data))


def _store_heard(encoder: str, heard: list[Heard]) -> None:
    now = timezone.now()
    fields = ["source", "source_id", "descriptors", "error", "checked_at", "retry_at"]
    AudioAnalysis.objects.bulk_create(
        [_analysis(item, encoder, now) for item in heard],
        update_conflicts=True,
        unique_fields=["track", "encoder"],
        update_fields=fields,
    )


def _analysis(item: Heard, encoder: str, now: datetime) -> AudioAnalysis:
    return AudioAnalysis(
        track_id=item.track_id,
        encoder=encoder,
        source=item.source,
        source_id=item.source_id,
        descriptors=item.descriptors,
        error=item.error[:300],
        checked_at=now,
        retry_at=now + item.retry_after if item.retry_after else None,
    )
