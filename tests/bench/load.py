"""Two hundred people browsing at once: the web server as it is shipped, PostgreSQL, real connections kept open."""

import http.client
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.pages import percentile

USERS, SECONDS = 200, 60.0
THINK_S = (5.0, 25.0)  # between two pages of one user, uniformly
SONGS = (12_000, *[1_200] * 9)  # libraries; each has a tenth of the users
VISITS = (
    ("library", ""),
    ("library", "?sort=title&page=3"),
    ("library", "?q=blue"),
    *((name, "") for name in ("genres", "plan", "review", "history", "jobs", "settings")),
)
PAGE = re.compile(r'(?:href|src)="(/static/[^"]+)"')


@dataclass
class Tally:
    """What all users met together."""

    took_ms: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, status: str, took_s: float) -> None:
        with self.lock:
            self.statuses[status] += 1
            self.took_ms.append(1000 * took_s)


class Browser:
    """One user's browser: a connection that is kept, cookies, and files that are fetched once."""

    def __init__(self, port: int, session: str, tally: Tally) -> None:
        self.port, self.session, self.tally = port, session, tally
        self.connection: http.client.HTTPConnection | None = None
        self.cached: set[str] = set()

    def visit(self, path: str) -> None:
        """A page and what it needs; only the page is timed."""
        started = time.perf_counter()
        try:
            status, body = self._get(path)
        except (OSError, http.client.HTTPException) as error:
            self.tally.add(type(error).__name__, time.perf_counter() - started)
            return
        self.tally.add(str(status), time.perf_counter() - started)
        for file in set(PAGE.findall(body)) - self.cached:
            self.cached.add(file)
            self._get(file)

    def _get(self, path: str) -> tuple[int, str]:
        """As browsers do: a kept connection that the server has closed meanwhile is replaced, once."""
        for is_fresh in (self.connection is None, True):
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                return self._ask(self.connection, path)
            except (http.client.RemoteDisconnected, ConnectionError):
                self.connection = None
                if is_fresh:
                    raise
        raise ConnectionError(path)

    def _ask(self, connection: http.client.HTTPConnection, path: str) -> tuple[int, str]:
        headers = {"Cookie": f"sessionid={self.session}", "Accept-Encoding": "gzip"}
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")


def measure() -> dict[str, Any]:
    """Print and return rate, percentiles and what the answers were. Needs Django and a migrated database."""
    users = [_user(account) for account in _accounts() for _ in range(USERS // len(SONGS))]
    with tempfile.TemporaryDirectory(prefix="cratewise-load-") as folder:
        server, port = _serve(Path(folder))
        try:
            tally = _browse(port, users)
        finally:
            server.terminate()
            server.wait(20)
    found = {
        "users": USERS,
        "think_s": THINK_S,
        "pages": len(tally.took_ms),
        "pages_per_s": round(len(tally.took_ms) / SECONDS, 1),
        "p50_ms": percentile(tally.took_ms, 50),
        "p95_ms": percentile(tally.took_ms, 95),
        "most_ms": round(max(tally.took_ms), 1),
        "answers": dict(tally.statuses),
    }
    print(f"  {found}")
    assert set(tally.statuses) == {"200"}, "somebody met an error"
    return found


def _accounts() -> list[Any]:
    from tests.organizer import large

    found = [large.library(songs, f"user{number}") for number, songs in enumerate(SONGS)]
    large.analyse()
    return found


@dataclass(frozen=True)
class User:
    session: str
    addresses: list[str]


def _user(account: Any) -> User:
    from tests.organizer.browsing import signed_in
    from tests.organizer.pages import address

    session = str(signed_in(account).cookies["sessionid"].value)
    return User(session, [address(account, name, asked) for name, asked in VISITS])


def _serve(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """The shipped server with the shipped settings, on its files as they are deployed."""
    from organizer.supervisor.services import web
    from tests.program import free_port, until

    port = free_port()
    env = {**os.environ, "VAR_DIR": str(folder), "STATIC_STORAGE": "", "LOG_LEVEL": "WARNING"}
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(collect, env=env, check=True)
    service = web(port)
    server = subprocess.Popen(service.command, env={**env, **service.env})
    assert until(service.is_ready, 60), "the web server does not answer"
    return server, port


def _browse(port: int, users: list[User]) -> Tally:
    tally, end = Tally(), time.monotonic() + SECONDS
    threads = [
        threading.Thread(target=_live, args=(Browser(port, user.session, tally), user, end, number))
        for number, user in enumerate(users)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def _live(browser: Browser, user: User, end: float, number: int) -> None:
    chance = random.Random(number)
    time.sleep(chance.uniform(0, THINK_S[1]))  # nobody begins at the same moment
    while time.monotonic() < end:
        browser.visit(chance.choice(user.addresses))
        time.sleep(chance.uniform(*THINK_S))
