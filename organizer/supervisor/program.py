"""One run of the program: what it starts, in which order, and how it ends."""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from organizer.supervisor.children import spawn, stop
from organizer.supervisor.environment import ROOT
from organizer.supervisor.services import Service
from organizer.supervisor.watch import Child, last_line, trim

READY_S = 120.0
TICK_S = 0.05
LAST = ("simulator", "broker")


class Stopped(Exception):
    """The user asked to stop."""


class Refused(Exception):
    """The program can not run. The message is fit for the terminal."""


class Program:
    """The children of this run and the note that it shall end."""

    def __init__(self, *, logs: Path, say: Callable[[str], None]) -> None:
        self._logs, self._say = logs, say
        self._children: list[Child] = []
        self._is_stopping = False

    def ask_to_stop(self, *_: object) -> None:
        """The signal handler: only a note, acted on between two steps."""
        self._is_stopping = True

    def log(self, name: str) -> Path:
        return trim(self._logs / f"{name}.log")

    def run_once(self, name: str, command: list[str], env: Mapping[str, str]) -> None:
        """A command that has to succeed before the program goes on."""
        log = self.log(name)
        process = spawn(command, log=log, env=env, cwd=ROOT)
        try:
            self._wait_for(lambda: process.poll() is not None)
        finally:
            stop([process], grace_s=2)
        if process.returncode:
            raise Refused(f"{last_line(log)}\nCratewise could not {name} its data; {log} has the details.")

    def start(self, service: Service, env: Mapping[str, str]) -> None:
        child = Child(service, env=env, log=self.log(service.name))
        self._children.append(child)
        child.start()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        for child in self._children:
            name = child.service.name
            self._wait_for(child.service.is_ready, until=deadline, otherwise=f"{name} does not answer")

    def watch(self) -> None:
        """Until the user asks to stop."""
        self._wait_for(lambda: False)

    def stop(self) -> None:
        """Workers and pages first, then what they talk to."""
        for names in (self._names() - set(LAST), *({name} for name in LAST)):
            stop([c.process for c in self._children if c.process and c.service.name in names], grace_s=4)

    def _names(self) -> set[str]:
        return {child.service.name for child in self._children}

    def _wait_for(
        self, is_done: Callable[[], bool], *, until: float = float("inf"), otherwise: str = ""
    ) -> None:
        while not is_done():
            if self._is_stopping:
                raise Stopped
            if time.monotonic() > until:
                raise Refused(f"{otherwise} after {READY_S:.0f} seconds; see the logs in {self._logs}.")
            for child in self._children:
                child.tend(self._say)
            time.sleep(TICK_S)


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *arguments]
