"""Signs of life of the workers: each process notes in Redis, every few seconds and after each task, how it is.

A process that was killed notes nothing any more; its last note stays for an hour, so that it is missed. Reading costs
one round trip and asks no worker anything.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import redis

from organizer import network

log = logging.getLogger(__name__)
T = TypeVar("T")
KEY = "cratewise:workers"
EVERY_S = 10.0
SILENT_S = 35.0  # three notes and a little
KEPT_S = 3600.0
MAIN, CHILD = "main", "child"  # of a worker with a pool of processes, the child does the work


@dataclass(frozen=True)
class Loaded:
    """A model that a process holds in memory."""

    name: str
    since: float  # seconds since 1970


@dataclass(frozen=True)
class Vitals:
    """How one process of a worker is; times are seconds since 1970."""

    worker: str  # Celery's name of it
    role: str
    pid: int
    queues: list[str]
    started_at: float
    noted_at: float
    rss_bytes: int | None = None  # memory that is its own or shared, None where it cannot be known
    models: list[Loaded] = field(default_factory=list)
    tasks: int = 0  # finished since it started

    @property
    def is_alive(self) -> bool:
        return time.time() - self.noted_at < SILENT_S


# --- what this process holds ----------------------------------------------------------------------

_held: WeakValueDictionary[str, Any] = WeakValueDictionary()
_since: dict[str, float] = {}


def held(name: str, model: T) -> T:
    """Remember, as long as it lives, that this process has loaded `model`; returns it."""
    _held[name], _since[name] = model, time.time()
    return model


def models_in_memory() -> list[Loaded]:
    return [Loaded(name, _since[name]) for name in sorted(_held.keys())]


def rss_bytes() -> int | None:
    """Resident memory of this process (Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


# --- noting -----------------------------------------------------------------------------------------


class Reporter:
    """Notes how this process is, until it ends."""

    def __init__(self, worker: str, role: str, queues: list[str]) -> None:
        self.worker, self.role, self.queues = worker, role, queues
        self.started_at, self.tasks = time.time(), 0
        self._noted_at = 0.0
        self._stop = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="vitals", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        self._forget_former()
        while not self._stop.is_set():
            self.note()
            self._stop.wait(EVERY_S)

    def task_done(self) -> None:
        """Noted at once, but not more than once a second: there may be many small ones."""
        self.tasks += 1
        if time.time() - self._noted_at > 1:
            self.note()

    def vitals(self) -> Vitals:
        return Vitals(
            worker=self.worker,
            role=self.role,
            pid=os.getpid(),
            queues=self.queues,
            started_at=self.started_at,
            noted_at=time.time(),
            rss_bytes=rss_bytes(),
            models=models_in_memory(),
            tasks=self.tasks,
        )

    def note(self) -> None:
        self._noted_at = time.time()
        try:
            network.redis_client().hset(
                KEY, f"{self.worker}/{os.getpid()}", json.dumps(asdict(self.vitals()))
            )
        except redis.RedisError:
            log.debug("A sign of life could not be noted: Redis does not answer.")

    def _forget_former(self) -> None:
        """What silent processes left that this one replaces, and what is too old to be missed."""
        try:
            client = network.redis_client()
            old = [key for key, one in _stored(client.hgetall(KEY)).items() if self._replaces(one)]
            if old:
                client.hdel(KEY, *old)
        except redis.RedisError:
            log.debug("Former signs of life were not removed: Redis does not answer.")

    def _replaces(self, one: Vitals) -> bool:
        is_former = (one.worker, one.role) == (self.worker, self.role) and not one.is_alive
        return is_former or one.noted_at < time.time() - KEPT_S


_reporter: Reporter | None = None
_named: tuple[str, list[str]] = ("", [])


def name_worker(worker: str, queues: list[str]) -> None:
    """Told before the pool starts, so that its processes know whose they are."""
    global _named
    _named = (worker, sorted(queues))


def start_reporting(role: str) -> Reporter:
    """A forked process reports for itself; the thread of the one it was forked from does not run in it."""
    global _reporter
    if role == CHILD:
        network.reset()  # connections and their locks are the parent's
    worker, queues = _named
    _reporter = Reporter(worker, role, queues)
    _reporter.start()
    return _reporter


def task_done() -> None:
    if _reporter:
        _reporter.task_done()


# --- reading ----------------------------------------------------------------------------------------


def read(client: redis.Redis) -> list[Vitals]:
    """Everybody's last note, by worker; without those of processes that another one has replaced. May raise RedisError."""
    found = [one for one in _stored(client.hgetall(KEY)).values() if time.time() - one.noted_at < KEPT_S]
    alive = {(one.worker, one.role) for one in found if one.is_alive}
    shown = [one for one in found if one.is_alive or (one.worker, one.role) not in alive]
    return sorted(shown, key=lambda one: (one.worker, one.role != MAIN, one.pid))


def _stored(notes: Any) -> dict[str, Vitals]:
    """What of the notes this program understands: another version of it may have written some."""
    known = {}
    for key, text in notes.items():
        try:
            known[_text(key)] = _parsed(json.loads(text))
        except (ValueError, TypeError, KeyError):
            log.info("A sign of life of another kind is left aside.")
    return known


def _parsed(row: Mapping[str, Any]) -> Vitals:
    return Vitals(**{**row, "models": [Loaded(**one) for one in row["models"]]})


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
