"""kill -9 of the worker that trains, in every phase that it works off: it goes on, a run to the very same weights."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from classifier import registry
from organizer import tasks
from organizer.models import Comparison, Dataset, Impact, Job, ModelVersion, TrainingRun
from organizer.training import checking, comparing, datasets, impact, runs
from tests.faults import journey
from tests.faults.program import Processes, until
from tests.faults.protocol import KILLED, Protocol
from tests.faults.test_every_process import AT_TRAINER, KEYS, TRAINER
from tests.organizer import versions
from tests.organizer.conftest import link
from tests.organizer.test_library import sync
from tests.organizer.training_data import run_on, table
from tests.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
IN_TIME_S = 240
LONG = {"epochs": 12, "members": 2}


@pytest.fixture
def running(program: Processes, world: SimulatorProcess) -> Iterator[Processes]:
    # Loading torch holds up the renewal, and a worker that lost its lease is replaced and has to load it again.
    program.env["JOB_LEASE_S"] = "8"
    program.start_missing(program.worker_io, program.worker_train, program.beat)
    yield program
    Comparison.objects.all().delete()
    Impact.objects.all().delete()
    TrainingRun.objects.all().delete()
    ModelVersion.objects.all().delete()
    Dataset.objects.all().delete()


@pytest.fixture(scope="module")
def protocol() -> Iterator[Protocol]:
    kept = Protocol(KILLED, KEYS)
    yield kept
    kept.write()


def started(run: TrainingRun) -> Job:
    return sent(runs.start(run)[0])


def sent(job: Job) -> Job:
    tasks.enqueue(job)
    return job


def weights(run: TrainingRun) -> bytes:
    run.refresh_from_db()
    assert run.version is not None
    return (run.version.directory / registry.WEIGHTS).read_bytes()


def points(run: TrainingRun) -> int:
    run.refresh_from_db()
    return len(run.curve)


def test_a_killed_training_ends_as_one_that_was_not(running: Processes, tmp_path: Path) -> None:
    whole = run_on(table(tmp_path, "one"), options=LONG)
    journey.finished(started(whole), IN_TIME_S)
    run = run_on(table(tmp_path, "two"), options=LONG)  # the same rows; only its name differs
    job = started(run)
    until(lambda: points(run) >= 2, IN_TIME_S)
    running.kill(running.worker_train)
    assert journey.now(job).phase == "train" and run.version is None
    learned = points(run)
    running.start_missing(running.worker_train)
    journey.finished(job, IN_TIME_S)
    assert weights(run) == weights(whole)
    assert run.curve == whole.curve and len(run.curve) > learned


def test_a_training_waits_for_its_worker(running: Processes, tmp_path: Path) -> None:
    running.kill(running.worker_train)
    job = started(run_on(table(tmp_path, "three"), family="dummy"))
    assert journey.now(job).state == Job.State.QUEUED
    running.start_missing(running.worker_train)
    journey.finished(job, IN_TIME_S)


def begun(phase: str, folder: Path, world: SimulatorProcess, media: Path) -> Job:
    """A job that is in the phase, or comes to it."""
    data = table(folder, f"for {phase}", state="checking" if phase == "check" else "ready", rows=6000)
    if phase == "check":
        return sent(checking.start())
    if phase in ("weigh", "impact"):
        world.like(60, user="cleo")
        sync(link("cleo", world))
    if phase in ("train", "judge", "weigh"):
        return started(run_on(data, family="logistic"))
    version = versions.trained(media, phase, [datasets.read(data)])
    return sent(comparing.start([version])[1] if phase == "compare" else impact.start(version)[1])


def is_made(phase: str) -> bool:
    """What the phase makes is there, whole and once."""
    found: dict[str, Callable[[], bool]] = {
        "check": lambda: Dataset.objects.get().report["rows_read"] == 6000,
        "train": lambda: TrainingRun.objects.get().version == ModelVersion.objects.get(run__isnull=False),
        "judge": lambda: bool(Comparison.objects.get().result["figures"]),
        "weigh": lambda: Impact.objects.get().result["songs"] == 60,
        "compare": lambda: bool(Comparison.objects.get().result["figures"]),
        "impact": lambda: Impact.objects.get().result["songs"] == 60,
    }
    return found[phase]()


@pytest.mark.parametrize(
    "phase", [one if one == "check" else pytest.param(one, marks=pytest.mark.long) for one in AT_TRAINER]
)
def test_whatever_it_works_off_goes_on_by_itself(
    running: Processes, world: SimulatorProcess, protocol: Protocol, tmp_path: Path, phase: str
) -> None:
    job = begun(phase, tmp_path, world, running.directory / "media")
    until(lambda: (journey.now(job).state, journey.now(job).phase) == ("running", phase), IN_TIME_S)
    running.kill(running.worker_train)
    assert journey.now(job).is_active, "the moment was missed"
    running.start_missing(running.worker_train)
    journey.finished(job, IN_TIME_S)
    assert is_made(phase)
    what = "the worker that trains, checks and compares dies, with its child"
    protocol.note((TRAINER, phase, "–"), what, "goes on by itself", [])
