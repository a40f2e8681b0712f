"""The whole program on servers of its own, for tests that kill any of its processes in any phase."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from django.db import DatabaseError, connections

from organizer.supervisor import services
from organizer.supervisor.services import Service
from tests.faults.program import Processes, until
from tests.faults.servers import Servers
from tests.program import free_port
from tests.simulator_process import SimulatorProcess

T = TypeVar("T")
DOWN_S = 0.7  # how long a server stays away


class Stage:
    def __init__(self, directory: Path, servers: Servers, world: SimulatorProcess) -> None:
        self.servers, self.world, self.port = servers, world, free_port()
        urls = {"database_url": servers.database_url, "simulator_url": world.url}
        self.program = Processes(directory, port=self.port, **urls)
        self.program.env["REDIS_URL"] = servers.redis_url

    @property
    def everything(self) -> list[Service]:
        program = self.program
        return [program.worker_io, program.worker_ml, program.beat, services.web(self.port)]

    def raise_curtain(self) -> None:
        """Whatever is dead lives again, as the supervisor of a real instance sees to."""
        self.program.bury_dead()
        self.program.start_missing(*self.everything)

    def service(self, name: str) -> Service:
        return next(one for one in self.everything if one.name == name)


def patiently(ask: Callable[[], T]) -> T:
    """The answer of a database that may be away just now."""

    def answer() -> list[T]:
        try:
            return [ask()]
        except DatabaseError:
            connections["default"].close()
            return []

    return until(answer, 30, "the database does not come back")[0]


@dataclass(frozen=True)
class Blow:
    """What is done to the program, and how it is mended."""

    name: str
    what: str
    strike: Callable[[Stage], None]
    mend: Callable[[Stage], None] = field(default=Stage.raise_curtain)


def _kill(name: str) -> Callable[[Stage], None]:
    return lambda stage: stage.program.kill(stage.service(name))


def _kill_child(stage: Stage) -> None:
    stage.program.kill_child(stage.program.worker_ml)


def _down(stage: Stage) -> None:
    time.sleep(DOWN_S)


def _start_redis(stage: Stage) -> None:
    _down(stage)
    stage.servers.start_redis()
    stage.raise_curtain()


def _start_postgres(stage: Stage) -> None:
    _down(stage)
    stage.servers.postgres.serve()
    connections["default"].close()
    stage.raise_curtain()


BLOWS = [
    Blow("kill -9 of web", "the pages' process dies", _kill("web")),
    Blow("kill -9 of worker-io", "the worker that talks to services dies", _kill("worker-io")),
    Blow(
        "kill -9 of worker-ml",
        "the worker that listens and classifies dies, with its child",
        _kill("worker-ml"),
    ),
    Blow("kill -9 of the child", "the process below worker-ml dies alone", _kill_child, lambda stage: None),
    Blow("kill -9 of beat", "the clock dies", _kill("beat")),
    Blow(
        "kill -9 of Redis",
        "it comes back with empty memory",
        lambda stage: stage.servers.kill_redis(),
        _start_redis,
    ),
    Blow(
        "kill -9 of PostgreSQL",
        "the server and its backends die",
        lambda stage: stage.servers.postgres.kill(),
        _start_postgres,
    ),
    Blow(
        "restart of PostgreSQL",
        "an immediate shutdown throws everybody out",
        lambda stage: stage.servers.postgres.break_off(),
        _start_postgres,
    ),
]
