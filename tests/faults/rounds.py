"""Jobs worked on in this process, a batch at a time, without waiting for what services asked to wait for."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from organizer import jobs, plans, tasks, writing
from organizer.models import Job, Plan, SpotifyAccount
from tests.faults import journey
from tests.gates import open_gates
from tests.organizer.conftest import link, predict_in_turn
from tests.organizer.test_library import sync

ROUNDS = 12


def one_round(job: Job) -> Job:
    """One batch, after waiting out whatever services asked to wait for."""
    open_gates()
    Job.objects.filter(pk=job.pk).update(lease_until=None)
    Job.objects.filter(pk=job.pk, state=Job.State.WAITING).update(wait_until=timezone.now())
    return tasks.work(job.pk) or Job.objects.get(pk=job.pk)


def go_on(job: Job, simulator: Any) -> Job:
    """What the user can do after the fault: reconnect, press Resume, or nothing but wait."""
    if job.state == Job.State.PAUSED:
        account = link(job.account.spotify_id, simulator)
        assert jobs.unpause(account) == [job]
    if job.state == Job.State.FAILED:
        assert jobs.resume(job)
    for _ in range(ROUNDS):
        job = one_round(job)
        if not job.is_active:
            break
    assert job.state == Job.State.DONE, job.error or job.wait_reason
    return job


def has_job_in(phase: str, account: SpotifyAccount) -> Job:
    """A job whose next step is `phase`."""
    job, _ = jobs.start(account, Job.Kind.ORGANIZE)
    while job.phase != phase:
        job = one_round(job)
    return job


def edited(
    cleo: SpotifyAccount, simulator: Any, songs: int, *, finish: Callable[[Job, Any], Job] = go_on
) -> tuple[Plan, list[str]]:
    """Cleo's first playlist was written and edited by hand since; the plan, and what the playlist holds."""
    simulator.like(songs, user="cleo")
    sync(cleo)
    predict_in_turn(cleo)
    plan = journey.propose(cleo, [plans.Choice("Loud", ("rock", "pop"), 0.0)])
    finish(writing.start(plan)[0], simulator)
    playlist, foreign = simulator.playlist("Loud", "cleo"), simulator.state("ada")["liked"][0]
    simulator.edit_playlist("add", playlist["id"], user="cleo", uris=[foreign], position=2)
    left = simulator.edit_playlist("remove", playlist["id"], user="cleo", uris=playlist["uris"][:1])
    return plan, left["uris"]
