"""The whole program as `make run` starts it, for tests that use it from outside."""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
PASSED_ON = ("PATH", "HOME", "LANG")
READY_S = 200.0  # more than the supervisor's own patience, so that its last words are read
PATIENCE_S = 90.0  # with a process on a machine that does much else; only what fails takes it


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
        until(lambda: "is ready" in self.text or self.process.poll() is not None, READY_S)
        assert "Cratewise is ready: http://127.0.0.1:" in self.text, self.text
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()  # its children go with it


def until(is_so: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not (found := is_so()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def free_port() -> int:
    """Of those that the kernel gives to nobody who asks for any, as others do before the program binds it."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
