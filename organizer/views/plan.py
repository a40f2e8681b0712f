"""A plan: every change before it is made, with ticks, and the buttons that apply or discard it."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from organizer import network, plans, tasks, writing
from organizer.merging import Action
from organizer.models import Job, Plan, PlanItem, SpotifyAccount
from organizer.plans import PlanError
from organizer.views.access import linked
from organizer.views.planning import plan_now

PEEK = 10
PER_PAGE = 100
OFFERED = {Action.NEW, Action.UPDATE, Action.GONE}
GROUPS = {
    "add": "To be added",
    "remove": "To be removed, if ticked",
    "kept_out": "Kept out, because you took them out: tick what should come back",
    "kept_in": "Kept in, because you put them in: tick what should go",
    "duplicate": "There already, from another release",
}


@require_GET
@linked
def latest(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    if making := account.jobs.active().filter(kind=Job.Kind.PLAN).first():
        return redirect("job", making.pk)
    plan = account.plans.first()
    return redirect("plan", plan.pk) if plan else redirect("genres")


@require_GET
@linked
def plan(request: HttpRequest, account: SpotifyAccount, plan_id: int) -> HttpResponse:
    found = get_object_or_404(account.plans.select_related("job", "target", "version__playlist"), pk=plan_id)
    rows = _rows(found)
    offers = [row for row in rows if row["entry"]["action"] in OFFERED]
    is_open = found.state == Plan.State.PROPOSED
    context = {
        "plan": found,
        "rows": rows,
        "is_open": is_open,
        "has_offers": bool(offers),
        "songs": sum(row["ticked"] for row in offers if row["entry"]["is_accepted"]),
        "unticked": sum(row["entry"]["remove"] - row["going"] for row in rows) if is_open else 0,
        "left": timedelta(seconds=network.gate().forecast("spotify", found.calls)) if is_open else None,
        "newest": account.plans.first(),
    }
    return render(request, "plan.html", context)


def _rows(found: Plan) -> list[dict[str, Any]]:
    """One per playlist: its entry, rule, ticked changes, moves and first songs. Three queries, whatever the size."""
    rules = {rule.pk: rule for rule in found.account.playlists.all()}
    ticked = Count("pk", filter=Q(is_accepted=True, kind__in=plans.TICKABLE))
    going = Count("pk", filter=Q(is_accepted=True, kind=PlanItem.Kind.REMOVE))
    counts = found.items.order_by().values("playlist")
    counts = counts.annotate(ticked=ticked, going=going, moves=Count("pk", filter=~Q(move="")))
    by_playlist = {row["playlist"]: row for row in counts}
    nothing = {"ticked": 0, "going": 0, "moves": 0}
    first: dict[int, list[Any]] = {}
    for item in found.items.filter(position__lt=PEEK).select_related("track"):
        first.setdefault(item.playlist_id, []).append(item)
    return [
        {
            "entry": entry,
            "is_offered": entry["action"] in OFFERED,
            "rule": rules.get(entry["playlist"]),
            "items": sorted(first.get(entry["playlist"], []), key=lambda item: item.position),
            "total": sum(entry.get(kind, 0) for kind in GROUPS),
            **by_playlist.get(entry["playlist"], nothing),
        }
        for entry in found.entries
    ]


@require_http_methods(["GET", "POST"])
@linked
def plan_playlist(
    request: HttpRequest, account: SpotifyAccount, plan_id: int, playlist_id: int
) -> HttpResponse:
    found = get_object_or_404(account.plans, pk=plan_id)
    entry = next((entry for entry in found.entries if entry["playlist"] == playlist_id), None)
    if entry is None:
        raise Http404("This plan has no such playlist.")
    if request.method == "POST":
        return _save_ticks(request, found, playlist_id)
    items = found.items.filter(playlist_id=playlist_id).select_related("track").order_by("position")
    page = Paginator(items, PER_PAGE).get_page(request.GET.get("page"))
    groups = [(kind, title, [item for item in page if item.kind == kind]) for kind, title in GROUPS.items()]
    context = {
        "plan": found,
        "entry": entry,
        "page": page,
        "groups": [group for group in groups if group[2]],
        "tickable": plans.TICKABLE,
        "is_open": found.state == Plan.State.PROPOSED,
    }
    return render(request, "plan_playlist.html", context)


def _save_ticks(request: HttpRequest, found: Plan, playlist_id: int) -> HttpResponse:
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
        messages.success(request, "Your ticks are saved.")
    onward = redirect("plan-playlist", found.pk, playlist_id)
    if _is_id(page := request.POST.get("then", "")):
        onward["Location"] += f"?page={page}"
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
        messages.error(request, "Tick at least one playlist to write.")
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
def tick_removals(request: HttpRequest, account: SpotifyAccount, plan_id: int) -> HttpResponse:
    """Every song that could be removed is ticked; which playlists are ticked stays as the form has it."""
    found = get_object_or_404(account.plans, pk=plan_id)
    try:
        plans.accept_playlists(found, set(_ids(request.POST, "playlist")))
        plans.accept_removals(found)
    except PlanError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "All songs that could be removed are ticked. Nothing is written yet.")
    return redirect("plan", plan_id)


@require_POST
@linked
def discard(request: HttpRequest, account: SpotifyAccount, plan_id: int) -> HttpResponse:
    if plans.discard(get_object_or_404(account.plans, pk=plan_id)):
        messages.success(request, "The plan is discarded. Nothing on Spotify was changed.")
        return redirect("genres")
    messages.error(request, "This plan can no longer be discarded.")
    return redirect("plan", plan_id)


@require_POST
@linked
def make(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    return plan_now(request, account)
