"""Making a plan on request: a first step in place, which is all that most plans take, and the rest in a worker."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from organizer import jobs, plans, tasks
from organizer.models import Job, SpotifyAccount
from organizer.plans import PlanError


def plan_now(
    request: HttpRequest, account: SpotifyAccount, wish: dict[str, Any] | None = None, *, back: str = "genres"
) -> HttpResponse:
    """To the plan if one step made it, else to the job that makes it; `back` with a sentence if there can be none."""
    try:
        job, is_new = plans.start(account, wish)
    except PlanError as error:
        messages.error(request, str(error))
        return redirect(back)
    if is_new and (token := jobs.hand_over(job)):
        tasks.advance(job.pk, token)
        job.refresh_from_db()
    return to_plan(job) or redirect("job", job.pk)


def to_plan(job: Job) -> HttpResponse | None:
    """The way to the plan that a finished job made."""
    is_done = job.kind == Job.Kind.PLAN and job.state == Job.State.DONE
    return redirect("plan", job.counts["plan"]) if is_done and "plan" in job.counts else None
