"""How the instance runs at this moment: its workers, its queues, its clock. Asks Redis, within a second, and no worker."""

import time
from dataclasses import dataclass, field

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from organizer import pulse, vitals
from organizer.doctor import Finding, State
from organizer.models import Job
from organizer.vitals import Vitals

WITHIN_S = 0.7  # for each of Redis' answers: somebody waits for the page
QUEUES = {"io": "reads and writes", "ml": "listens and sorts", "train": "trains and compares"}
TAKEN = "unacked"  # where Celery's broker keeps messages that a worker has taken and not finished


@dataclass(frozen=True)
class Queue:
    name: str
    serves: str
    waiting: int


@dataclass(frozen=True)
class Snapshot:
    """What Redis knows. `is_there` is False, and the rest empty, when it does not answer."""

    is_there: bool = True
    workers: list[Vitals] = field(default_factory=list)
    queues: list[Queue] = field(default_factory=list)
    taken: int = 0
    clock_at: float | None = None  # seconds since 1970; None: it was not heard of

    @property
    def served(self) -> set[str]:
        return {
            queue for one in self.workers if one.is_alive and one.role == vitals.MAIN for queue in one.queues
        }


def snapshot() -> Snapshot:
    """Never raises: a Redis that is away is part of the picture."""
    client = _client()
    try:
        workers = vitals.read(client)
        with client.pipeline(transaction=False) as pipe:
            for name in QUEUES:
                pipe.llen(name)
            pipe.hlen(TAKEN)
            pipe.get(pulse.KEY)
            *lengths, taken, clock = pipe.execute()
    except redis.RedisError:
        return Snapshot(is_there=False)
    finally:
        client.close()
    queues = [Queue(name, QUEUES[name], int(length)) for name, length in zip(QUEUES, lengths, strict=True)]
    return Snapshot(True, workers, queues, int(taken), float(clock) if clock else None)


def _client() -> redis.Redis:
    """One of our own: pages do not wait as long as jobs do."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=WITHIN_S,
        socket_timeout=WITHIN_S,
        retry=Retry(NoBackoff(), 0),
    )


def findings(seen: Snapshot) -> list[Finding]:
    """What is wrong with workers, queues and clock; empty when all is well."""
    if not seen.is_there:
        fix = "Start it, and look at REDIS_URL. Jobs wait in the database meanwhile, and nothing is lost."
        says = "It does not answer, so workers and queues cannot be seen, and jobs are not handed out."
        return [Finding("Redis", State.BAD, says, fix)]
    return [*_unserved(seen), *_silent(seen), *_clock(seen)]


def _unserved(seen: Snapshot) -> list[Finding]:
    missing = [name for name in QUEUES if name not in seen.served]
    return [
        Finding(
            f"Queue {name}",
            State.BAD,
            f"No worker that {QUEUES[name]} has given a sign of life in the last {vitals.SILENT_S:.0f} seconds.",
            f"Start it: make run does, and docker compose up -d worker-{name}. Its log says why it ended.",
        )
        for name in missing
    ]


def _silent(seen: Snapshot) -> list[Finding]:
    """Processes that were there within the hour and are not any more."""
    return [
        Finding(
            f"Worker {one.worker}",
            State.WARNING,
            f"Process {one.pid} was last heard of {time.time() - one.noted_at:.0f} seconds ago.",
            "It was killed, or hangs. Its jobs go on with another worker once their leases have run out.",
        )
        for one in seen.workers
        if not one.is_alive
    ]


def _clock(seen: Snapshot) -> list[Finding]:
    if seen.clock_at is not None and time.time() - seen.clock_at < pulse.silent_after_s():
        return []
    says = "Nothing was heard of it lately: waiting jobs do not wake, and scheduled runs do not start."
    advice = (
        "Just started? Look again in ten seconds. Otherwise start beat and worker-io; make run starts both."
    )
    return [Finding("Clock", State.BAD, says, advice)]


def unattended() -> tuple[int, Job | None]:
    """How many jobs nobody works on although somebody should, and the one that waits longest."""
    due = Job.objects.due().select_related("account").order_by("created_at")
    return due.count(), due.first()
