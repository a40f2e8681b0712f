"""The page that says how the instance is: set-up, workers, queues, storage, counts. Answers within 2.5 seconds."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache

from organizer import classify, doctor, health, storage, symptoms
from organizer.admin.audit import note
from organizer.admin.readonly import require
from organizer.doctor import Finding, State
from organizer.models import Job, ModelVersion, SavedTrack, SpotifyAccount, Track
from organizer.training import versions
from organizer.vitals import MAIN, Vitals

CHECKS_S = 1.8  # of the page's 2.5; the database and the disk need the rest
SEEN_HERE = {
    "redis",
    "workers",
    "clock",
}  # what the doctor would ask again, and the workers by remote control


@never_cache
def page(request: HttpRequest) -> HttpResponse:
    require(request, "view_job")
    with ThreadPoolExecutor(1) as pool:
        seeing = pool.submit(health.snapshot)
        checks = [check for check in symptoms.all_checks() if check.name not in SEEN_HERE]
        checked = doctor.examine(checks, CHECKS_S)
        seen = seeing.result()
    waiting, oldest = health.unattended()
    found = [*health.findings(seen), *checked]
    context = admin.site.each_context(request) | {
        "title": "Health",
        "ill": [finding for finding in found if finding.state != State.GOOD],
        "well": [finding for finding in found if finding.state == State.GOOD],
        "seen": seen,
        "workers": [_worker(one) for one in seen.workers],
        "clock_at": _moment(seen.clock_at) if seen.clock_at else None,
        "unattended": waiting,
        "oldest": oldest,
        "queued": Job.objects.filter(state=Job.State.QUEUED).count(),
        "places": storage.places(),
        "disk": symptoms.disk(),
        "counts": counts(),
        "kept": storage.kept_predictions(),
        "can_forget": request.user.has_perm("organizer.promote_modelversion"),
    }
    return TemplateResponse(request, "admin/health.html", context)


def attention(seen: health.Snapshot, in_use: Iterable[ModelVersion]) -> list[Finding]:
    """What of it is cheap to know, and wrong: for the first page of the admin. `in_use`: the champions."""
    checked = [symptoms.disk(), symptoms.files_of(in_use)]
    return [*health.findings(seen), *(one for one in checked if one.state != State.GOOD)]


def counts() -> list[tuple[str, int]]:
    return [
        ("Linked accounts", SpotifyAccount.objects.count()),
        ("Songs that are known", Track.objects.count()),
        ("Likes", SavedTrack.objects.filter(is_unliked=False).count()),
    ]


def _worker(one: Vitals) -> dict[str, Any]:
    return {
        "name": one.worker,
        "role": "takes tasks from" if one.role == MAIN else "works for it",
        "pid": one.pid,
        "is_main": one.role == MAIN,
        "is_alive": one.is_alive,
        "queues": ", ".join(one.queues),
        "noted_at": _moment(one.noted_at),
        "started_at": _moment(one.started_at),
        "rss_bytes": one.rss_bytes,
        "tasks": one.tasks,
        "models": [(model.name, _moment(model.since)) for model in one.models],
    }


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def forget(request: HttpRequest) -> HttpResponse:
    """Predictions of versions that nobody goes back to: first what would go, and on POST it goes."""
    require(request, "promote_modelversion")
    if request.method not in ("GET", "POST"):
        return HttpResponseNotAllowed(["GET", "POST"])
    if request.method == "POST":
        gone = storage.forget_predictions()
        if gone:
            note(request, classify.champion(), f"Had {gone} predictions of archived versions forgotten.")
        messages.success(request, f"{gone} predictions are forgotten.")
        return HttpResponseRedirect(reverse("admin-health"))
    kept = storage.kept_predictions()
    context = admin.site.each_context(request) | {
        "title": "Forget predictions of archived versions?",
        "going": [one for one in kept if one.may_go],
        "staying": [one for one in kept if not one.may_go],
        "former": versions.previous_champion(),
    }
    return TemplateResponse(request, "admin/forget.html", context)
