from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from organizer import accounts, jobs, plans, schedules, summary, tasks
from organizer.models import Job, Plan, SpotifyAccount
from organizer.plans import Choice

Schedule = SpotifyAccount.Schedule
NOW = datetime(2026, 3, 10, 7, 30, tzinfo=UTC)


@pytest.fixture
def due(account: SpotifyAccount) -> SpotifyAccount:
    """Daily, adding by itself, and a month late."""
    schedules.choose(account, "daily", True)
    return late(account)


def late(account: SpotifyAccount, days: float = 30.5) -> SpotifyAccount:
    account.next_run_at = timezone.now() - timedelta(days=days)
    account.save()
    return account


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The jobs for which a message was sent; nobody receives it."""
    numbers: list[int] = []
    monkeypatch.setattr(tasks, "enqueue", lambda job, **_: numbers.append(job.pk))
    yield numbers


def test_the_first_run_is_one_interval_after_the_choice(account: SpotifyAccount) -> None:
    schedules.choose(account, "weekly", False)
    account.refresh_from_db()
    wait = account.next_run_at - timezone.now()
    assert timedelta(days=6, hours=22) < wait < timedelta(days=7, hours=2)


def test_choosing_the_same_again_moves_nothing(due: SpotifyAccount) -> None:
    before = due.next_run_at
    schedules.choose(due, "daily", False)
    due.refresh_from_db()
    assert (due.next_run_at, due.schedule_applies) == (before, False)


def test_off_means_no_run(due: SpotifyAccount) -> None:
    schedules.choose(due, "off", True)
    assert due.next_run_at is None
    assert schedules.start_due() == []


def test_a_month_without_a_clock_is_caught_up_by_one_run(due: SpotifyAccount) -> None:
    (job,) = schedules.start_due()
    assert (job.kind, Job.objects.get().wish) == (Job.Kind.ORGANIZE, {"then": "apply"})
    assert schedules.start_due() == []
    due.refresh_from_db()
    assert timedelta(0) < due.next_run_at - timezone.now() <= timedelta(days=1)


@pytest.mark.parametrize("missed", [0, 0.3, 1, 2.9, 31])
def test_the_next_run_keeps_the_time_of_day(missed: float) -> None:
    now = NOW + timedelta(days=missed)
    after = schedules.next_run(NOW, Schedule.DAILY, now)
    assert now < after <= now + timedelta(days=1)
    assert (after.hour, after.minute) == (7, 30)


def test_summer_time_does_not_move_the_time_of_day(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    timezone.get_default_timezone.cache_clear()
    last = datetime(2026, 3, 28, 6, 30, tzinfo=UTC)  # half past seven, the day before
    after = schedules.next_run(last, Schedule.DAILY, last + timedelta(minutes=1))
    settings.TIME_ZONE = "UTC"
    timezone.get_default_timezone.cache_clear()
    assert after.astimezone(UTC) == datetime(2026, 3, 29, 5, 30, tzinfo=UTC)


def test_two_clocks_start_one_run(due: SpotifyAccount) -> None:
    first, second = (SpotifyAccount.objects.get(pk=due.pk) for _ in range(2))
    now = timezone.now()
    assert schedules._start(first, now)
    assert schedules._start(second, now) is None
    assert Job.objects.count() == 1


def test_a_run_joins_a_reading_that_is_under_way(due: SpotifyAccount) -> None:
    job, _ = jobs.start(due, Job.Kind.ORGANIZE)
    assert schedules.start_due() == []
    job.refresh_from_db()
    assert job.wish == {"then": "apply"}


def test_without_a_link_the_run_waits_for_the_user_and_comes_once(due: SpotifyAccount) -> None:
    SpotifyAccount.objects.update(needs_link=True)
    assert schedules.start_due() == []
    SpotifyAccount.objects.update(needs_link=False)
    assert len(schedules.start_due()) == 1
    assert schedules.start_due() == []


def test_the_sweep_starts_and_sends_what_is_due(due: SpotifyAccount, sent: list[int]) -> None:
    tasks.wake_jobs()
    assert sent == [Job.objects.get(kind=Job.Kind.ORGANIZE).pk]


def finished(account: SpotifyAccount, kind: Job.Kind, **values: Any) -> Job:
    job = Job.objects.create(account=account, kind=kind, phase="classify", **values)
    claimed = jobs.claim(job.pk)
    assert claimed is not None
    tasks._finish(claimed)
    return claimed


def test_without_a_genre_the_run_ends_with_a_note(due: SpotifyAccount, sent: list[int]) -> None:
    job = finished(due, Job.Kind.ORGANIZE, wish={"then": "apply"})
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert "no genre is chosen" in job.counts["notes"][0]
    assert sent == []


def test_a_reading_by_hand_is_followed_by_nothing(due: SpotifyAccount, sent: list[int]) -> None:
    plans.choose(due, [Choice("Rock", ("rock",), 0.5)])
    finished(due, Job.Kind.ORGANIZE)
    assert (sent, Job.objects.count()) == ([], 1)


def test_a_scheduled_reading_is_followed_by_a_plan(due: SpotifyAccount, sent: list[int]) -> None:
    plans.choose(due, [Choice("Rock", ("rock",), 0.5)])
    finished(due, Job.Kind.ORGANIZE, wish={"then": "apply"})
    plan = Job.objects.get(kind=Job.Kind.PLAN)
    assert (plan.wish, sent) == ({"then": "apply"}, [plan.pk])


def test_a_plan_that_the_user_is_having_made_takes_over_the_wish(
    due: SpotifyAccount, sent: list[int]
) -> None:
    plans.choose(due, [Choice("Rock", ("rock",), 0.5)])
    Job.objects.create(account=due, kind=Job.Kind.PLAN, phase="plan")
    finished(due, Job.Kind.ORGANIZE, wish={"then": "apply"})
    assert Job.objects.get(kind=Job.Kind.PLAN).wish == {"then": "apply"}


@pytest.mark.parametrize(("schedule", "applies", "wish"), [("daily", False, "plan"), ("off", True, None)])
def test_the_schedule_at_the_end_of_the_reading_counts(
    due: SpotifyAccount, sent: list[int], schedule: str, applies: bool, wish: str | None
) -> None:
    plans.choose(due, [Choice("Rock", ("rock",), 0.5)])
    schedules.choose(due, schedule, applies)
    finished(due, Job.Kind.ORGANIZE, wish={"then": "apply"})
    assert [job.wish["then"] for job in Job.objects.filter(kind=Job.Kind.PLAN)] == ([wish] if wish else [])


@pytest.fixture
def proposed(library: SpotifyAccount) -> Plan:
    schedules.choose(library, "daily", True)
    plans.choose(library, [Choice("Rock", ("rock",), 0.5)])
    return plans.make(library)


def test_additions_are_written_by_themselves(proposed: Plan, sent: list[int]) -> None:
    finished(proposed.account, Job.Kind.PLAN, wish={"then": "apply"}, counts={"plan": proposed.pk})
    proposed.refresh_from_db()
    assert proposed.state == Plan.State.APPLYING
    assert proposed.job.kind == Job.Kind.WRITE
    assert sent == [proposed.job_id]


def test_removals_never_go_by_themselves(proposed: Plan, sent: list[int]) -> None:
    proposed.items.update(kind="remove", is_accepted=True)
    finished(proposed.account, Job.Kind.PLAN, wish={"then": "apply"}, counts={"plan": proposed.pk})
    proposed.refresh_from_db()
    assert proposed.state == Plan.State.PROPOSED
    assert not proposed.items.filter(is_accepted=True).exists()
    assert sent == []


def test_plan_only_leaves_the_plan_to_the_user(proposed: Plan, sent: list[int]) -> None:
    finished(proposed.account, Job.Kind.PLAN, wish={"then": "plan"}, counts={"plan": proposed.pk})
    proposed.refresh_from_db()
    assert (proposed.state, sent) == (Plan.State.PROPOSED, [])


def test_a_writing_under_way_leaves_the_plan_proposed_and_says_so(proposed: Plan, sent: list[int]) -> None:
    jobs.start(proposed.account, Job.Kind.WRITE)
    job = finished(proposed.account, Job.Kind.PLAN, wish={"then": "apply"}, counts={"plan": proposed.pk})
    proposed.refresh_from_db()
    job.refresh_from_db()
    assert proposed.state == Plan.State.PROPOSED
    assert "being written" in job.counts["notes"][0]


def test_a_kill_before_the_message_is_sent_loses_nothing(
    proposed: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(job: Job, **_: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(tasks, "enqueue", killed)
    with pytest.raises(SystemExit):
        finished(proposed.account, Job.Kind.PLAN, wish={"then": "apply"}, counts={"plan": proposed.pk})
    assert [job.kind for job in jobs.due()] == [Job.Kind.WRITE]


def test_a_kill_while_the_next_job_is_made_ends_neither(
    proposed: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(job: Job) -> None:
        raise SystemExit

    monkeypatch.setattr(schedules, "follow", killed)
    with pytest.raises(SystemExit):
        finished(proposed.account, Job.Kind.PLAN, wish={"then": "apply"}, counts={"plan": proposed.pk})
    assert Job.objects.get(kind=Job.Kind.PLAN).state == Job.State.RUNNING


def test_a_user_who_left_meanwhile_is_followed_by_nothing(due: SpotifyAccount, sent: list[int]) -> None:
    job = Job.objects.create(account=due, kind=Job.Kind.ORGANIZE, phase="sync", wish={"then": "plan"})
    claimed = jobs.claim(job.pk)
    accounts.unlink(due)
    assert claimed is not None
    tasks._finish(claimed)
    assert sent == []


def run_all(account: SpotifyAccount) -> None:
    """What the workers would do, until nothing is left to do."""
    while job := account.jobs.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING]).first():
        tasks.work(job.pk, job.lease_token)


def test_from_the_clock_to_spotify_without_a_hand(library: SpotifyAccount, sent: list[int]) -> None:
    plans.choose(library, [Choice("Rock", ("rock",), 0.5)])
    schedules.choose(library, "daily", True)
    finished(library, Job.Kind.ORGANIZE, wish={"then": "apply"})
    run_all(library)
    rule = library.playlists.get()
    assert rule.spotify_id and rule.written_uris
    assert [job.kind for job in library.jobs.order_by("pk")][-3:] == ["organize", "plan", "write"]
    assert library.plans.get().state == Plan.State.APPLIED


def test_whatever_the_policy_the_clock_removes_nothing(library: SpotifyAccount, sent: list[int]) -> None:
    plans.choose(library, [Choice("Rock", ("rock",), 0.3)])
    schedules.choose(library, "daily", True)
    SpotifyAccount.objects.update(removals="mirror")
    library.refresh_from_db()
    finished(library, Job.Kind.ORGANIZE, wish={"then": "apply"})
    run_all(library)
    held = library.playlists.get().written_uris
    library.playlists.update(min_confidence=0.9, genres=["rock", "pop"])
    finished(library, Job.Kind.ORGANIZE, wish={"then": "apply"})
    run_all(library)
    newest = library.plans.first()
    assert newest.items.filter(kind="remove").exists()
    assert set(held) <= set(library.playlists.get().written_uris)
    assert len(library.playlists.get().written_uris) > len(held)
    assert summary.since(library, NOW).waiting.removals == newest.items.filter(kind="remove").count()
