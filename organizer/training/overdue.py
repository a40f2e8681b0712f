"""Comparisons and previews that nobody makes, because they were asked for just as the job that makes them ended."""

from datetime import timedelta

from django.utils import timezone

from organizer import jobs
from organizer.models import Comparison, Impact, Job

LATE = timedelta(minutes=10)  # until then whoever asked may be making it: a training, or a command


def start() -> list[Job]:
    """A job for each kind of them that waits; none while a training goes on, which makes its own."""
    active = set(Job.objects.active().filter(account=None).values_list("kind", flat=True))
    if Job.Kind.TRAIN in active:
        return []
    pairs = ((Job.Kind.COMPARE, Comparison), (Job.Kind.IMPACT, Impact))
    late = {"result": {}, "error": "", "created_at__lt": timezone.now() - LATE}
    return [
        jobs.start(None, kind)[0]
        for kind, rows in pairs
        if kind not in active and rows.objects.filter(**late).exists()
    ]
