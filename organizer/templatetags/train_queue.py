"""What the admin says of a comparison or preview whose turn has not come: one worker trains, checks, compares and previews."""

from django import template

from organizer.models import Job

register = template.Library()
TRAINS = "training"
BUSY_WITH = {
    Job.Kind.TRAIN: TRAINS,
    Job.Kind.CHECK: "check of data sets",
    Job.Kind.COMPARE: "comparison",
    Job.Kind.IMPACT: "preview",
}


@register.filter
def held_up(job: Job | None) -> str:
    """`job`: the one that is to make it, or a training that comes first; empty where it is being made."""
    if job is None:
        return ""
    if job.state == Job.State.RUNNING:
        return _until(TRAINS) if job.phase == "train" else ""
    others = Job.objects.filter(state=Job.State.RUNNING, kind__in=BUSY_WITH).exclude(kind=job.kind)
    busy = others.first() if job.state == Job.State.QUEUED and job.kind != Job.Kind.TRAIN else None
    return _until(BUSY_WITH[Job.Kind(busy.kind)]) if busy else ""


def _until(what: str) -> str:
    return f"It waits until the {what} that is under way has ended."
