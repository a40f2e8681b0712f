from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from organizer import jobs, network, tasks
from organizer.models import Job, SpotifyAccount
from organizer.templatetags import job_words
from tests.organizer.browsing import said, signed_in

HTMX = {"HX-Request": "true"}


@pytest.fixture
def job(account: SpotifyAccount) -> Job:
    return jobs.start(account, Job.Kind.ORGANIZE)[0]


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some minutes later it is the same day, which then goes without saying."""
    now = timezone.now().replace(hour=12)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)


def test_starting_twice_makes_one_job(account: SpotifyAccount) -> None:
    client = signed_in(account)
    for _ in range(2):
        assert client.post(reverse("start"))["Location"] == reverse("library")
    assert account.jobs.get().kind == Job.Kind.ORGANIZE


def test_nothing_starts_on_a_dead_link(account: SpotifyAccount) -> None:
    SpotifyAccount.objects.update(needs_link=True)
    response = signed_in(account).post(reverse("start"))
    assert response["Location"] == reverse("link")
    assert not account.jobs.exists()


def test_htmx_gets_the_panel_alone_and_asks_again(account: SpotifyAccount, job: Job) -> None:
    response = signed_in(account).get(reverse("job", args=[job.pk]), headers=HTMX)
    assert b"<html" not in response.content
    assert b'hx-trigger="every 2s"' in response.content
    assert "HX-Refresh" not in response


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_the_panel_of_an_ended_job_stops_asking(account: SpotifyAccount, job: Job, state: str) -> None:
    Job.objects.update(state=state, finished_at=timezone.now())
    response = signed_in(account).get(reverse("job", args=[job.pk]), headers=HTMX)
    assert b"hx-trigger" not in response.content
    assert response["HX-Refresh"] == "true"


def test_a_waiting_job_says_why_and_until_when(account: SpotifyAccount, job: Job, noon: None) -> None:
    until = timezone.now() + timedelta(minutes=7)
    Job.objects.update(state="waiting", wait_reason="Spotify asked us to wait.", wait_until=until)
    page = signed_in(account).get(reverse("job", args=[job.pk])).content.decode()
    assert "Spotify asked us to wait." in page
    assert f">{until:%H:%M}</time>" in page


def test_what_the_app_replaced_by_itself_alarms_nobody(account: SpotifyAccount) -> None:
    values = {"account": account, "kind": "reclassify", "phase": "classify", "state": "cancelled"}
    mine = Job.objects.create(**values, is_cancel_asked=True, finished_at=timezone.now())
    replaced = Job.objects.create(**values, finished_at=timezone.now())
    client = signed_in(account)
    assert list(client.get(reverse("jobs")).context["page"]) == [mine]
    page = client.get(reverse("job", args=[replaced.pk])).content.decode()
    assert "Replaced by a newer one" in page and "Started because another model" in page
    assert "You stopped it" not in page and "Resume" not in page


def test_a_job_whose_worker_is_gone_says_since_when_and_that_it_goes_on(
    account: SpotifyAccount, job: Job
) -> None:
    jobs.claim(job.pk)
    url = reverse("job", args=[job.pk])
    assert "has not been heard of" not in signed_in(account).get(url, headers=HTMX).content.decode()
    then = timezone.now() + timedelta(seconds=12)
    Job.objects.update(lease_until=then)
    panel = signed_in(account).get(url, headers=HTMX).content.decode()
    since = then - timedelta(seconds=30)
    assert f"not been heard of since {since:%H:%M:%S}. It goes on by itself at {then:%H:%M:%S}." in panel


@pytest.mark.parametrize(
    ("kind", "badge"),
    [
        ("pace", "Keeping pace"),
        ("rate", "Asked to wait"),
        ("quota", "Quota used up"),
        ("outage", "No answer"),
    ],
)
def test_the_kinds_of_waiting_look_different(
    account: SpotifyAccount, job: Job, kind: str, badge: str
) -> None:
    jobs.wait(jobs.claim(job.pk), 600, "It waits.", kind)
    page = signed_in(account).get(reverse("job", args=[job.pk])).content.decode()
    assert badge in page
    assert ("Try now" in page) is (kind == "quota")


def test_a_quota_pause_can_be_tried_once_in_five_minutes(
    account: SpotifyAccount, job: Job, redis_client: Any
) -> None:
    client = signed_in(account)
    for is_first in (True, False):
        network.gate().block("spotify", 3600, "The developer quota of Spotify is used up.", "quota")
        Job.objects.update(lease_until=None)
        jobs.wait(jobs.claim(job.pk), 3600, "The developer quota of Spotify is used up.", "quota")
        response = client.post(reverse("job-try-now", args=[job.pk]))
        assert ("tried just before" in said(response)) is not is_first
        job.refresh_from_db()
        assert (job.wait_until <= timezone.now()) is is_first
        assert (network.gate().blocked("spotify") is None) is is_first
        Job.objects.update(wait_until=timezone.now())


def test_only_a_quota_pause_can_be_tried(account: SpotifyAccount, job: Job) -> None:
    assert "any more" in said(signed_in(account).post(reverse("job-try-now", args=[job.pk])))


def test_a_job_says_what_it_costs_and_how_long_that_takes(
    account: SpotifyAccount, job: Job, redis_client: Any
) -> None:
    Job.objects.update(cost=1000, state="running", total=50_000, done=25_000)
    page = signed_in(account).get(reverse("job", args=[job.pk])).content.decode()
    assert "About 1,000 calls to Spotify, about 2 min left at the pace that it allows." in page
    Job.objects.update(phase="classify")
    page = signed_in(account).get(reverse("job", args=[job.pk])).content.decode()
    assert "calls to Spotify" not in page


def groups(client: Client) -> dict[str, list[Job]]:
    context = client.get(reverse("jobs")).context
    return {
        "attention": context["attention"],
        "running": context["running"],
        "waiting": context["waiting"],
        "done": list(context["page"].object_list),
    }


def test_jobs_are_grouped_by_what_they_need(account: SpotifyAccount, job: Job) -> None:
    write, _ = jobs.start(account, Job.Kind.WRITE)
    Job.objects.filter(pk=job.pk).update(state="failed", error="It broke.", finished_at=timezone.now())
    assert groups(signed_in(account)) == {"attention": [job], "running": [write], "waiting": [], "done": []}


@pytest.mark.parametrize(
    ("kind", "group"),
    [("pace", "running"), ("rate", "waiting"), ("quota", "waiting"), ("outage", "waiting")],
)
def test_what_others_hold_up_is_listed_as_waiting(
    account: SpotifyAccount, job: Job, noon: None, kind: str, group: str
) -> None:
    jobs.wait(jobs.claim(job.pk), 600, "Somebody else took it all.", kind)
    client = signed_in(account)
    assert groups(client)[group] == [job]
    page = client.get(reverse("jobs")).content.decode()
    job.refresh_from_db()
    assert "Somebody else took it all." in page and f">{job.wait_until:%H:%M}</time>" in page


def test_a_list_is_loaded_again_when_a_job_has_moved_to_another_group(
    account: SpotifyAccount, job: Job
) -> None:
    client, address = signed_in(account), reverse("job", args=[job.pk])
    assert "HX-Refresh" not in client.get(address, {"list": "running"}, headers=HTMX)
    jobs.wait(jobs.claim(job.pk), 600, "The quota is used up.", "quota")
    assert client.get(address, {"list": "running"}, headers=HTMX)["HX-Refresh"] == "true"
    again = client.get(address, {"list": "waiting"}, headers=HTMX)
    assert "HX-Refresh" not in again and b"?list=waiting" in again.content


def test_a_failure_that_a_later_job_made_good_needs_no_attention(account: SpotifyAccount, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(state="failed", error="It broke.", finished_at=timezone.now())
    later, _ = jobs.start(account, Job.Kind.ORGANIZE)
    assert groups(signed_in(account)) == {"attention": [], "running": [later], "waiting": [], "done": [job]}


def test_the_list_costs_the_same_few_queries_however_long_it_is(
    account: SpotifyAccount, job: Job, redis_client: Any
) -> None:
    client, costs = signed_in(account), []
    client.get(reverse("jobs"))
    for more in (1, 300):
        ended = [
            Job(account=account, kind="write", state="done", finished_at=timezone.now()) for _ in range(more)
        ]
        Job.objects.bulk_create(ended)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("jobs"))
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12


def test_what_is_over_comes_page_by_page(account: SpotifyAccount) -> None:
    ended = [Job(account=account, kind="plan", state="done", finished_at=timezone.now()) for _ in range(30)]
    Job.objects.bulk_create(ended)
    client = signed_in(account)
    assert len(groups(client)["done"]) == 25
    assert len(client.get(reverse("jobs"), {"page": 2}).context["page"].object_list) == 5


@pytest.mark.parametrize("kind", ["organize", "write", "plan"])
def test_cancelling_says_beforehand_what_is_kept(account: SpotifyAccount, kind: str) -> None:
    job, _ = jobs.start(account, Job.Kind(kind))
    page = signed_in(account).get(reverse("job", args=[job.pk])).content.decode()
    assert job_words.keeps(job) in page


def test_a_paused_job_offers_to_reconnect_and_comes_back(account: SpotifyAccount, job: Job) -> None:
    jobs.pause(jobs.claim(job.pk), "The link to Spotify has ended.")
    page = signed_in(account).get(reverse("jobs")).content.decode()
    assert "Reconnect" in page and f'name="next" value="{reverse("job", args=[job.pk])}"' in page
    assert reverse("job-resume", args=[job.pk]) not in page


def test_a_missing_permission_asks_to_reconnect_which_sets_the_job_going(
    account: SpotifyAccount, job: Job
) -> None:
    jobs.fail(jobs.claim(job.pk), "A permission is missing.", remedy=jobs.RECONNECT)
    page = signed_in(account).get(reverse("job", args=[job.pk])).content.decode()
    assert "Reconnect" in page and "allow everything that is asked" in page
    assert [one.pk for one in jobs.unpause(account)] == [job.pk]
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED and "remedy" not in job.counts


def test_spotify_refusing_for_want_of_a_scope_leads_there(ada: SpotifyAccount, simulator: Any) -> None:
    job, _ = jobs.start(ada, Job.Kind.ORGANIZE)
    simulator.set_fault("insufficient_scope")
    tasks.work(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert job_words.is_stuck_on_link(job)


def test_a_failed_job_can_be_resumed(account: SpotifyAccount, job: Job) -> None:
    Job.objects.update(state="failed", error="It broke.", finished_at=timezone.now())
    client = signed_in(account)
    assert b"It broke." in client.get(reverse("job", args=[job.pk])).content
    client.post(reverse("job-resume", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED
    assert job.lease_token


def test_a_finished_job_cannot_be_resumed(account: SpotifyAccount, job: Job) -> None:
    Job.objects.update(state="done", finished_at=timezone.now())
    response = signed_in(account).post(reverse("job-resume", args=[job.pk]))
    assert "cannot go on" in said(response)


def test_an_idle_job_is_cancelled_at_once_and_a_working_one_asked_to_stop(
    account: SpotifyAccount, job: Job
) -> None:
    write, _ = jobs.start(account, Job.Kind.WRITE)
    Job.objects.filter(pk=write.pk).update(state="running")
    client = signed_in(account)
    for each in (job, write):
        client.post(reverse("job-cancel", args=[each.pk]))
        each.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert write.state == Job.State.RUNNING
    assert write.is_cancel_asked


def test_a_finished_reading_leads_to_the_genres(account: SpotifyAccount, job: Job) -> None:
    counts = {"liked": 1234, "new": 3, "classified": 1200}
    Job.objects.update(state="done", counts=counts, finished_at=timezone.now())
    page = signed_in(account).get(reverse("job", args=[job.pk])).content.decode()
    assert "1,234" in page
    assert f'href="{reverse("genres")}"' in page
