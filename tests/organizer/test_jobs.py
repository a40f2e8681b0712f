from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from organizer import accounts, jobs, silence, tasks
from organizer.models import Job, SpotifyAccount
from organizer.providers.errors import GateClosed
from tests.program import until


@pytest.fixture
def job(account: SpotifyAccount) -> Job:
    return jobs.start(account, Job.Kind.ORGANIZE)[0]


def claimed(job: Job) -> Job:
    found = jobs.claim(job.pk)
    assert found is not None
    return found


def test_a_second_start_joins_the_first(account: SpotifyAccount, job: Job) -> None:
    again, is_new = jobs.start(account, Job.Kind.ORGANIZE)
    assert (again.pk, is_new) == (job.pk, False)


def test_only_one_worker_can_claim(job: Job) -> None:
    assert jobs.claim(job.pk)
    assert jobs.claim(job.pk) is None


def test_a_handed_over_job_is_claimed_by_its_own_message_alone(job: Job) -> None:
    token = jobs.hand_over(job)
    assert jobs.claim(job.pk) is None
    assert jobs.claim(job.pk, "an older message") is None
    assert jobs.claim(job.pk, token)


def test_two_sweeps_at_once_do_not_take_the_job_from_who_works_on_it(job: Job) -> None:
    (seen_by_first,), (seen_by_second,) = jobs.due(), jobs.due()
    running = jobs.claim(job.pk, jobs.hand_over(seen_by_first))
    assert running
    assert jobs.hand_over(seen_by_second) == ""
    jobs.tick(running, done=1)


def test_the_job_of_a_killed_worker_is_due_after_its_lease(job: Job) -> None:
    claimed(job)
    assert jobs.due() == []
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert jobs.due() == [job]


def test_a_worker_that_stops_renewing_is_missed_before_its_lease_ends(job: Job) -> None:
    running = claimed(job)
    assert silence.of(running) is None
    heard_at = timezone.now() - timedelta(seconds=20)
    running.lease_until = heard_at + timedelta(seconds=30)
    assert silence.of(running) == silence.Silence(heard_at, running.lease_until)
    running.lease_until = timezone.now() - timedelta(seconds=1)
    missed = silence.of(running)
    assert missed and missed.until is None


def test_a_message_that_no_worker_takes_is_no_silence_of_a_worker(job: Job) -> None:
    Job.objects.update(state="running")
    jobs.hand_over(job)
    job.refresh_from_db()
    assert silence.of(job) is None
    handed_at = timezone.now() - timedelta(seconds=6)
    job.lease_until = handed_at + timedelta(seconds=60)
    assert silence.of(job) == silence.Silence(handed_at, None)
    assert jobs.claim(job.pk, job.lease_token)


@pytest.mark.parametrize("state", ["queued", "waiting", "paused", "done", "failed", "cancelled"])
def test_only_a_running_job_can_be_missed(job: Job, state: str) -> None:
    job.state, job.lease_until = state, timezone.now() - timedelta(hours=1)
    assert silence.of(job) is None


def test_a_worker_that_lost_its_lease_stops(job: Job) -> None:
    slow = claimed(job)
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    claimed(job)
    with pytest.raises(jobs.LeaseLost):
        jobs.tick(slow, done=1)


def test_a_cancelled_job_stops_at_its_next_checkpoint(job: Job) -> None:
    running = claimed(job)
    jobs.ask_cancel(job)
    with pytest.raises(jobs.Cancelled):
        jobs.tick(running, done=1)


def test_an_idle_job_is_cancelled_at_once(job: Job) -> None:
    jobs.ask_cancel(job)
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


def test_a_waiting_job_is_due_only_when_its_wait_is_over(job: Job) -> None:
    jobs.wait(claimed(job), 60, "Spotify asked us to wait (rate limit).")
    assert jobs.due() == []
    Job.objects.update(wait_until=timezone.now() - timedelta(seconds=1))
    assert jobs.due() == [job]


@pytest.mark.parametrize(("seconds", "is_sent"), [(0.5, True), (30, True), (119, True), (3600, False)])
def test_short_waits_are_messages_and_long_ones_are_left_to_the_sweep(
    job: Job, monkeypatch: pytest.MonkeyPatch, seconds: float, is_sent: bool
) -> None:
    def refuse(_: Job) -> None:
        raise GateClosed("Spotify asked us to wait.", retry_after_s=seconds, kind="rate")

    now, sent = timezone.now(), []
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)  # however long the machine takes
    monkeypatch.setattr(tasks, "_run_batch", refuse)
    monkeypatch.setattr(tasks.advance, "apply_async", lambda *_, countdown, **__: sent.append(countdown))
    tasks.advance(job.pk)
    assert sent == ([seconds] if is_sent else [])
    job.refresh_from_db()
    assert (job.state, job.wait_kind) == (Job.State.WAITING, "rate")


def test_a_wait_that_is_over_leaves_no_trace(job: Job) -> None:
    jobs.wait(claimed(job), 60, "Spotify asked us to wait.", "quota")
    assert jobs.wake(job) and not jobs.wake(Job(pk=0))
    job.refresh_from_db()
    assert (job.wait_kind, job.wait_reason) == ("", "")
    assert jobs.due() == [job]


def test_transient_failures_wait_longer_and_end_with_a_sentence(job: Job) -> None:
    waits = []
    for _ in range(jobs.MAX_FAILURES):
        Job.objects.update(wait_until=timezone.now() - timedelta(seconds=1))
        waits.append(jobs.retry_later(claimed(job), "Spotify did not answer."))
    assert waits == sorted(waits)
    Job.objects.update(wait_until=timezone.now() - timedelta(seconds=1))
    assert jobs.retry_later(claimed(job), "Spotify did not answer.") is None
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "Resume" in job.error


def test_progress_forgives_earlier_failures(job: Job) -> None:
    jobs.retry_later(claimed(job), "Spotify did not answer.")
    Job.objects.update(wait_until=timezone.now() - timedelta(seconds=1))
    jobs.tick(claimed(job), done=5)
    job.refresh_from_db()
    assert (job.failures, job.done) == (0, 5)


def test_starting_again_forgives_nothing(job: Job) -> None:
    jobs.retry_later(claimed(job), "Spotify did not answer.")
    Job.objects.update(wait_until=timezone.now() - timedelta(seconds=1))
    jobs.tick(claimed(job), total=100)
    job.refresh_from_db()
    assert job.failures == 1


def test_a_failed_job_resumes_unless_another_has_started(account: SpotifyAccount, job: Job) -> None:
    jobs.fail(claimed(job), "It broke.")
    assert jobs.resume(job)
    jobs.fail(claimed(job), "It broke.")
    jobs.start(account, Job.Kind.ORGANIZE)
    assert not jobs.resume(job)


@pytest.mark.django_db(transaction=True)
def test_a_long_step_keeps_its_lease(settings: Any, job: Job) -> None:
    settings.JOB_LEASE_S = 3
    running = claimed(job)
    with jobs.keep_alive(running):
        assert until(lambda: timezone.now() > running.lease_until, 30)
        assert jobs.claim(job.pk) is None
    jobs.tick(running, done=1)


def test_disconnecting_ends_the_jobs_of_that_account_quietly(account: SpotifyAccount, job: Job) -> None:
    running = claimed(job)
    accounts.unlink(account)
    with pytest.raises(jobs.LeaseLost):
        jobs.tick(running, done=1)
    assert tasks.work(job.pk) is None
