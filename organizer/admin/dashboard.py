"""What the admin's first page says before the list of tables: the model in use, training, jobs, what needs somebody."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from organizer import health
from organizer.admin.health import attention
from organizer.admin.readonly import require
from organizer.models import Job, ModelVersion, Promotion, SpotifyAccount, TrainingRun
from organizer.training import runs, suggestion

SHOWN = 5  # of running and of failed jobs each


def board(request: HttpRequest) -> dict[str, Any]:
    """Eight queries for who may see everything, and one look at Redis."""
    can = {
        name: request.user.has_perm(f"organizer.{permission}")
        for name, permission in {
            "see_models": "view_modelversion",
            "see_runs": "view_trainingrun",
            "see_jobs": "view_job",
            "see_gates": "view_servicegate",
            "see_accounts": "view_spotifyaccount",
            "train": "add_trainingrun",
            "widen": "widen_trainingrun",
        }.items()
    }
    shown: dict[str, Any] = {"can": can}
    if can["see_models"]:
        shown |= _model()
    if can["see_runs"]:
        shown["last_run"] = TrainingRun.objects.select_related("job", "version", "started_by").first()
    in_use = [one["version"] for one in shown.get("in_use", ())]
    if can["see_jobs"]:
        shown |= _jobs() | {"findings": attention(health.snapshot(), in_use)}
    if can["see_accounts"]:
        shown["unlinked"] = SpotifyAccount.objects.filter(needs_link=True).count()
    shown["is_well"] = not (shown.get("failed") or shown.get("unlinked") or shown.get("findings"))
    return shown


def _model() -> dict[str, Any]:
    """The versions in use, the one for tables first; with what users have said since."""
    in_use = list(ModelVersion.objects.filter(is_champion=True).select_related("run").order_by("-kind"))
    latest: dict[int, Promotion] = {}
    promotions = Promotion.objects.filter(version__in=in_use).select_related("by").order_by("at")
    for promotion in promotions:
        if promotion.version_id:
            latest[promotion.version_id] = promotion
    tables = next((one for one in in_use if one.kind == ModelVersion.Kind.TABLES), None)
    return {
        "in_use": [_version(one, latest.get(one.pk)) for one in in_use],
        "suggestion": suggestion.for_version(tables) if tables else None,
        "enough": suggestion.ENOUGH,
    }


def _version(version: ModelVersion, promotion: Promotion | None) -> dict[str, Any]:
    report = runs.headline(version.metrics)
    return {
        "version": version,
        "since": promotion.at if promotion else version.created_at,
        "promotion": promotion,
        "accuracy": _percent(report.get("accuracy")),
        "interval": " – ".join(filter(None, map(_percent, report.get("accuracy_interval", [])))),
        "macro_f1": _percent(report.get("macro_f1")),
        "tracks": report.get("tracks"),
        "genres": len(version.labels),
    }


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _jobs() -> dict[str, Any]:
    active = list(Job.objects.active().select_related("account")[: SHOWN + 1])
    failed = list(Job.objects.unanswered().select_related("account")[: SHOWN + 1])
    return {
        "running": active[:SHOWN],
        "more_running": len(active) > SHOWN,
        "failed": failed[:SHOWN],
        "more_failed": len(failed) > SHOWN,
    }


def retrain(request: HttpRequest) -> HttpResponse:
    """The form of a new run, filled in with what the version in use learned from and the users' words."""
    require(request, "add_trainingrun")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    champion = ModelVersion.objects.select_related("run").filter(
        is_champion=True, kind=ModelVersion.Kind.TABLES
    )
    wanted = suggestion.datasets_for(champion.first())
    filled = urlencode({"datasets": ",".join(map(str, wanted))})
    return HttpResponseRedirect(f"{reverse('admin:organizer_trainingrun_add')}?{filled}")
