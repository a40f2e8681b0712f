"""The life of a job: started once, claimed by one worker at a time through a lease, advanced, waiting, ended.

Every change of state is a conditional UPDATE that says whether it won, so two workers, two browser tabs or a worker
that comes back from the dead cannot both act on a job.
"""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from organizer.models import Comparison, Impact, Job, SpotifyAccount

MAX_FAILURES = 8  # transient ones in a row
HANDED = "message:"  # begins the token of a message on its way to a worker, who then takes a token of its own
HANDED_LEASES = 2  # how many leases long such a message holds its job
RECONNECT = "reconnect"  # what the user has to do before a failed job can go on
FIRST_PHASE = {
    Job.Kind.ORGANIZE: "sync",
    Job.Kind.PLAN: "plan",
    Job.Kind.WRITE: "write",
    Job.Kind.TRAIN: "train",
    Job.Kind.RECLASSIFY: "classify",
    Job.Kind.MAP: "map",
    Job.Kind.CHECK: "check",
    Job.Kind.COMPARE: "compare",
    Job.Kind.IMPACT: "impact",
}
# What these jobs make of rows that wait, and where a training notes the one that it makes itself.
ASKED_FOR: dict[Job.Kind, tuple[Any, str]] = {
    Job.Kind.COMPARE: (Comparison, "comparison"),
    Job.Kind.IMPACT: (Impact, "impact"),
}
CANCELLED = "It was cancelled."


class LeaseLost(Exception):
    """Somebody else owns the job now; stop without a trace."""


class Cancelled(Exception):
    """The user asked to stop."""


def start(account: SpotifyAccount | None, kind: Job.Kind) -> tuple[Job, bool]:
    """The active job of this kind, and whether this call made it: a second click joins the first."""
    try:
        with transaction.atomic():
            return Job.objects.create(account=account, kind=kind, phase=FIRST_PHASE[kind]), True
    except IntegrityError:
        active = Job.objects.active().filter(account=account, kind=kind).first()
        return (active, False) if active else start(account, kind)


def hand_over(job: Job, *, delay_s: float = 0) -> str:
    """Reserve the job for the message about to be sent; the returned token lets that message alone claim it.

    Empty when somebody else has taken the job since it was read: then nothing must be sent.
    """
    now, token = timezone.now(), f"{HANDED}{uuid.uuid4().hex}"
    until = now + timedelta(seconds=delay_s + HANDED_LEASES * settings.JOB_LEASE_S)
    won = (
        Job.objects.active()
        .filter(_free(now, job.lease_token), pk=job.pk)
        .update(lease_token=token, lease_until=until)
    )
    return token if won else ""


def take_back(job: Job, token: str) -> None:
    """The message could not be sent: nothing is reserved any more, and the sweep finds the job."""
    Job.objects.filter(pk=job.pk, lease_token=token).update(lease_token="", lease_until=None)


def claim(job_id: int, token: str = "") -> Job | None:
    """Take the job for one batch, or None when it is not there to take (ended, or somebody else's)."""
    now, mine = timezone.now(), uuid.uuid4().hex
    won = (
        Job.objects.filter(
            _free(now, token), pk=job_id, state__in=[Job.State.QUEUED, Job.State.RUNNING, Job.State.WAITING]
        )
        .exclude(state=Job.State.WAITING, wait_until__gt=now + timedelta(seconds=1))
        .update(
            state=Job.State.RUNNING,
            lease_token=mine,
            lease_until=now + timedelta(seconds=settings.JOB_LEASE_S),
            wait_reason="",
            wait_kind="",
            wait_until=None,
        )
    )
    return Job.objects.select_related("account").get(pk=job_id) if won else None


@contextmanager
def keep_alive(job: Job) -> Iterator[None]:
    """Renew the lease while a long step runs; a killed process stops renewing and the job is free again."""
    stop = threading.Event()

    def renew() -> None:
        while not stop.wait(settings.JOB_LEASE_S / 3):
            try:
                _mine(job).update(lease_until=timezone.now() + timedelta(seconds=settings.JOB_LEASE_S))
            except (OperationalError, InterfaceError):  # the next turn tries again, on a new connection
                connection.close()
        connection.close()

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def tick(job: Job, **values: Any) -> None:
    """Store progress (done, total, cursor, counts). Raises Cancelled or LeaseLost at this checkpoint.

    Getting on (a new `done` or `cursor`) forgives earlier failures; merely having started again does not.
    """
    if values.keys() & {"done", "cursor"}:
        values["failures"] = 0
    for name, value in values.items():
        setattr(job, name, value)
    if not _mine(job).filter(is_cancel_asked=False).update(**values):
        now = Job.objects.filter(pk=job.pk).first()  # None: the user disconnected meanwhile
        raise Cancelled if now and now.is_cancel_asked else LeaseLost


def enter_phase(job: Job, phase: str) -> None:
    tick(job, phase=phase, done=0, total=0, cursor={}, phase_started_at=timezone.now())


def wait(job: Job, seconds: float, reason: str, kind: str = "") -> bool:
    until = timezone.now() + timedelta(seconds=seconds)
    return _leave(job, state=Job.State.WAITING, wait_until=until, wait_reason=reason[:300], wait_kind=kind)


def wake(job: Job) -> bool:
    """End a wait now; False if the job does not wait (any more)."""
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.WAITING)
    return bool(waiting.update(wait_until=timezone.now(), wait_reason="", wait_kind=""))


def retry_later(job: Job, reason: str) -> float | None:
    """Wait longer after each transient failure in a row; fail after the last. Returns the wait in seconds, or None."""
    failures = job.failures + 1
    if failures > MAX_FAILURES:
        sentence = _("%(reason)s We tried %(tries)s times. Resume the job when the service works again.")
        fail(job, sentence % {"reason": reason, "tries": MAX_FAILURES})
        return None
    seconds = min(300.0, 2.5 * 2**failures)
    _mine(job).update(failures=failures)
    wait(job, seconds, _("%(reason)s Trying again.") % {"reason": reason}, Job.Wait.OUTAGE)
    return seconds


def pause(job: Job, reason: str) -> bool:
    """Until the user reconnects."""
    return _leave(job, state=Job.State.PAUSED, wait_reason=reason[:300])


def fail(job: Job, sentence: str, *, remedy: str = "") -> bool:
    """`remedy`: RECONNECT where nothing else helps."""
    values = {"counts": {**job.counts, "remedy": remedy}} if remedy else {}
    return _leave(job, state=Job.State.FAILED, error=sentence[:500], finished_at=timezone.now(), **values)


def finish(job: Job) -> bool:
    return _leave(job, state=Job.State.DONE, finished_at=timezone.now())


def end_cancelled(job: Job) -> bool:
    won = (
        Job.objects.active()
        .filter(pk=job.pk)
        .update(state=Job.State.CANCELLED, finished_at=timezone.now(), lease_token="", lease_until=None)
    )
    return bool(won)


def ask_cancel(job: Job) -> None:
    """Stops at the next checkpoint; a job that nobody works on stops now."""
    if Job.objects.active().filter(pk=job.pk).update(is_cancel_asked=True):
        _give_up(Job.Kind(job.kind))
    idle = Job.objects.filter(pk=job.pk, state__in=[Job.State.QUEUED, Job.State.WAITING, Job.State.PAUSED])
    idle.update(state=Job.State.CANCELLED, finished_at=timezone.now(), lease_token="", lease_until=None)


def _give_up(kind: Job.Kind) -> None:
    """What the one job of this kind was to make is not made by a later one; what a training makes, it goes on making."""
    if kind not in ASKED_FOR:
        return
    rows, name = ASKED_FOR[kind]
    cursors = Job.objects.active().filter(kind=Job.Kind.TRAIN).values_list("cursor", flat=True)
    others = [cursor[name] for cursor in cursors if name in cursor]
    rows.objects.filter(result={}, error="").exclude(pk__in=others).update(error=CANCELLED)


def resume(job: Job) -> bool:
    """Put a failed or cancelled job back where it stopped; False if another of its kind has started since."""
    try:
        with transaction.atomic():
            ended = Job.objects.filter(pk=job.pk, state__in=[Job.State.FAILED, Job.State.CANCELLED])
            counts = {name: value for name, value in job.counts.items() if name != "remedy"}
            return bool(ended.update(state=Job.State.QUEUED, counts=counts, **_FRESH))
    except IntegrityError:
        return False


_FRESH: dict[str, Any] = {
    "error": "",
    "failures": 0,
    "is_cancel_asked": False,
    "finished_at": None,
    "wait_reason": "",
    "wait_kind": "",
    "wait_until": None,
}


def unpause(account: SpotifyAccount) -> list[Job]:
    """After a reconnect: the account's paused jobs go on, and those that failed for want of a permission."""
    paused = list(account.jobs.filter(state=Job.State.PAUSED))
    Job.objects.filter(pk__in=[job.pk for job in paused], state=Job.State.PAUSED).update(
        state=Job.State.QUEUED, **_FRESH
    )
    refused = account.jobs.filter(state=Job.State.FAILED, counts__remedy=RECONNECT)
    return paused + [job for job in refused if resume(job)]


def due() -> list[Job]:
    """Jobs that nobody works on although somebody should."""
    return list(Job.objects.due())


def _free(now: datetime, token: str) -> Q:
    """Nobody's, a dead worker's, or that of whoever shows the token."""
    return Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_token=token or "none")


def _mine(job: Job) -> Any:
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, lease_token=job.lease_token)


def _leave(job: Job, **values: Any) -> bool:
    """Leave the running state and the lease, if the job is still ours."""
    for name, value in values.items():
        setattr(job, name, value)
    return bool(_mine(job).update(**values, lease_token="", lease_until=None))
