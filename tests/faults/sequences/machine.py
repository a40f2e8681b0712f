"""The program's side: jobs driven to their end through waits, pauses, failures and kills, as time and users would."""

import gc
import math
import sys
from dataclasses import replace
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.utils import timezone

from classifier.labels import FAMILIES
from organizer import jobs, network, reverting, tasks
from organizer.models import Job, ModelVersion, Prediction, ServiceGate, Track
from tests.faults import mortal
from tests.faults.sequences.expected import SINK
from tests.faults.sequences.person import Person

ROUNDS = 60
PAGE, WRITE = 10, 5  # small, so that a dozen songs take several calls


class Stuck(AssertionError):
    """A job neither ends nor says why."""


def prepare() -> None:
    """Small pages and writes; songs get their genres from the model of the test, at once."""
    for name, module in list(sys.modules.items()):
        if name.startswith("organizer."):
            for constant, value, small in (("PAGE", 50, PAGE), ("WRITE", 100, WRITE)):
                if getattr(module, constant, None) == value:
                    setattr(module, constant, small)
    reverting.placed.__kwdefaults__["chunk"] = WRITE  # bound before it became small
    tasks.PHASES["sync"] = replace(tasks.PHASES["sync"], then="classify")
    tasks.PHASES["classify"] = replace(tasks.PHASES["classify"], run=_classify)
    values = {"path": "test", "labels": list(FAMILIES), "is_champion": True}
    ModelVersion.objects.get_or_create(name="test", defaults=values)
    gc.collect()
    gc.freeze()  # what is loaded by now stays: neither collections nor children of forks need to touch it


_person: list[Person] = []


def serve(person: Person) -> None:
    """Whose songs the model knows."""
    _person[:] = [person]


def _classify(job: Job) -> bool:
    version = ModelVersion.objects.get(name="test")
    assert job.account is not None
    tracks = Track.objects.liked_by(job.account).exclude(predictions__version=version)
    Prediction.objects.bulk_create([_prediction(track, version) for track in tracks], ignore_conflicts=True)
    return True


def _prediction(track: Track, version: ModelVersion) -> Prediction:
    genre, confidence = _person[0].songs.guess(track.uri)
    shares = dict.fromkeys(FAMILIES, 1e-9) | {SINK: 1 - confidence, genre: confidence}
    return Prediction(
        track=track,
        version=version,
        genre=genre,
        confidence=confidence,
        is_sure=confidence >= 0.5,
        log_probs={name: math.log(share) for name, share in shares.items()},
        why={"features": {genre: confidence}},
    )


def time_passes(job: Job | None = None) -> None:
    """Pauses are over, and so is the lease of a worker that died."""
    _redis().flushdb()
    ServiceGate.objects.all().delete()
    if job:
        row = Job.objects.filter(pk=job.pk)
        row.update(lease_until=None)
        row.filter(state=Job.State.WAITING).update(wait_until=timezone.now())


@lru_cache(maxsize=1)
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)


def run(job: Job, person: Person, *, killed_at: int = 0) -> Job:
    """The job after everything that waiting, reconnecting and resuming can do for it."""
    if killed_at:
        mortal.outlived(lambda: mortal.batches(job.pk), last=killed_at, sees_database=True)
        time_passes(job)
    resumed = 0
    for _ in range(ROUNDS):
        job = tasks.work(job.pk, job.lease_token) or Job.objects.get(pk=job.pk)
        if job.state == Job.State.PAUSED:
            person.reconnect()
            jobs.unpause(person.account)
        elif job.state == Job.State.FAILED and resumed < 3:
            resumed += 1
            jobs.resume(job)
        elif not job.is_active:
            return job
        if job.state != Job.State.RUNNING:
            time_passes(job)
    raise Stuck(f"{job} neither ends nor says why: {job.phase} {job.state} {job.wait_reason}")


def forget() -> None:
    """Nobody is linked and nothing is known, as after installation; the model stays."""
    from django.contrib.auth.models import User

    Job.objects.all().delete()
    User.objects.all().delete()
    Track.objects.all().delete()
    time_passes()
    network.reset()


def sentence(job: Job) -> Any:
    return job.error or job.wait_reason
