"""Gates in the admin: their state where they keep it, and the early try of a quota."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from organizer import network
from organizer.models import Job, ServiceGate, SpotifyAccount
from organizer.providers.standing import QUOTA, RATE
from tests.gates import open_gates
from tests.organizer.admin_pages import at, told
from tests.organizer.browsing import said


def state_of(client: Client, title: str) -> Any:
    rows = client.get(at("servicegate_changelist")).context["rows"]
    return next(row for row in rows if row.title == title)


def test_gates_are_read_where_they_keep_their_state(owner: Client) -> None:
    open_gates()
    gate = network.gate()
    gate.enter("deezer")
    gate.block("itunes", 600, "iTunes asked us to wait (rate limit).", RATE)
    for _ in range(5):
        gate.failed("reccobeats")
    assert state_of(owner, "Deezer").used == 1 and state_of(owner, "Deezer").state == "open"
    itunes = state_of(owner, "iTunes")
    assert "asked us to wait" in itunes.state and itunes.until and not itunes.may_try
    assert "failures" in state_of(owner, "ReccoBeats").state


def test_gates_are_read_from_the_database_without_redis(owner: Client, settings: Any) -> None:
    open_gates()
    network.gate().block("spotify", 3600, "Used up.", QUOTA)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    network.reset()
    assert "quota" in state_of(owner, "Spotify").state


def test_a_quota_is_tried_early_once_in_five_minutes_and_its_jobs_wake(
    owner: Client, account: SpotifyAccount
) -> None:
    open_gates()
    network.gate().block("spotify", 3600, "Used up.", QUOTA)
    later = timezone.now() + timedelta(hours=1)
    Job.objects.create(
        account=account, kind="plan", phase="plan", state="waiting", wait_kind="quota", wait_until=later
    )
    url = at("servicegate_try", "spotify")
    assert "Jobs woken: 1" in said(owner.post(url))
    assert network.gate().blocked("spotify") is None
    assert len(told("servicegate")) == 1
    network.gate().block("spotify", 3600, "Used up.", QUOTA)
    assert "once in five minutes" in said(owner.post(url))


def test_a_pause_that_was_asked_for_is_kept(owner: Client) -> None:
    open_gates()
    network.gate().block("spotify", 600, "Wait.", RATE)
    owner.post(at("servicegate_try", "spotify"))
    assert network.gate().blocked("spotify") is not None
    assert not ServiceGate.objects.filter(reopened_at__isnull=False).exists()
