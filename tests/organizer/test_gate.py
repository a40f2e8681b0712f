"""The gate as processes share it: through Redis, with the database behind it."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.utils import timezone

from organizer import network
from organizer.gates import DatabaseLedger
from organizer.models import ServiceGate
from organizer.providers.errors import GateClosed, ProviderError
from organizer.providers.gate import Gate
from organizer.providers.paces import Pace

pytestmark = pytest.mark.django_db
NOWHERE = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2, retry=None)
PACES = {"spotify": Pace(20, 30.0), "deezer": Pace(20, 5.0)}


@pytest.fixture
def new_gate(redis_client: redis.Redis) -> Callable[..., Gate]:
    """A gate as another process would have it."""
    return lambda client=redis_client: Gate(client, DatabaseLedger(), paces=PACES)


def closed(gate: Gate, service: str = "spotify") -> GateClosed:
    with pytest.raises(GateClosed) as refusal:
        gate.enter(service)
    return refusal.value


@pytest.mark.parametrize("client", ["redis", "database"])
def test_two_processes_share_one_pace(new_gate: Any, redis_client: redis.Redis, client: str) -> None:
    first, second = (new_gate(redis_client if client == "redis" else NOWHERE) for _ in range(2))
    for _ in range(10):
        first.enter("spotify"), second.enter("spotify")
    assert closed(first).kind == closed(second).kind == "pace"
    assert 25 < closed(first).retry_after_s <= 30


def test_a_pause_outlives_a_redis_that_forgets(new_gate: Any, redis_client: redis.Redis) -> None:
    gate, other = new_gate(), new_gate()
    gate.enter("spotify"), other.enter("spotify")
    gate.block("spotify", 3600, "The developer quota of Spotify is used up.", "quota")
    redis_client.flushall()
    assert (closed(other).kind, str(closed(other))) == ("quota", "The developer quota of Spotify is used up.")
    assert 3590 < other.blocked("spotify").seconds <= 3600


def test_a_redis_that_forgets_is_told_of_the_calls_just_made(
    new_gate: Any, redis_client: redis.Redis
) -> None:
    gate, other = new_gate(), new_gate()
    for _ in range(10):
        gate.enter("spotify"), other.enter("spotify")
    redis_client.flushall()
    assert closed_after(other, gate) <= 2  # one each, until both have told


def closed_after(*gates: Gate) -> int:
    """How many calls get through, in turns."""
    for calls in range(100):
        try:
            gates[calls % len(gates)].enter("spotify")
        except GateClosed:
            return calls
    return 100


def test_a_redis_that_goes_and_comes_back_changes_nothing(
    new_gate: Any, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("organizer.providers.gate.REDIS_AGAIN_S", 0)
    gate, alive = new_gate(), redis_client.connection_pool
    for _ in range(8):
        gate.enter("spotify")
    redis_client.connection_pool = NOWHERE.connection_pool
    for _ in range(8):
        gate.enter("spotify")
    gate.block("deezer", 60, "Deezer asked us to wait.", "rate")
    redis_client.connection_pool = alive
    assert closed_after(gate) == 4
    assert closed(gate, "deezer").kind == "rate"


def test_the_database_is_not_asked_while_all_is_well(new_gate: Any, django_assert_num_queries: Any) -> None:
    gate = new_gate()
    gate.enter("spotify")
    with django_assert_num_queries(0):
        for _ in range(5):
            gate.enter("spotify")


def test_many_threads_never_exceed_the_pace(new_gate: Any) -> None:
    gate, passed = new_gate(), []
    gate.enter("spotify")

    def rush() -> None:
        for _ in range(10):
            try:
                gate.enter("spotify")
                passed.append(1)
            except GateClosed:
                return

    threads = [threading.Thread(target=rush) for _ in range(8)]
    [thread.start() for thread in threads], [thread.join() for thread in threads]
    assert len(passed) == 19


def test_the_user_may_try_a_quota_pause_once_in_five_minutes(new_gate: Any) -> None:
    gate = new_gate()
    gate.block("spotify", 3600, "The developer quota of Spotify is used up.", "quota")
    assert gate.reopen("spotify")
    assert gate.enter("spotify")
    gate.block("spotify", 3600, "The developer quota of Spotify is used up.", "quota")
    assert not gate.reopen("spotify")
    assert closed(gate).kind == "quota"


def test_a_rate_pause_is_not_for_the_user_to_end(new_gate: Any) -> None:
    gate = new_gate()
    gate.block("spotify", 30, "Spotify asked us to wait (rate limit).")
    assert not gate.reopen("spotify")


def ask(times: int = 1) -> list[type[Exception]]:
    """What so many calls to Spotify come to."""
    met: list[type[Exception]] = []
    for _ in range(times):
        try:
            network.http().call("spotify", "GET", f"{network.settings.SPOTIFY_API_URL}/me")
            met.append(type(None))
        except ProviderError as failure:
            met.append(type(failure))
    return met


@pytest.mark.parametrize("fault", ["http_503", "malformed_json", "timeout_before_effect"])
def test_a_service_that_keeps_failing_gets_a_rest_and_one_success_ends_it(
    ada: Any, simulator: Any, settings: Any, fault: str
) -> None:
    settings.HTTP_TIMEOUT_S = 0.2
    network.reset()
    simulator.set_fault(fault, service="spotify")
    unreadable = {"headers": {"Authorization": f"Bearer {ada.access_token}"}}
    for _ in range(5):
        with pytest.raises(ProviderError):
            network.http().call("spotify", "GET", f"{settings.SPOTIFY_API_URL}/me", **unreadable).json()
    assert closed(network.gate()).kind == "outage"
    simulator.clear_faults()
    settings.HTTP_TIMEOUT_S = 10
    network.http.cache_clear()  # the gate stays, with what it knows
    ServiceGate.objects.update(blocked_until=timezone.now())
    network.gate()._redis.client.flushall()
    assert ask(2) == [type(None)] * 2
    assert ServiceGate.objects.get(service="spotify").failures == 0


def test_a_refusal_by_rate_and_one_by_quota_are_told_apart(simulator: Any, db: None) -> None:
    found = {}
    for fault in ("rate_limited", "quota_exceeded"):
        simulator.set_fault(fault, times=1)
        with pytest.raises(GateClosed) as refusal:
            network.http().call("spotify", "GET", f"{network.settings.SPOTIFY_API_URL}/me")
        found[refusal.value.kind] = str(refusal.value)
        ServiceGate.objects.all().delete()
        network.gate()._redis.client.flushall()
    assert set(found) == {"rate", "quota"} and len(set(found.values())) == 2


def test_an_answer_that_refuses_is_no_outage(simulator: Any, db: None) -> None:
    simulator.set_fault("plain_text_403")
    ask(8)
    assert network.gate().enter("spotify") is False


def test_the_forecast_of_a_thousand_calls(new_gate: Any) -> None:
    gate = new_gate()
    assert gate.forecast("spotify", 20) == 0
    assert gate.forecast("spotify", 1000) == pytest.approx(49 * 30, abs=1)
    gate.block("spotify", 60, "Spotify asked us to wait (rate limit).")
    assert gate.forecast("spotify", 1) == pytest.approx(60, abs=1)


def test_keeping_pace_is_no_pause(new_gate: Any) -> None:
    gate = new_gate()
    assert closed_after(gate) == 20
    assert gate.blocked("spotify") is None
