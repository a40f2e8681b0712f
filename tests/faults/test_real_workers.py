"""A few of the random sequences with the real Celery worker, killed at any moment; the many others fork theirs."""

import os
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from organizer import jobs, tasks
from organizer.models import Job
from tests.faults.program import Processes
from tests.faults.sequences import life, machine
from tests.faults.sequences.person import Person
from tests.gates import open_gates
from tests.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.faults, pytest.mark.long, pytest.mark.timeout(900)]
COUNT, LENGTH = 10 if os.environ.get("FAULTS") == "all" else 5, 4
IN_TIME_S = 300
in_place = machine.run


class Workers:
    """Plans and writes go through the worker; likes are read in place, as the test knows the genres."""

    def __init__(self, program: Processes) -> None:
        self.program = program

    def run(self, job: Job, person: Person, *, killed_at: int = 0) -> Job:
        if job.kind == Job.Kind.ORGANIZE:
            return in_place(job, person)
        tasks.enqueue(job)
        if killed_at:
            time.sleep(random.Random(killed_at).uniform(0.0, 0.3))
            self.program.kill(self.program.worker_io)
            self.program.start_missing(self.program.worker_io)
        deadline = time.monotonic() + IN_TIME_S
        while not self._is_over(job, person):
            assert time.monotonic() < deadline, f"it hangs: {vars(Job.objects.get(pk=job.pk))}"
            time.sleep(0.05)
        return Job.objects.get(pk=job.pk)

    def _is_over(self, job: Job, person: Person) -> bool:
        """Whatever asks for time gets it; whatever needs the user does."""
        row = Job.objects.get(pk=job.pk)
        if row.state == Job.State.PAUSED:
            person.reconnect()
            jobs.unpause(person.account)
        elif row.state == Job.State.WAITING:
            pass_time(row)
        elif row.state == Job.State.FAILED:
            jobs.resume(row)
        return not row.is_active and row.state != Job.State.FAILED


def pass_time(job: Job | None = None) -> None:
    """Only for the gates and the job: what else is in Redis are the worker's messages, one perhaps for later."""
    open_gates()
    if job:
        waiting = Job.objects.filter(pk=job.pk, state=Job.State.WAITING)
        waiting.update(wait_until=timezone.now(), lease_until=None)


@pytest.fixture
def workers(
    program: Processes, world: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workers]:
    program.start_missing(program.worker_io, program.beat)
    found = Workers(program)
    before: dict[str, Any] = dict(tasks.PHASES)
    machine.know_genres()
    monkeypatch.setattr(machine, "run", found.run)
    monkeypatch.setattr(machine, "time_passes", pass_time)
    yield found
    tasks.PHASES.update(before)


def test_random_sequences_with_a_real_worker(workers: Workers, world: SimulatorProcess) -> None:
    for seed in range(1, COUNT + 1):
        steps = life.steps_of(seed, LENGTH)
        what = life.play(world, steps)
        assert not what, f"seed {seed}: {' '.join(map(str, steps))}\n{what}"
