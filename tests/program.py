"""The whole program as `make run` starts it, for tests that use it from outside."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
PASSED_ON = ("PATH", "HOME", "LANG")
START_S = 150.0  # longer than the program itself waits, which then says for whom


class Running:
    """A supervisor in a process of its own, and what it printed so far."""

    def __init__(self, var: Path, *arguments: str, **settings: str) -> None:
        env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        env |= {"VAR_DIR": str(var), "SPOTIFY_CLIENT_ID": "", "REDIS_URL": "", "DATABASE_URL": "", **settings}
        self._printed = var.parent / f"printed-{time.monotonic_ns()}"
        with self._printed.open("w") as output:
            command = [sys.executable, "-m", "organizer.supervisor", *arguments]
            self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)

    @property
    def text(self) -> str:
        return self._printed.read_text()

    def wait_until_ready(self) -> list[psutil.Process]:
        until(lambda: "is ready" in self.text or self.process.poll() is not None, START_S)
        assert "Cratewise is ready: http://127.0.0.1:" in self.text, self.text
        return psutil.Process(self.process.pid).children(recursive=True)


def until(is_so: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not (found := is_so()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
