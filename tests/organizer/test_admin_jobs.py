"""Jobs in the admin: how far they are, what they wait for, and what an action on them does and leaves in the log."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from organizer import jobs
from organizer.models import Job, SpotifyAccount
from tests.organizer.admin_pages import at, told
from tests.organizer.browsing import another_account, said


def failed(account: SpotifyAccount | None, kind: str = "organize", **values: Any) -> Job:
    return Job.objects.create(
        account=account, kind=kind, phase="sync", state="failed", error="Spotify said no.", **values
    )


def test_failures_that_nothing_made_good_come_first(owner: Client, account: SpotifyAccount) -> None:
    old = failed(account)
    Job.objects.create(account=account, kind="organize", phase="sync", state="done")
    mine = failed(account, "plan")
    training = failed(None, "train")
    running = Job.objects.create(
        account=account, kind="write", phase="write", state="running", done=1, total=4
    )
    Job.objects.create(account=account, kind="map", phase="map", state="done")
    rows = list(owner.get(at("job_changelist")).context["cl"].queryset)
    assert rows[:3] == [training, mine, running]
    assert old in rows[3:]


def test_a_later_job_of_the_same_kind_and_account_answers_a_failure(account: SpotifyAccount) -> None:
    failed(account)
    theirs = failed(another_account())
    failed(None, "train")
    Job.objects.create(account=account, kind="organize", phase="sync", state="done")
    Job.objects.create(kind="train", phase="train", state="done")
    assert list(Job.objects.unanswered()) == [theirs]


def test_the_list_of_jobs_says_how_far_they_are_and_what_they_wait_for(
    owner: Client, account: SpotifyAccount, django_assert_max_num_queries: Any
) -> None:
    until = timezone.now() + timedelta(hours=2)
    Job.objects.create(
        account=account,
        kind="organize",
        phase="enrich",
        state="waiting",
        done=30,
        total=120,
        wait_reason="Deezer asked us to wait.",
        wait_until=until,
    )
    with django_assert_max_num_queries(12):
        page = owner.get(at("job_changelist")).content.decode()
    assert "30 of 120" in page and "Deezer asked us to wait. Until " in page
    assert (
        owner.get(at("job_changelist"), {"q": "Deezer", "state__exact": "done"}).context["cl"].result_count
        == 0
    )


@pytest.mark.parametrize(("state", "is_under_way"), [("running", True), ("waiting", True), ("failed", False)])
def test_the_page_of_a_job_that_is_under_way_keeps_itself_up_to_date(
    owner: Client, account: SpotifyAccount, state: str, is_under_way: bool
) -> None:
    job = Job.objects.create(account=account, kind="reclassify", phase="classify", state=state)
    page = owner.get(at("job_change", job.pk)).content.decode()
    assert (f'<div id="job-poll" hx-get="{at("job_change", job.pk)}"' in page) == is_under_way
    assert ("htmx" in page) == is_under_way
    for swapped in ('id="job-poll"', 'id="operations"', "<fieldset"):  # and nothing else, so that focus stays
        assert page.count(swapped) == 1


def test_jobs_say_in_words_what_they_do_and_whether_their_worker_is_missed(owner: Client) -> None:
    then = timezone.now() + timedelta(seconds=9)
    job = Job.objects.create(kind="train", phase="judge", state="running", lease_until=then)
    for url in (at("job_changelist"), at("job_change", job.pk), reverse("admin:index")):
        page = owner.get(url).content.decode()
        assert "Its worker has not been heard of since" in page and f"{then:%H:%M:%S}." in page
        assert "judge" not in page
    assert "Running: Comparing with the model in use" in owner.get(at("job_changelist")).content.decode()


def test_a_classification_that_the_app_replaced_does_not_look_cancelled(
    owner: Client, account: SpotifyAccount
) -> None:
    job = Job.objects.create(account=account, kind="reclassify", phase="classify", state="cancelled")
    page = owner.get(at("job_change", job.pk)).content.decode()
    assert "Replaced by a newer one" in page and "Resume" not in page


def test_resuming_and_cancelling_are_done_and_kept(owner: Client, account: SpotifyAccount) -> None:
    job = failed(account)
    owner.post(at("job_resume", job.pk))
    assert Job.objects.get().state == Job.State.QUEUED
    owner.post(at("job_cancel", job.pk))
    assert Job.objects.get().state == Job.State.CANCELLED
    assert told("job") == [
        "Cancelled at “Reading your liked songs”, 0 of 0 done.",
        "Resumed after: Spotify said no.",
    ]


def test_several_jobs_at_once_are_each_kept(owner: Client, account: SpotifyAccount) -> None:
    rows = [failed(account), failed(account, "plan")]
    data = {"action": "resume", "_selected_action": [job.pk for job in rows]}
    assert "2 of 2 jobs go on" in said(owner.post(at("job_changelist"), data))
    assert len(told("job")) == 2


def test_what_has_ended_is_neither_cancelled_nor_kept(owner: Client, account: SpotifyAccount) -> None:
    job, _ = jobs.start(account, Job.Kind.PLAN)
    Job.objects.update(state="done")
    assert "ended before" in said(owner.post(at("job_cancel", job.pk)))
    assert told("job") == []
