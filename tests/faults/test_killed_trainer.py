"""kill -9 of the worker that trains, in the middle of a run: it goes on, and ends in the very same weights."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from classifier import registry
from organizer import tasks
from organizer.models import Dataset, Job, ModelVersion, TrainingRun
from organizer.training import runs
from tests.faults import journey
from tests.faults.program import Processes, until
from tests.organizer.training_data import run_on, table
from tests.simulator_process import SimulatorProcess

pytestmark = pytest.mark.faults
IN_TIME_S = 240
LONG = {"epochs": 12, "members": 2}


@pytest.fixture
def running(program: Processes, world: SimulatorProcess) -> Iterator[Processes]:
    program.start_missing(program.worker_io, program.worker_train, program.beat)
    yield program
    TrainingRun.objects.all().delete()
    ModelVersion.objects.all().delete()
    Dataset.objects.all().delete()


def started(run: TrainingRun) -> Job:
    job, _ = runs.start(run)
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


def test_a_training_waits_for_its_worker_and_nothing_else_does(running: Processes, tmp_path: Path) -> None:
    running.kill(running.worker_train)
    job = started(run_on(table(tmp_path, "three"), family="dummy"))
    assert journey.now(job).state == Job.State.QUEUED
    running.start_missing(running.worker_train)
    journey.finished(job, IN_TIME_S)
