"""The pure part of the gate, and that Redis' script says the same."""

from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from organizer.providers.paces import PACES, Pace, read_paces
from organizer.providers.redis_gate import RedisGate
from organizer.providers.standing import (
    FAILURES_TO_OPEN,
    LONGEST_REST_S,
    OUTAGE,
    PACE,
    PROBE_S,
    QUOTA,
    RATE,
    Standing,
)

NOW = 1_800_000_000.0
UNCHECKED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
SLOW = Pace(3, 10.0)


OPEN = Standing()


def failing(times: int, standing: Standing = OPEN, now: float = NOW) -> Standing:
    for _ in range(times):
        standing = standing.failed(max(now, standing.until), "It is ill.")
    return standing


def test_calls_above_the_pace_wait_until_there_is_room() -> None:
    standing = Standing()
    for second in range(3):
        assert standing.admission(SLOW, NOW + second).wait_s == 0
        standing = standing.called(NOW + second, SLOW)
    refused = standing.admission(SLOW, NOW + 4)
    assert (refused.kind, refused.wait_s) == (PACE, pytest.approx(6))
    assert standing.admission(SLOW, NOW + 10).wait_s == 0


def test_a_longer_pause_is_never_shortened() -> None:
    standing = Standing().paused(NOW, 60, "Long.", RATE)
    for seconds in (30, 59, 1):
        standing = standing.paused(NOW + 0.5, seconds, "Short.", RATE)
    assert (standing.until, standing.reason) == (NOW + 60, "Long.")
    assert standing.paused(NOW, 3600, "Longer.", QUOTA).kind == QUOTA


def test_five_outages_in_a_row_give_a_rest_that_doubles_up_to_ten_minutes() -> None:
    assert failing(FAILURES_TO_OPEN - 1).until == 0
    rests, standing = [], failing(FAILURES_TO_OPEN - 1)
    for _ in range(7):
        now = max(NOW, standing.until)
        standing = standing.failed(now, "It is ill.")
        rests.append(standing.until - now)
    assert rests == [30, 60, 120, 240, 480, LONGEST_REST_S, LONGEST_REST_S]
    assert standing.succeeded(standing.until).failures == 0


def test_calls_that_were_under_way_when_the_rest_began_do_not_make_it_longer() -> None:
    resting = failing(FAILURES_TO_OPEN)
    assert resting.failed(NOW + 1, "It is ill.") == resting


@pytest.mark.parametrize(
    "standing", [failing(FAILURES_TO_OPEN), Standing().paused(NOW, 30, "Used up.", QUOTA)]
)
def test_after_a_rest_one_call_feels_its_way_while_the_others_wait(standing: Standing) -> None:
    now = NOW + 31
    assert standing.admission(SLOW, now).is_shaky
    probing = standing.called(now, SLOW)
    assert probing.admission(SLOW, now + 1).wait_s == pytest.approx(PROBE_S - 1)
    assert probing.admission(SLOW, now + PROBE_S).wait_s == 0  # whoever felt its way was killed
    assert probing.succeeded(now + 1).admission(SLOW, now + 1).wait_s == 0


def test_a_straggler_that_went_well_does_not_end_a_quota_pause() -> None:
    standing = Standing().paused(NOW, 3600, "Used up.", QUOTA)
    assert standing.succeeded(NOW + 1).until == NOW + 3600


def test_a_refusal_within_our_pace_lowers_it_for_a_day() -> None:
    pace = Pace(95, 30.0)
    lowered = Standing().refused(pace, NOW, 60).refused(pace, NOW, 60)
    assert lowered.limit_at(pace, NOW) == 54
    assert lowered.limit_at(pace, NOW + 25 * 3600) == 95
    assert Standing().refused(pace, NOW, 20) == Standing()
    assert Standing().refused(Pace(12, 30.0), NOW, 7).limit == 10


def test_the_forecast_counts_pace_use_and_pause() -> None:
    used = Standing(calls=(NOW - 6, NOW - 2))
    assert [used.forecast(SLOW, NOW, calls) for calls in range(5)] == [0, 0, 4, 8, 10]
    assert used.paused(NOW, 60, "Wait.", RATE).forecast(SLOW, NOW, 3) == 60
    assert Standing().forecast(Pace(95, 30.0), NOW, 1000) == 300


steps = some.lists(
    some.tuples(
        some.sampled_from(
            ["enter", "enter", "enter", "fail", "succeed", "rate", "quota", "refused", "reopen"]
        ),
        some.floats(0, 20),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None, suppress_health_check=UNCHECKED)
@given(steps=steps)
def test_redis_decides_as_the_database_would(
    redis_client: redis.Redis, steps: list[tuple[str, float]]
) -> None:
    redis_client.flushall()
    gate, pace, known, now = RedisGate(redis_client), Pace(40, 10.0), Standing(), NOW
    gate.write("deezer", known)
    for what, pause in steps:
        now = round(now + pause / (20 if what == "enter" else 1), 3)
        for _ in range(15 if what == "enter" else 0):
            now = round(now + 0.01, 3)
            asked, entry = gate.enter("deezer", pace, now), known.admission(pace, now)
            assert asked and asked.entry.wait_s == pytest.approx(entry.wait_s, abs=1e-4)
            assert (asked.entry.kind, asked.entry.is_shaky) == (entry.kind, entry.is_shaky)
            known = known.called(now, pace) if not entry.wait_s else known
        known = changed(known, what, now, pace)
        gate.write("deezer", known)


def changed(known: Standing, what: str, now: float, pace: Pace) -> Standing:
    changes: dict[str, Any] = {
        "fail": lambda: failing(3, known, now),
        "succeed": lambda: known.succeeded(now),
        "rate": lambda: known.paused(now, 3, "Slower.", RATE),
        "quota": lambda: known.paused(now, 9, "Used up.", QUOTA),
        "refused": lambda: known.refused(pace, now, 25),
        "reopen": lambda: known.reopened(now),
    }
    return changes.get(what, lambda: known)()


def test_paces_are_read_and_nonsense_is_refused() -> None:
    assert read_paces("spotify=95/30, deezer=45/2.5") == {"spotify": Pace(95, 30.0), "deezer": Pace(45, 2.5)}
    assert read_paces("") == {}
    for text in ("spotify", "spotify=95", "myspace=1/1", "spotify=0/30", "spotify=9/0", "spotify=-1/30"):
        with pytest.raises(ValueError, match="PACES: "):
            read_paces(text)
    assert PACES["spotify"].calls < 100


def test_kinds_of_waits_are_those_of_jobs() -> None:
    from organizer.models import Job

    assert {PACE, RATE, QUOTA, OUTAGE} == set(Job.Wait.values)
