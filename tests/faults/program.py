"""Cratewise as separate processes, exactly as `make run` starts them, on the test run's own servers."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import redis

from organizer.supervisor import services
from organizer.supervisor.children import spawn, stop
from organizer.supervisor.environment import ROOT
from organizer.supervisor.services import Service

START_S = 90.0
DEATH_S = 30.0
LEASE_S, SWEEP_S = 1.5, 0.5


def until(is_so: Callable[[], Any], timeout_s: float, otherwise: str = "it did not happen in time") -> Any:
    """Poll until `is_so` gives something true, and return that."""
    deadline = time.monotonic() + timeout_s
    while not (found := is_so()):
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.01)
    return found


class Processes:
    """Workers, clock and pages that talk to `simulator` and work on `database_url`."""

    def __init__(
        self, directory: Path, *, database_url: str, simulator_url: str, port: int = 0, is_nice: bool = False
    ) -> None:
        """is_nice: the worker that trains yields as it is shipped; behind other tests it would take ten times as long."""
        self.directory, self.port, self.is_nice = directory, port, is_nice
        self.logs, self.run = directory / "log", directory / "run"
        for folder in (self.logs, self.run):
            folder.mkdir(parents=True, exist_ok=True)
        self.env = os.environ | {
            "VAR_DIR": str(directory),
            "DATABASE_URL": database_url,
            "SIMULATOR_URL": simulator_url,
            "JOB_LEASE_S": str(LEASE_S),
            "JOB_SWEEP_S": str(SWEEP_S),
            "HTTP_TIMEOUT_S": "5",
            "C_FORCE_ROOT": "1",
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
        }
        if port:
            self.env["PUBLIC_URL"] = f"http://{services.LOCAL}:{port}"
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stop(self._running.values(), grace_s=3)

    def start(self, *wanted: Service, env: Mapping[str, str] | None = None) -> None:
        """Start them side by side and wait until all are ready."""
        for service in wanted:
            (self.run / f"{service.name}.ready").unlink(missing_ok=True)
            log = self.logs / f"{service.name}.log"
            merged = self.env | service.env | (env or {})
            self._running[service.name] = spawn(service.command, log=log, env=merged, cwd=ROOT)
        for service in wanted:
            until(lambda service=service: self._is_ready(service), START_S, f"{service.name} did not start")

    def _is_ready(self, service: Service) -> bool:
        process = self._running[service.name]
        assert process.poll() is None, (self.logs / f"{service.name}.log").read_text()
        return service.is_ready()

    def start_missing(self, *wanted: Service) -> None:
        self.start(*(service for service in wanted if service.name not in self._running))

    def bury_dead(self) -> None:
        """Forget those that ended, so that they can be started anew."""
        self._running = {name: one for name, one in self._running.items() if one.poll() is None}

    def forget_messages(self) -> None:
        """As after the loss of the broker, which keeps nothing on disk. Only while no worker runs."""
        redis.Redis.from_url(self.env["REDIS_URL"]).flushall()

    @property
    def worker_io(self) -> Service:
        return services.worker_io(self.run)

    @property
    def worker_ml(self) -> Service:
        return services.worker_ml(self.run)

    @property
    def worker_train(self) -> Service:
        shipped = services.worker_train(self.run)
        return shipped if self.is_nice else replace(shipped, command=shipped.command[len(services.NICE) :])

    @property
    def beat(self) -> Service:
        return services.beat(self.run)

    def kill(self, service: Service) -> None:
        """SIGKILL to the process and all that it started; none of them gets to clean up."""
        process = self._running.pop(service.name)
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):  # pool processes die with their parent
                member.send_signal(signal.SIGKILL)
        process.wait()
        assert not psutil.wait_procs(family[1:], timeout=DEATH_S)[1]

    def process_of(self, service: Service) -> psutil.Process:
        return psutil.Process(self._running[service.name].pid)

    def kill_child(self, service: Service) -> None:
        """SIGKILL to the pool's process alone: the worker lives and finds out."""
        process = psutil.Process(self._running[service.name].pid)
        (child,) = process.children()
        child.kill()

    def manage(
        self, *arguments: str, timeout_s: float = 240, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=timeout_s, **options
        )
