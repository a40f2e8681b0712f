"""kill -9 at any phase, then a restart: the job goes on by itself and ends as if nothing had happened."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Model

from organizer.models import GenrePlaylist, Job, PlaylistVersion, Prediction, SpotifyAccount
from tests.faults import journey
from tests.faults.program import LEASE_S, Processes, until
from tests.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
IN_TIME_S = 180
SLOW_MS = 600 * LEASE_S  # so that a call that was under way has ended before the lease has
Kill = Callable[[Processes], None]


@pytest.fixture
def running(program: Processes, world: SimulatorProcess) -> Processes:
    """All processes; those that an earlier test did not kill are still the same."""
    program.start_missing(program.worker_io, program.worker_ml, program.beat)
    return program


def kill_io(program: Processes) -> None:
    program.kill(program.worker_io)


def kill_ml(program: Processes) -> None:
    program.kill(program.worker_ml)


def kill_child(program: Processes) -> None:
    program.kill_child(program.worker_ml)


@dataclass(frozen=True)
class Moment:
    """When to strike: in `phase`, once `done` songs of it are done; `slow` gives time to hit it."""

    phase: str
    kill: Kill
    songs: int = 110
    done: int = 1
    slow: dict[str, Any] = field(default_factory=dict)
    has_previews: bool = False
    stores: type[Model] | None = None  # what cannot be stored until then, where nothing can be slow

    def __str__(self) -> str:
        return f"{self.phase}-{self.kill.__name__}"

    def has_come(self, job: Job) -> bool:
        assert job.is_active, f"the moment was missed: {job.state} {job.error}"
        return job.phase == self.phase and job.done >= self.done


MOMENTS = [
    Moment("sync", kill_io, slow={"service": "spotify", "path": "/me/tracks", "latency_ms": 1500}),
    Moment("enrich", kill_io, slow={"service": "reccobeats", "latency_ms": 1500}),
    Moment("listen", kill_child, songs=60, has_previews=True),
    Moment("classify", kill_ml, done=0, stores=Prediction),
]
MORE_MOMENTS = [
    Moment("listen", kill_ml, songs=98, has_previews=True),
    Moment("classify", kill_child, done=0, stores=Prediction),
]


@contextmanager
def kept_out(model: type[Model] | None) -> Iterator[None]:
    """Nobody can store such rows meanwhile. SQLite knows no lock on a table."""
    if model is None or connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {model._meta.db_table} IN SHARE MODE")
        yield


def library_of(songs: int, world: SimulatorProcess, *, has_previews: bool) -> SpotifyAccount:
    """Cleo likes as many songs as the test wants; without previews there is nothing to spend time on listening to."""
    world.like(songs, user="cleo")
    if not has_previews:
        world.set_fault("http_500", service="deezer|itunes")
    return journey.link("cleo", world)


@pytest.mark.parametrize(
    "moment", [*MOMENTS, *(pytest.param(one, marks=pytest.mark.long) for one in MORE_MOMENTS)], ids=str
)
def test_a_job_outlives_its_worker(running: Processes, world: SimulatorProcess, moment: Moment) -> None:
    account = library_of(moment.songs, world, has_previews=moment.has_previews)
    if moment.slow:
        world.set_fault("slow", **moment.slow)
    job = journey.start(account)
    with kept_out(moment.stores):
        until(lambda: moment.has_come(journey.now(job)), IN_TIME_S)
        moment.kill(running)
    assert journey.now(job).phase == moment.phase, "the job had moved on before its worker was dead"
    world.clear_faults("slow")
    running.start_missing(running.worker_io, running.worker_ml)
    journey.finished(job)
    journey.check_library(account, world)
    plan = journey.propose(account)
    journey.finished(journey.write(plan))
    journey.check_playlists(account, world, plan)


def is_creating() -> bool:
    return GenrePlaylist.objects.filter(spotify_id="").exclude(ref="").exists()


def is_adding() -> bool:
    return GenrePlaylist.objects.exclude(spotify_id="").filter(written_uris=[]).exists()


def is_between_playlists() -> bool:
    return PlaylistVersion.objects.filter(uris_after__isnull=False).exists()


@pytest.fixture
def classified(running: Processes, world: SimulatorProcess) -> SpotifyAccount:
    account = library_of(110, world, has_previews=False)
    journey.finished(journey.start(account))
    return account


@pytest.mark.parametrize(
    "is_time",
    [is_adding, *(pytest.param(one, marks=pytest.mark.long) for one in (is_creating, is_between_playlists))],
)
def test_a_write_outlives_its_worker(
    running: Processes, world: SimulatorProcess, classified: SpotifyAccount, is_time: Callable[[], bool]
) -> None:
    plan = journey.propose(classified)
    world.set_fault("slow", service="spotify", method="POST", latency_ms=SLOW_MS)
    job = journey.write(plan)
    until(is_time, IN_TIME_S)
    kill_io(running)
    assert journey.now(job).state == Job.State.RUNNING
    world.clear_faults("slow")
    running.start_missing(running.worker_io)
    journey.finished(job)
    journey.check_playlists(classified, world, plan)


@pytest.mark.long
def test_a_killed_clock_and_both_workers_at_once(
    running: Processes, world: SimulatorProcess, classified: SpotifyAccount
) -> None:
    """Nothing but the database knows of the job any more."""
    plan = journey.propose(classified)
    world.set_fault("slow", service="spotify", method="POST", latency_ms=SLOW_MS)
    job = journey.write(plan)
    until(is_adding, IN_TIME_S)
    for service in (running.worker_io, running.worker_ml, running.beat):
        running.kill(service)
    running.forget_messages()
    running.start_missing(running.worker_io, running.beat)
    journey.finished(job)
    journey.check_playlists(classified, world, plan)
