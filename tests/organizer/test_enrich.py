from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from classifier.sound import spotify_like
from classifier.sound.opinion import WIDTH, unpacked
from organizer import classify, ear, enrich, hunting, jobs, network, tasks
from organizer.models import AudioAnalysis, AudioFeatures, Job, SpotifyAccount, Track
from tests.organizer.test_library import sync

SOME = 12


@pytest.fixture
def job(ada: SpotifyAccount) -> Job:
    """A job at the enrich phase of a library of a dozen songs."""
    sync(ada)
    keep = Track.objects.movable().order_by("pk").values_list("pk", flat=True)[:SOME]
    ada.saves.exclude(track__in=list(keep)).delete()
    started, _ = jobs.start(ada, Job.Kind.ORGANIZE)
    Job.objects.filter(pk=started.pk).update(phase="enrich")
    claimed = jobs.claim(started.pk)
    assert claimed is not None
    return claimed


def test_features_are_stored_by_name_and_misses_are_remembered(job: Job, simulator: Any) -> None:
    assert enrich.enrich_batch(job)
    rows = AudioFeatures.objects.all()
    assert rows.count() == SOME
    for row in rows:
        truth = simulator.track(row.track.uri)
        assert (row.values is not None) == truth["reccobeats"]
    before = len(simulator.requests("reccobeats"))
    assert enrich.enrich_batch(job)
    assert len(simulator.requests("reccobeats")) == before


def test_previews_become_embeddings_and_nothing_else_is_kept(job: Job) -> None:
    assert enrich.listen_batch(job, ear.Ear())
    heard = AudioAnalysis.objects.exclude(embedding__isnull=True)
    assert AudioAnalysis.objects.count() == SOME
    assert heard.count() >= SOME // 2
    embeddings = unpacked([bytes(row.embedding) for row in heard])
    assert embeddings.shape == (heard.count(), WIDTH) and np.isfinite(embeddings).all()


def test_songs_that_no_service_describes_are_described_by_their_sound(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spotify_like, "available", lambda: True)
    monkeypatch.setattr(spotify_like, "features_of", lambda waves: [{"energy": 0.25}] * len(waves))
    assert enrich.enrich_batch(job) and enrich.listen_batch(job, ear.Ear())
    heard = set(AudioAnalysis.objects.filter(embedding__isnull=False).values_list("track", flat=True))
    values = AudioFeatures.objects.filter(values__isnull=False)
    by_service = set(values.filter(source="reccobeats").values_list("track", flat=True))
    assert set(values.filter(source="sound").values_list("track", flat=True)) == heard - by_service
    assert heard - by_service and heard & by_service
    a_track = Track.objects.get(pk=min(heard - by_service))
    assert classify._features([a_track])[a_track.pk].values == {"energy": 0.25}


def test_what_a_service_says_counts_before_what_was_heard(job: Job) -> None:
    track = Track.objects.movable()[0]
    for source, energy in (("sound", 0.1), ("reccobeats", 0.9)):
        AudioFeatures.objects.create(
            track=track, source=source, values={"energy": energy}, checked_at=timezone.now()
        )
    assert classify._features([track])[track.pk].values == {"energy": 0.9}


def test_without_the_extra_nobody_is_described_by_sound(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spotify_like, "available", lambda: False)
    assert enrich.listen_batch(job, ear.Ear())
    assert not AudioFeatures.objects.filter(source="sound").exists()


def test_a_second_run_asks_nobody_and_hears_nothing(job: Job, simulator: Any) -> None:
    assert enrich.listen_batch(job, ear.Ear())
    before = simulator.counts()
    assert enrich.listen_batch(job, ear.Ear())
    assert simulator.counts() == before


def test_every_song_is_heard_once_however_the_batches_fall(
    job: Job, simulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrich, "LISTEN_BATCH", 5)
    assert enrich.listen_batch(job, ear.Ear())
    assert AudioAnalysis.objects.count() == SOME
    fetched = [row["path"] for row in simulator.requests("dzcdn") + simulator.requests("itunes-preview")]
    assert len(fetched) == len(set(fetched)) == AudioAnalysis.objects.exclude(source="").count()


def test_unusable_audio_of_one_service_gives_way_to_the_next(job: Job, simulator: Any) -> None:
    simulator.set_fault("html_instead_of_audio", service="dzcdn")
    assert enrich.listen_batch(job, ear.Ear())
    heard = AudioAnalysis.objects.filter(embedding__isnull=False)
    assert heard.exists() and set(heard.values_list("source", flat=True)) == {"itunes"}
    refused = AudioAnalysis.objects.filter(error="The file is a web page, not audio.")
    assert AudioAnalysis.objects.count() == SOME and refused.exists()


@pytest.mark.parametrize(
    "fault", ["html_instead_of_audio", "truncated_audio", "empty_audio", "dead_preview", "oversized"]
)
def test_a_bad_preview_is_a_sentence_on_the_song_and_the_job_goes_on(
    job: Job, simulator: Any, fault: str
) -> None:
    simulator.set_fault(fault, service="dzcdn|itunes-preview")
    assert enrich.listen_batch(job, ear.Ear())
    assert AudioAnalysis.objects.count() == SOME
    for row in AudioAnalysis.objects.filter(embedding__isnull=True):
        assert row.error.endswith(".") and row.retry_at


def test_a_service_that_stays_away_is_skipped_with_a_note(job: Job, simulator: Any) -> None:
    simulator.set_fault("http_503", service="reccobeats")
    Job.objects.update(failures=enrich.TRIES - 1)
    job.refresh_from_db()
    assert enrich.enrich_batch(job)
    assert "ReccoBeats" in job.counts["notes"][0]


def test_a_service_that_has_a_rest_is_done_without(job: Job, simulator: Any) -> None:
    for _ in range(5):
        network.gate().failed("reccobeats")
    assert enrich.enrich_batch(job)
    assert "ReccoBeats does not answer properly" in job.counts["notes"][0]
    assert simulator.requests("reccobeats") == []


def test_a_short_pause_of_deezer_makes_the_job_wait_and_say_why(job: Job, simulator: Any) -> None:
    network.gate().block("deezer", 60, "Deezer asked us to wait (rate limit).")
    Job.objects.update(phase="listen", lease_until=None)
    waiting = tasks.work(job.pk)
    assert (waiting.state, waiting.wait_reason) == (
        Job.State.WAITING,
        "Deezer asked us to wait (rate limit).",
    )


@pytest.mark.parametrize(
    ("fault", "service", "wait"),
    [
        ("http_500", "deezer|itunes", hunting.RETRY_OUTAGE_AFTER),
        ("http_503", "dzcdn|itunes-preview", hunting.RETRY_OUTAGE_AFTER),
        ("dead_preview", "dzcdn|itunes-preview", hunting.RETRY_MISS_AFTER),
    ],
)
def test_outages_are_asked_again_within_the_hour_and_misses_after_a_month(
    job: Job, simulator: Any, fault: str, service: str, wait: timedelta
) -> None:
    simulator.set_fault(fault, service=service)
    enrich.listen_batch(job, ear.Ear())
    row = AudioAnalysis.objects.exclude(error__startswith="No service").first()
    assert row.retry_at - row.checked_at == wait


def test_the_model_is_told_which_features_were_heard() -> None:
    track = Track(uri="spotify:track:x", artist_names=["A"], duration_ms=1000)
    for source, heard in (("sound", True), ("reccobeats", False)):
        row = AudioFeatures(source=source, values={"energy": 0.5})
        assert classify.example(track, row).features_were_heard is heard
    assert not classify.example(track, None).features_were_heard
