"""A plan: every change before it is made, with ticks, and the buttons that apply, keep or discard it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from organizer import plans, tasks, writing
from organizer.models import Job, Plan, PlanItem, SpotifyAccount
from organizer.plans import PlanError
from organizer.views import plan_page
from organizer.views.access import linked
from organizer.views.planning import plan_now

PER_PAGE = 100
GROUPS = {
    "add": gettext_lazy("To be added"),
    "remove": gettext_lazy("To be removed, if ticked"),
    "kept_out": gettext_lazy("Kept out, because you took them out: tick what should come back"),
    "kept_in": gettext_lazy("Kept in, because you put them in: tick what should go"),
    "duplicate": gettext_lazy("There already, from another release"),
}


@require_GET
@linked
def latest(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """The newest plan, or the job that makes it or could not."""
    plan, making = account.plans.first(), account.jobs.filter(kind=Job.Kind.PLAN).first()
    if making and making.is_active:
        return redirect("job", making.pk)
    if making and making.state == Job.State.FAILED and (not plan or plan.created_at < making.created_at):
        return redirect("job", making.pk)
    return redirect("plan", plan.pk) if plan else redirect("genres")


@require_GET
@linked
def plan(request: HttpRequest, account: SpotifyAccount, plan_id: int) -> HttpResponse:
    wanted = account.plans.select_related("job", "target", "version__playlist")
    found = get_object_or_404(wanted.defer("version__uris_before", "version__uris_after"), pk=plan_id)
    return render(request, "plan.html", plan_page.of(account, found))


@require_http_methods(["GET", "POST"])
@linked
def plan_playlist(
    request: HttpRequest, account: SpotifyAccount, plan_id: int, playlist_id: int
) -> HttpResponse:
    found = get_object_or_404(account.plans, pk=plan_id)
    entry = next((entry for entry in found.entries if entry["playlist"] == playlist_id), None)
    if entry is None:
        raise Http404(_("This plan has no such playlist."))
    if request.method == "POST":
        return _save_songs(request, found, playlist_id)
    sought = request.GET.get("q", "").strip()[:200]
    items = found.items.filter(playlist_id=playlist_id).select_related("track").order_by("position")
    page = Paginator(_search(items, sought), PER_PAGE).get_page(request.GET.get("page"))
    groups = [(kind, title, [item for item in page if item.kind == kind]) for kind, title in GROUPS.items()]
    context = {
        "plan": found,
        "entry": entry,
        "page": page,
        "sought": sought,
        "groups": [group for group in groups if group[2]],
        "tickable": plans.TICKABLE,
        "is_open": found.state == Plan.State.PROPOSED,
    }
    return render(request, "plan_playlist.html", context)


def _search(items: QuerySet[PlanItem], text: str) -> QuerySet[PlanItem]:
    """Every word somewhere in the title, the artists or the album."""
    for word in text.split():
        title, album = Q(track__name__icontains=word), Q(track__album_name__icontains=word)
        first, any_of = Q(track__primary_artist__name__icontains=word), Q(track__artist_names__icontains=word)
        items = items.filter(title | album | first | any_of)
    return items


def _save_songs(request: HttpRequest, found: Plan, playlist_id: int) -> HttpResponse:
    try:
        plans.set_accepted(
            found,
            playlist_id,
            item_ids=_ids(request.POST, "item"),
            shown_ids=_ids(request.POST, "shown"),
        )
    except PlanError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Your ticks are saved."))
    onward = redirect("plan-playlist", found.pk, playlist_id)
    query = {"q": request.POST["q"][:200]} if request.POST.get("q") else {}
    if _is_id(page := request.POST.get("then", "")):
        query["page"] = page
    if query:
        onward["Location"] += f"?{urlencode(query)}"
    return onward


def _ids(form: QueryDict, name: str) -> list[int]:
    return [int(value) for value in form.getlist(name) if _is_id(value)]


def _is_id(text: str) -> bool:
    """Plain digits, and no more of them than the database has room for."""
    return text.isascii() and text.isdecimal() and len(text) <= 18


@require_POST
@linked
def apply(request: HttpRequest, account: SpotifyAccount, plan_id: int) -> HttpResponse:
    """Write what is ticked. A second click finds the job that the first one started."""
    found = get_object_or_404(account.plans, pk=plan_id)
    ticked = set(_ids(request.POST, "playlist"))
    if found.state == Plan.State.PROPOSED and not ticked:
        messages.error(request, _("Tick at least one playlist to write."))
        return redirect("plan", plan_id)
    try:
        plans.accept_playlists(found, ticked)
        job, is_new = writing.start(found)
    except PlanError as error:
        return _joined(request, found, str(error))
    if is_new:
        tasks.enqueue(job)
    return redirect("job", job.pk)


def _joined(request: HttpRequest, found: Plan, problem: str) -> HttpResponse:
    found.refresh_from_db()
    if found.job_id:
        return redirect("job", found.job_id)
    messages.error(request, problem)
    return redirect("plan", found.pk)


@require_POST
@linked
def save(request: HttpRequest, account: SpotifyAccount, plan_id: int) -> HttpResponse:
    """Keep which playlists are ticked, for another day."""
    found = get_object_or_404(account.plans, pk=plan_id)
    try:
        plans.accept_playlists(found, set(_ids(request.POST, "playlist")))
    except PlanError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Your ticks are saved. Nothing is written yet."))
    return redirect("plan", plan_id)


@require_POST
@linked
def tick_removals(request: HttpRequest, account: SpotifyAccount, plan_id: int) -> HttpResponse:
    """Every song that could be removed is ticked; which playlists are ticked stays as the form has it."""
    found = get_object_or_404(account.plans, pk=plan_id)
    try:
        plans.accept_playlists(found, set(_ids(request.POST, "playlist")))
        plans.accept_removals(found)
    except PlanError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("All songs that could be removed are ticked. Nothing is written yet."))
    return redirect("plan", plan_id)


@require_POST
@linked
def discard(request: HttpRequest, account: SpotifyAccount, plan_id: int) -> HttpResponse:
    if plans.discard(get_object_or_404(account.plans, pk=plan_id)):
        messages.success(request, _("The plan is discarded. Nothing on Spotify was changed."))
        return redirect("genres")
    messages.error(request, _("This plan can no longer be discarded."))
    return redirect("plan", plan_id)


@require_POST
@linked
def make(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    return plan_now(request, account)
