"""A PostgreSQL and a Redis of their own for tests that kill them; the test run's other tests keep theirs."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from django.core.management import call_command

from organizer.supervisor import broker
from organizer.supervisor.children import spawn, stop
from tests import postgres
from tests.faults import databases
from tests.faults.program import START_S, until


class Servers:
    """Both servers, in a directory of their own with a short path, as sockets need it."""

    def __enter__(self) -> Self:
        self.directory = Path(tempfile.mkdtemp(prefix=f"cratewise-tests-{os.getpid()}-servers-", dir="/tmp"))
        self.directory.chmod(0o755)
        self.redis = self._serve_redis()
        self.postgres = postgres.start(self.directory, postgres.LASTING)
        with databases.pointed_at(self.database_url):
            call_command("migrate", verbosity=0)
        return self

    def __exit__(self, *_: object) -> None:
        self.postgres.stop()
        stop([self.redis], grace_s=2)
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def database_url(self) -> str:
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        return broker.url(self.directory)

    def _serve_redis(self) -> subprocess.Popen[bytes]:
        process = spawn(broker.command(self.directory), log=self.directory / "valkey.log")
        until(lambda: broker.answers(self.directory), START_S, "Valkey did not start")
        return process

    def kill_redis(self) -> None:
        """Everything it remembered is gone: it keeps nothing on disk."""
        self.redis.send_signal(signal.SIGKILL)
        self.redis.wait()

    def start_redis(self) -> None:
        self.redis = self._serve_redis()
