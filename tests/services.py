"""pytest plugin (-p tests.services): a real PostgreSQL and a real Valkey, up before Django reads its settings.

TEST_DB=sqlite runs the same tests on SQLite.
"""

import atexit
import base64
import os
import re
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from organizer.supervisor import broker
from organizer.supervisor.children import is_alive, spawn, stop
from tests import postgres

# Small networks gain nothing from threads, and lose much where other processes use the cores too.
os.environ.setdefault("OMP_NUM_THREADS", "1")
SETTINGS = Path(__file__).parent.parent / "organizer/settings.py"
PREFIX = "cratewise-tests-"
START_S = 60.0
_running = ExitStack()
atexit.register(_running.close)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # a wrapper, so that it comes before pytest-django's own hook
def pytest_load_initial_conftests() -> Generator[None]:
    try:
        start()
    except (postgres.NoPostgres, broker.NoBroker, OSError) as error:
        _running.close()
        raise pytest.UsageError(f"The tests need their own servers. {error}") from error
    return (yield)


def start() -> None:
    """Start the servers and point the environment at them; they end with this process."""
    _sweep()
    # Sockets need a short path; the process id lets a later run see that nobody uses the directory any more.
    directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir="/tmp"))
    directory.chmod(0o755)
    _running.callback(shutil.rmtree, directory, ignore_errors=True)
    _configure(directory)


def pytest_unconfigure() -> None:
    _running.close()


def pytest_report_header() -> str:
    return f"database: {os.environ['DATABASE_URL'].split('@')[0]}"


def _sweep() -> None:
    """Remove what runs left behind that were killed; their servers died with them."""
    for directory in Path("/tmp").glob(f"{PREFIX}*"):
        pid = directory.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdigit() and not is_alive(int(pid)):
            shutil.rmtree(directory, ignore_errors=True)


def _configure(directory: Path) -> None:
    """Everything that settings read, so that neither the shell nor a .env can leak in."""
    var = directory / "var"
    (var / "static").mkdir(parents=True)
    os.environ.update(dict.fromkeys(asked_for(), ""))  # an empty value counts as none
    os.environ.update(
        DJANGO_SETTINGS_MODULE="organizer.settings",
        DEBUG="false",
        SECRET_KEY="only-for-tests",
        TOKEN_KEYS=base64.urlsafe_b64encode(b"a Fernet key only for the tests.").decode(),
        PUBLIC_URL="http://127.0.0.1:8000",
        ALLOWED_HOSTS="127.0.0.1,localhost,testserver",
        VAR_DIR=str(var),
        DATABASE_URL=_database_url(directory),
        REDIS_URL=_broker_url(directory),
        SPOTIFY_CLIENT_ID="test-client",
        SPOTIFY_CLIENT_SECRET="test-secret",
        STATIC_STORAGE="django.contrib.staticfiles.storage.StaticFilesStorage",
        PASSWORD_HASHER="django.contrib.auth.hashers.MD5PasswordHasher",
        DJANGO_ALLOW_ASYNC_UNSAFE="1",  # playwright's sync API runs an event loop in the test's thread
    )


def asked_for() -> set[str]:
    """The names that settings look up in the environment."""
    return set(re.findall(r"\b(?:env\w*|environ\.get)\(\s*\"(\w+)\"", SETTINGS.read_text()))


def _database_url(directory: Path) -> str:
    if os.environ.get("TEST_DB") == "sqlite":
        return f"sqlite:///{directory / 'test.sqlite3'}"
    server = postgres.start(directory)
    _running.callback(server.stop)
    return server.url


def _broker_url(directory: Path) -> str:
    server = spawn(broker.command(directory), log=directory / "valkey.log")
    _running.callback(stop, [server], grace_s=2)
    deadline = time.monotonic() + START_S
    while not broker.answers(directory):
        if server.poll() is not None or time.monotonic() > deadline:
            raise broker.NoBroker(f"Valkey did not start: {(directory / 'valkey.log').read_text().strip()}")
        time.sleep(0.02)
    return broker.url(directory)
