"""Whether the worker of a running job is heard of: it renews the job's lease every third of the lease's length."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from organizer import jobs
from organizer.models import Job

LATE = 1 / 2  # of the lease: a renewal every third, and some time for one that is held up
ON_ITS_WAY = 1 / 6  # of the lease: how long a message to a worker takes at most when one is free


@dataclass(frozen=True)
class Silence:
    since: datetime
    # When the sweep gives the job to another worker; None: it waits for one, and all may be busy.
    until: datetime | None


def of(job: Job) -> Silence | None:
    """None while all is well, and for jobs that no worker should be at."""
    if job.state != Job.State.RUNNING or job.lease_until is None:
        return None
    now, lease = timezone.now(), timedelta(seconds=settings.JOB_LEASE_S)
    if job.lease_token.startswith(jobs.HANDED):
        handed_at = job.lease_until - jobs.HANDED_LEASES * lease
        return Silence(handed_at, None) if now > handed_at + ON_ITS_WAY * lease else None
    heard_at = job.lease_until - lease
    if now <= heard_at + LATE * lease:
        return None
    return Silence(heard_at, job.lease_until if now < job.lease_until else None)
