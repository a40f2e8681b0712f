"""Keeps services running: a child that dies comes back, one that keeps dying stops everything."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from organizer.supervisor.children import spawn, stop
from organizer.supervisor.environment import ROOT
from organizer.supervisor.services import Service

QUICK_S = 20.0  # a death this soon after the start counts
MOST_QUICK_DEATHS = 5
FIRST_PAUSE_S = 0.5  # doubled with every quick death
USAGE_ERROR = 2  # the exit code for "started with nonsense", which a second try does not change
LOG_BYTES = 10_000_000


class GaveUp(Exception):
    """A child does not stay up. The message is fit for the terminal."""


class Child:
    def __init__(self, service: Service, *, env: Mapping[str, str], log: Path) -> None:
        self.service, self.log = service, log
        self._env = {**env, **service.env}
        self.process: subprocess.Popen[bytes] | None = None
        self._started = self._due = 0.0
        self._quick_deaths = 0

    def start(self) -> None:
        if ready_file := self._env.get("READY_FILE"):
            Path(ready_file).unlink(missing_ok=True)
        self._started = time.monotonic()
        self.process = spawn(self.service.command, log=self.log, env=self._env, cwd=ROOT)

    def tend(self, say: Callable[[str], None]) -> None:
        """Start the child again when it has died, after a pause that grows; GaveUp after too many quick deaths."""
        if self.process is None:
            if time.monotonic() >= self._due:
                self.start()
            return
        if self.process.poll() is None:
            return
        if self.process.returncode == USAGE_ERROR:
            raise GaveUp(f"{last_line(self.log)}\n{self.service.name} can not run like this; see {self.log}.")
        is_quick = time.monotonic() - self._started < QUICK_S
        self._quick_deaths = self._quick_deaths + 1 if is_quick else 1
        if self._quick_deaths >= MOST_QUICK_DEATHS:
            times = f"{self.service.name} ended {self._quick_deaths} times in a row"
            raise GaveUp(f"{last_line(self.log)}\n{times}; see {self.log}.")
        pause_s = FIRST_PAUSE_S * 2 ** (self._quick_deaths - 1)
        say(f"{self.service.name} ended ({_why(self.process.returncode)}); starting it again.")
        self._bury()
        self._due = time.monotonic() + pause_s

    def _bury(self) -> None:
        assert self.process is not None
        stop([self.process], grace_s=0)  # what it may have left in its group
        self.process = None


def _why(returncode: int) -> str:
    return f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"


def trim(log: Path) -> Path:
    """Start a new log when this one has grown large; one old one is kept."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            os.replace(log, log.with_name(f"{log.name}.1"))
    return log


def last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else ""
