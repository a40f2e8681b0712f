"""Three users' jobs together at a service that takes 100 calls per window: its allowance is used, and kept."""

import csv
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest

from organizer.models import SpotifyAccount
from tests.faults import journey
from tests.faults.program import Processes
from tests.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.faults, pytest.mark.long]
LIMIT, OURS = 100, 95
SONGS, PAGES = 5500, 110
IS_REAL = os.environ.get("FAULTS") == "all"
WINDOW_S = 30.0 if IS_REAL else 15.0
USERS = ("ada", "ben", "cleo")


@pytest.fixture(scope="module")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """All three like the same songs, so that only reading them costs three times as much."""
    path = tmp_path_factory.mktemp("catalog") / "songs.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["track_id", "track_name", "artists", "track_genre"])
        writer.writerows([f"{n:022}", f"Song {n}", f"Artist {n % 300}", "rock"] for n in range(SONGS))
    with SimulatorProcess("--catalog", str(path), "--liked", str(SONGS)) as process:
        yield process


@pytest.fixture
def accounts(program: Processes, world: SimulatorProcess) -> list[SpotifyAccount]:
    env = {
        "PACES": f"spotify={OURS}/{WINDOW_S}",
        "FEATURE_PROVIDERS": ",",  # none: songs are only read and classified
        "PREVIEW_PROVIDERS": ",",
        "JOB_SWEEP_S": "10",
        "JOB_LEASE_S": "30",
    }
    program.start(program.worker_io, program.worker_ml, program.beat, env=env)
    world.like(SONGS, user="cleo")
    return [journey.link(name, world) for name in USERS]


def moments(calls: Sequence[dict[str, Any]]) -> list[float]:
    return [datetime.fromisoformat(call["time"]).timestamp() for call in calls]


def most_in_a_window(times: Sequence[float]) -> int:
    return max((sum(start <= time < start + WINDOW_S for time in times) for start in times), default=0)


def share_used(times: Sequence[float]) -> float:
    """Of what the windows from the first call on allow, without the last one, in which there is too little to do."""
    whole = int((times[-1] - times[0]) // WINDOW_S)
    assert whole >= 2, "there was too little to do to say"
    return sum(time < times[0] + whole * WINDOW_S for time in times) / (whole * LIMIT)


@pytest.mark.timeout(900)
def test_three_users_share_the_allowance(
    accounts: list[SpotifyAccount], world: SimulatorProcess, record_property: Any
) -> None:
    world.set_fault("rate_window", limit=LIMIT, window_s=WINDOW_S)
    before = len(world.requests("spotify"))
    started = [journey.start(account) for account in accounts]
    for job in started:
        journey.finished(job, timeout_s=600)
    calls = world.requests("spotify")[before:]
    refused = [call for call in calls if call["status"] == 429]
    used = share_used(moments(calls))
    figures = f"{len(calls)} calls, {used:.1%} of the allowance used, {len(refused)} refused, window {WINDOW_S:.0f} s"
    record_property("rate", figures)
    print(figures)
    assert sum(call["status"] == 200 for call in calls) >= len(USERS) * PAGES
    assert most_in_a_window(moments(refused)) <= 1
    assert used >= 0.9
    for account in accounts:
        journey.check_library(account, world)
