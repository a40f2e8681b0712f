"""How long a job will take yet, in words: the same wherever it is said."""

import math
from datetime import timedelta

from organizer.models import Job
from organizer.training import runs


def left(job: Job) -> str:
    """Empty where there is nothing to judge by. A training knows its own pace; what follows it has none."""
    if job.kind != Job.Kind.TRAIN:
        return _roughly(job.eta)
    return _at_most(runs.eta(job)) if job.phase == "train" else ""


def _roughly(time: timedelta | None) -> str:
    if time is None:
        return ""
    minutes = round(time.total_seconds() / 60)
    return "less than a minute" if minutes < 1 else f"about {minutes} min"


def _at_most(time: timedelta | None) -> str:
    if time is None:
        return ""
    minutes = math.ceil(time.total_seconds() / 60)
    return f"about {minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"at most {minutes} min"
