"""What the pages of jobs say beyond their state: what cancelling keeps, and what to do about a failure."""

from django import template
from django.utils.translation import gettext as _

from organizer import silence
from organizer.jobs import RECONNECT
from organizer.models import Job
from organizer.templatetags.moments import to_the_second

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
def begun_by(job: Job) -> str:
    """Before the words that say how long ago."""
    if job.kind == Job.Kind.RECLASSIFY:
        return _("Started because another model came into use")
    return _("Started by the clock") if job.wish.get("then") else _("Started by you")


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


@register.filter
def unheard(job: Job | None) -> str:
    """What there is to say when a running job stands still because its worker is gone; empty while all is well."""
    quiet = silence.of(job) if job else None
    if quiet is None:
        return ""
    since = to_the_second(quiet.since)
    if quiet.until is None:
        return _(
            "It has waited for a worker since %(since)s, and goes on by itself as soon as one is free."
        ) % {"since": since}
    sentence = _("Its worker has not been heard of since %(since)s. It goes on by itself at %(then)s.")
    return sentence % {"since": since, "then": to_the_second(quiet.until)}
