"""What the pages of jobs say beyond their state: what cancelling keeps, and what to do about a failure."""

from django import template
from django.utils.translation import gettext as _

from organizer.jobs import RECONNECT
from organizer.models import Job

register = template.Library()


@register.filter
def keeps(job: Job) -> str:
    """What stays when the job is cancelled now."""
    if job.kind == Job.Kind.WRITE:
        return _("Cancelling leaves on Spotify what is written by then; the history can undo it.")
    if job.kind == Job.Kind.PLAN:
        return _("Cancelling makes no plan. Nothing was written.")
    return _("Cancelling keeps what is read and heard by then; Resume goes on from there.")


@register.filter
def is_stuck_on_link(job: Job) -> bool:
    """Whether the user has to reconnect before the job can go on."""
    return job.state == Job.State.PAUSED or (
        job.state == Job.State.FAILED and job.counts.get("remedy") == RECONNECT
    )


@register.filter
def remedy(job: Job) -> str:
    """What to do about a failed job."""
    if is_stuck_on_link(job):
        return _("Reconnect and allow everything that is asked; the job then goes on where it stopped.")
    if job.kind in (Job.Kind.WRITE, Job.Kind.PLAN):
        return _("Resume it, or make a new plan, which starts from what is on Spotify now.")
    return _("Resume it: it goes on where it stopped. If it fails again, tell the person who runs this site.")
