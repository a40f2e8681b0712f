"""Evidence for tracks: audio features from a chain of providers, and 30-second previews to listen to.

A preview's link dies within minutes and its audio is never kept, so looking it up, fetching it and listening happen
in one breath, inside one process; only numbers are stored. Evidence is welcome, not required: a service that stays
away is skipped with a note, and the songs are classified from what there is.
"""

import time
from collections.abc import Collection, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from classifier.errors import AudioError
from organizer import jobs, network
from organizer.ear import FEATURE_SOURCE, Sound
from organizer.hunting import RETRY_MISS_AFTER, Hunt
from organizer.models import AudioAnalysis, AudioFeatures, Identification, Job, Track
from organizer.models.track import TrackQuerySet
from organizer.providers.errors import GateClosed, ProviderError
from organizer.providers.reccobeats import ReccoBeats
from organizer.providers.standing import OUTAGE

BATCH_S = 60.0
TOO_LONG_TO_WAIT_S = 900.0  # for evidence that we can do without
TRIES = 3
LISTEN_BATCH, FETCHERS = 24, 6


@dataclass(frozen=True)
class Heard:
    """What came of one track's preview: numbers, or why there are none and when to look again."""

    track_id: int
    source: str = ""
    source_id: str = ""
    sound: Sound | None = None
    error: str = ""
    retry_after: timedelta | None = None


class Ear(Protocol):
    """Previews' bytes → what they sound like, or an AudioError with a sentence for each unusable one.

    Features are heard only at the places of `undescribed`.
    """

    @property
    def encoder(self) -> str: ...

    @property
    def shortcoming(self) -> str: ...

    def many(
        self, clips: Sequence[bytes], undescribed: Collection[int] = ...
    ) -> list[Sound | AudioError]: ...


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
            sentence = _("%(reason)s The remaining songs go without its features until the next run.")
            note(job, sentence % {"reason": failure})
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
    if isinstance(failure, GateClosed):  # an outage has been met more often than TRIES already
        return failure.kind == OUTAGE or failure.retry_after_s > TOO_LONG_TO_WAIT_S
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
    _upsert_features(
        AudioFeatures(track=track, source=source, values=found.get(spotify_id), checked_at=now)
        for spotify_id, track in tracks.items()
    )


def _upsert_features(rows: Iterable[AudioFeatures]) -> None:
    AudioFeatures.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["track", "source"], update_fields=["values", "checked_at"]
    )


def listen_batch(job: Job, ear: Ear) -> bool:
    """Find, fetch and hear previews for up to a minute; True when every track was tried.

    Tracks whose next provider is behind a closed gate are left for later; when only such tracks remain, GateClosed
    says for how long. Safe to run twice: a result is stored per track and encoder, a miss too.
    """
    missing = _unheard(job, ear.encoder)
    if ear.shortcoming:
        note(job, ear.shortcoming)
    job.total = max(job.total, job.done + missing.count())
    closed = _listen_for_a_while(job, ear, missing)
    if closed and not _can_do_without(job, closed):
        raise closed
    if closed:
        sentence = _("%(reason)s Songs without a preview are looked up at the next run.")
        note(job, sentence % {"reason": closed})
    return bool(closed) or not missing.exists()


def _listen_for_a_while(job: Job, ear: Ear, missing: TrackQuerySet) -> GateClosed | None:
    """Hear batch by batch; while one is heard, threads fetch the next. None when time is up, not work."""
    deadline, closed = time.monotonic() + BATCH_S, None
    songs = _in_batches(missing, deadline)
    pool = ThreadPoolExecutor(FETCHERS)
    try:
        coming = _fetch(pool, [Hunt(track) for track in next(songs, [])])
        while coming:
            hunts = [future.result() for future in coming]
            coming = _fetch(pool, [Hunt(track) for track in next(songs, [])])
            heard, unusable = _hear(ear, hunts)
            coming += _fetch(pool, unusable)
            closed = next((hunt.closed for hunt in hunts if hunt.is_held_up), closed)
            if all(hunt.is_held_up for hunt in hunts):
                songs.close()  # asking for more would only be refused
            _store_heard(ear.encoder, heard)
            jobs.tick(job, done=job.done + len(heard), total=job.total)
    finally:
        pool.shutdown(cancel_futures=True)
    return closed if time.monotonic() < deadline else None


def _in_batches(missing: TrackQuerySet, deadline: float) -> Generator[list[Track], None, None]:
    last_pk = 0
    while time.monotonic() < deadline and (batch := list(missing.filter(pk__gt=last_pk)[:LISTEN_BATCH])):
        last_pk = batch[-1].pk
        yield batch
        if Identification.objects.waiting().exists():
            return  # somebody looks at a page until this worker is free


def _fetch(pool: ThreadPoolExecutor, hunts: list[Hunt]) -> list[Future[Hunt]]:
    return [pool.submit(_fetched, hunt) for hunt in hunts]


def _fetched(hunt: Hunt) -> Hunt:
    try:
        return hunt.fetched()
    finally:
        connection.close()  # a gate that closed was noted in the database, on this thread's own connection


def _hear(ear: Ear, hunts: list[Hunt]) -> tuple[list[Heard], list[Hunt]]:
    """What is known for good now, and whose audio was unusable, so that the next provider gets its turn."""
    clips = {place: hunt.data for place, hunt in enumerate(hunts) if hunt.data is not None}
    heard = [_not_heard(hunt) for hunt in hunts if hunt.data is None and not hunt.is_held_up]
    unusable = []
    described = _described_by_a_service([hunts[place].track for place in clips])
    undescribed = {number for number, place in enumerate(clips) if hunts[place].track.pk not in described}
    for place, sound in zip(clips, ear.many(list(clips.values()), undescribed), strict=True):
        hunt = hunts[place]
        if isinstance(sound, AudioError):
            hunt.error = str(sound)
            unusable.append(hunt)
        else:
            heard.append(Heard(hunt.track.pk, hunt.source, hunt.source_id, sound))
    return heard, unusable


def _described_by_a_service(tracks: list[Track]) -> set[int]:
    rows = AudioFeatures.objects.filter(track__in=tracks, values__isnull=False).exclude(source=FEATURE_SOURCE)
    return set(rows.values_list("track_id", flat=True))


def _not_heard(hunt: Hunt) -> Heard:
    error = hunt.error or _("No service has a preview of this song.")
    return Heard(hunt.track.pk, error=error, retry_after=hunt.retry_after)


def _unheard(job: Job, encoder: str) -> TrackQuerySet:
    answered = AudioAnalysis.objects.filter(
        Q(retry_at__isnull=True) | Q(retry_at__gt=timezone.now()), encoder=encoder
    )
    return _library(job).exclude(pk__in=answered.values("track"))


def _store_heard(encoder: str, heard: list[Heard]) -> None:
    now = timezone.now()
    fields = ["source", "source_id", "embedding", "error", "checked_at", "retry_at"]
    AudioAnalysis.objects.bulk_create(
        [_analysis(item, encoder, now) for item in heard],
        update_conflicts=True,
        unique_fields=["track", "encoder"],
        update_fields=fields,
    )
    _upsert_features(
        AudioFeatures(
            track_id=item.track_id, source=FEATURE_SOURCE, values=item.sound.features, checked_at=now
        )
        for item in heard
        if item.sound and item.sound.features
    )


def _analysis(item: Heard, encoder: str, now: datetime) -> AudioAnalysis:
    return AudioAnalysis(
        track_id=item.track_id,
        encoder=encoder,
        source=item.source,
        source_id=item.source_id,
        embedding=item.sound.embedding if item.sound else None,
        error=item.error[:300],
        checked_at=now,
        retry_at=now + item.retry_after if item.retry_after else None,
    )
