"""What is running, what needs the user, and what is done."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.middleware import HtmxDetails

from organizer import jobs, network, tasks
from organizer.models import Job, SpotifyAccount
from organizer.views.access import linked
from organizer.views.planning import to_plan

ENDED_PER_PAGE = 25
STUCK = (Job.State.PAUSED, Job.State.FAILED)
GROUPS = ("attention", "running", "waiting")


class HtmxHttpRequest(HttpRequest):
    htmx: HtmxDetails


@require_GET
@linked
def job_list(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Jobs that need the user, those under way, those that wait, and page by page those that are over.

    Without those that the app replaced: whoever reads them has neither begun nor stopped them, and the newer one is there.
    """
    jobs_of = account.jobs.select_related("plan")
    current = list(jobs_of.filter(Q(state__in=Job.ACTIVE) | Q(pk__in=account.jobs.unanswered())))
    ended = jobs_of.exclude(pk__in=[job.pk for job in current]).exclude(pk__in=account.jobs.replaced())
    context: dict[str, object] = {group: [job for job in current if _group(job) == group] for group in GROUPS}
    context["page"] = Paginator(ended, ENDED_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "jobs.html", context)


def _group(job: Job) -> str:
    """Where the list of jobs has one that is not over."""
    if job.state in STUCK:
        return "attention"
    return "waiting" if job.is_held_up else "running"


@require_GET
@linked
def job_detail(request: HtmxHttpRequest, account: SpotifyAccount, job_id: int) -> HttpResponse:
    """The job's page; to htmx its panel, and an order: to go on to what came of a job that has ended, to load the list
    again where a job has moved to another group of it.
    """
    job = get_object_or_404(account.jobs.select_related("plan"), pk=job_id)
    if not request.htmx:
        return render(request, "job.html", {"job": job, "playlists": _playlists(job)})
    group = request.GET.get("list", "")
    response = render(request, "_job.html", {"job": job, "group": group})
    if job.is_active and group in GROUPS and group != _group(job):
        response["HX-Refresh"] = "true"
    if not job.is_active:
        onward = to_plan(job)
        response["HX-Redirect" if onward else "HX-Refresh"] = onward["Location"] if onward else "true"
    return response


def _playlists(job: Job) -> list[object]:
    """What a finished write left on Spotify."""
    if job.kind != Job.Kind.WRITE or not hasattr(job, "plan") or job.account is None:
        return []
    done = [entry["playlist"] for entry in job.plan.entries if entry["is_accepted"]]
    return list(job.account.playlists.filter(pk__in=done).exclude(spotify_id=""))


@require_POST
@linked
def start(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    if account.needs_link:
        messages.error(request, _("The link to Spotify has ended. Please reconnect first."))
        return redirect("link")
    job, is_new = jobs.start(account, Job.Kind.ORGANIZE)
    if is_new:
        tasks.enqueue(job)
    return redirect("library")


@require_POST
@linked
def resume(request: HttpRequest, account: SpotifyAccount, job_id: int) -> HttpResponse:
    job = get_object_or_404(account.jobs, pk=job_id)
    if jobs.resume(job):
        tasks.enqueue(job)
    else:
        messages.error(
            request, _("This job cannot go on: it is done, or a newer one of its kind is under way.")
        )
    return redirect("job", job_id)


@require_POST
@linked
def cancel(request: HttpRequest, account: SpotifyAccount, job_id: int) -> HttpResponse:
    jobs.ask_cancel(get_object_or_404(account.jobs, pk=job_id))
    return redirect("job", job_id)


@require_POST
@linked
def try_now(request: HttpRequest, account: SpotifyAccount, job_id: int) -> HttpResponse:
    """Look whether Spotify's quota is back before the pause is over."""
    job = get_object_or_404(account.jobs, pk=job_id)
    if job.state != Job.State.WAITING or job.wait_kind != Job.Wait.QUOTA:
        messages.error(request, _("This job does not wait for Spotify’s quota any more."))
    elif not network.gate().reopen("spotify"):
        messages.error(request, _("This was tried just before. It can be tried once every five minutes."))
    elif jobs.wake(job):
        tasks.enqueue(job)
    return redirect("job", job_id)
