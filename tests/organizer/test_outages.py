"""Our own database or Redis going away is a pause, not a failure."""

from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.urls import reverse

from organizer import jobs, library, network, tasks
from organizer.models import Job, SpotifyAccount
from tests.organizer.browsing import signed_in

NOT_THERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def job(account: SpotifyAccount) -> Job:
    return jobs.start(account, Job.Kind.ORGANIZE)[0]


def failing(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("server closed the connection unexpectedly"),
        OperationalError("database or disk is full"),
        InterfaceError("connection already closed"),
    ],
)
def test_a_database_that_goes_away_makes_the_job_wait(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: Any, error: Exception
) -> None:
    monkeypatch.setattr(tasks, "_run_batch", failing(error))
    monkeypatch.setattr(tasks.connection, "close", lambda: None)  # it is the test's, too
    waiting = tasks.work(job.pk)
    assert (waiting.state, waiting.wait_kind, waiting.failures) == (Job.State.WAITING, "outage", 0)
    assert "Nothing is lost" in waiting.wait_reason
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("part", ["claim", "wait"])
def test_a_database_that_stays_away_leaves_the_job_to_the_sweep(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: Any, part: str
) -> None:
    gone = failing(OperationalError("connection refused"))
    monkeypatch.setattr(tasks, "_run_batch", gone)
    monkeypatch.setattr(jobs, part, gone)
    monkeypatch.setattr(tasks.connection, "close", lambda: None)
    tasks.advance(job.pk)
    tasks.wake_jobs()
    job.refresh_from_db()
    assert job.is_active and not job.error
    assert all(record.levelname == "WARNING" for record in caplog.records)


def test_the_sweep_outlasts_the_database(monkeypatch: pytest.MonkeyPatch, db: None, caplog: Any) -> None:
    monkeypatch.setattr(jobs, "due", failing(OperationalError("connection refused")))
    monkeypatch.setattr(tasks.connection, "close", lambda: None)
    tasks.wake_jobs()
    assert "the database failed" in caplog.text


def test_a_page_says_that_the_database_is_away(
    account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    client = signed_in(account)
    monkeypatch.setattr("organizer.views.jobs.render", failing(OperationalError("connection refused")))
    monkeypatch.setattr("organizer.views.outage.connection.close", lambda: None)
    response = client.get(reverse("jobs"))
    assert (response.status_code, response["Retry-After"]) == (503, "15")
    assert "Nothing of yours is lost" in response.content.decode()
    assert [record.levelname for record in caplog.records if record.name == "organizer.views.outage"] == [
        "WARNING"
    ]
    assert "Traceback" not in caplog.text


def test_pages_work_and_jobs_start_without_redis(
    account: SpotifyAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from organizer.celery import app

    settings.REDIS_URL = NOT_THERE
    network.reset()
    monkeypatch.setattr(app.conf, "broker_url", NOT_THERE)
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    client = signed_in(account)
    with app.connection_for_write(NOT_THERE) as nowhere:
        monkeypatch.setattr(app, "connection_for_write", lambda *_, **__: nowhere)
        assert client.post(reverse("start"))["Location"] == reverse("library")
    job = account.jobs.get()
    assert job.state == Job.State.QUEUED
    assert jobs.due() == [job]
    Job.objects.update(cost=12)
    assert "About 12 calls to Spotify." in client.get(reverse("job", args=[job.pk])).content.decode()


def test_a_library_is_read_without_redis(ada: SpotifyAccount, simulator: Any, settings: Any) -> None:
    settings.REDIS_URL = NOT_THERE
    network.reset()
    job = jobs.claim(jobs.start(ada, Job.Kind.ORGANIZE)[0].pk)
    assert library.sync_batch(job)
    assert ada.saves.count() == len(simulator.state()["liked"])


def test_a_channel_without_a_connection_is_a_lost_connection_to_the_worker() -> None:
    """The worker waits for the broker after those; any other error ends it."""
    from types import SimpleNamespace

    from organizer.celery import Channel, app

    closed = Channel.__new__(Channel)
    closed.connection = SimpleNamespace(client=None)
    with pytest.raises(app.connection_for_read().connection_errors):
        closed._connparams()
    assert app.connection_for_read().transport.Channel is Channel
