"""kill -9 of every process and server in every phase: the job goes on by itself, and nothing is lost or doubled."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from organizer import network
from organizer.models import Job, ModelVersion
from tests.faults import databases, journey
from tests.faults.conftest import forget_everybody
from tests.faults.phases import begin, check
from tests.faults.program import until
from tests.faults.protocol import KILLED, Protocol
from tests.faults.servers import Servers
from tests.faults.stage import BLOWS, Blow, Stage, patiently
from tests.gates import open_gates
from tests.organizer.conftest import link
from tests.simulator_process import SimulatorProcess

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.environ.get("TEST_DB") == "sqlite", reason="kills PostgreSQL"),
]
IS_ALL = os.environ.get("FAULTS") == "all"
IN_TIME_S = 300
LIKED = 40


@dataclass(frozen=True)
class Phase:
    """How to bring a job into a phase slowly enough to strike there."""

    name: str
    slow: dict[str, Any] = field(default_factory=dict)
    has_begun: Callable[[Job], bool] = lambda job: job.done >= 1


PHASES = [
    Phase("sync", {"service": "spotify", "path": "/me/tracks", "latency_ms": 700}, lambda job: True),
    Phase("enrich", {"service": "reccobeats", "latency_ms": 700}, lambda job: True),
    Phase("listen", {"service": "dzcdn|itunes-preview", "latency_ms": 300}),
    Phase("classify", has_begun=lambda job: True),
    Phase(
        "plan", {"service": "spotify", "method": "GET", "latency_ms": 500}, lambda job: job.state == "running"
    ),
    Phase("write", {"service": "spotify", "method": "POST", "latency_ms": 900}),
]
CELLS = [(blow, phase) for blow in BLOWS for phase in PHASES]
QUICK = {
    ("kill -9 of worker-io", "plan"),
    ("kill -9 of Redis", "sync"),
    ("kill -9 of PostgreSQL", "write"),
}
LONGER = {
    ("kill -9 of web", "plan"),
    ("kill -9 of beat", "write"),
    ("kill -9 of Redis", "write"),
    ("kill -9 of PostgreSQL", "listen"),
    ("restart of PostgreSQL", "plan"),
}


TRAINER = "kill -9 of worker-train"
AT_TRAINER = ("check", "train", "judge", "weigh", "compare", "impact")  # played in test_killed_trainer.py


def played() -> list[Any]:
    """Some of the cells, most of them only where there is time; all of them if that is asked for."""
    found = []
    for cell in CELLS:
        names = (cell[0].name, cell[1].name)
        if names in QUICK:
            found.append(cell)
        elif names in LONGER or IS_ALL:
            found.append(pytest.param(*cell, marks=pytest.mark.long))
    return found


def key_of(blow: Blow, phase: Phase) -> tuple[str, str, str]:
    return blow.name, phase.name, "–"


KEYS = [*(key_of(*cell) for cell in CELLS), *((TRAINER, phase, "–") for phase in AT_TRAINER)]


@pytest.fixture(scope="module")
def protocol() -> Iterator[Protocol]:
    kept = Protocol(KILLED, KEYS)
    yield kept
    kept.write()


@pytest.fixture(scope="module")
def stage(
    simulator_process: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[Stage]:
    with django_db_blocker.unblock(), Servers() as servers, databases.pointed_at(servers.database_url):
        made = Stage(tmp_path_factory.mktemp("program"), servers, simulator_process)
        with made.program:
            yield made


@pytest.fixture
def world(stage: Stage, settings: Any) -> Iterator[SimulatorProcess]:
    settings.REDIS_URL = stage.servers.redis_url
    stage.world.reset()
    stage.world.point(settings)
    network.reset()
    forget_everybody()
    ModelVersion.objects.all().delete()
    open_gates()
    stage.raise_curtain()
    yield stage.world
    network.reset()


def by_workers(job: Job, world: SimulatorProcess) -> Job:
    """The sweep finds it and has them do it."""
    return journey.finished(job)


def has_ended(stage: Stage, job: Job) -> bool:
    """Meanwhile what died is started again, as by the supervisor."""
    stage.raise_curtain()
    row = patiently(lambda: Job.objects.get(pk=job.pk))
    return not row.is_active or row.state == Job.State.PAUSED


def is_in(phase: Phase, job: Job) -> bool:
    row = Job.objects.get(pk=job.pk)
    assert row.is_active, f"the moment was missed: {row.state} {row.error}"
    return row.phase == phase.name and phase.has_begun(row)


@pytest.mark.parametrize(("blow", "phase"), played(), ids=lambda one: one.name.replace(" ", "-"))
def test_nothing_is_lost(
    stage: Stage, world: SimulatorProcess, protocol: Protocol, blow: Blow, phase: Phase
) -> None:
    account = link("cleo", world)
    job = begin(phase.name, account, world, songs=LIKED, finish=by_workers)
    if phase.slow:
        world.set_fault("slow", **phase.slow)
    until(lambda: is_in(phase, job), IN_TIME_S)
    blow.strike(stage)
    blow.mend(stage)
    world.clear_faults("slow")
    until(lambda: has_ended(stage, job), IN_TIME_S, f"it hangs: {stage.program.logs}")
    ended = Job.objects.get(pk=job.pk)
    assert ended.state == Job.State.DONE, ended.error or ended.wait_reason
    check(phase.name, ended, account, world)
    protocol.note(key_of(blow, phase), blow.what, "goes on by itself", [])
