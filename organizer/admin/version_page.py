"""What the pages of model versions show: states, what is in use and the way back, where a version comes from."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from classifier import registry
from classifier.errors import ModelError
from classifier.labels import display_name
from organizer import classify
from organizer.admin import run_files
from organizer.models import Job, ModelVersion
from organizer.training import guard, impact, runs, versions

Kind = ModelVersion.Kind
SHOWN = 20  # comparisons and previews
UNATTENDED = "it waits, and no job works on it"
LOST = "So nothing can be judged by it: go back to an earlier version, or put another one into use."


def state_of(version: ModelVersion) -> str:
    if version.is_champion:
        return "in use"
    return "archived: was in use" if version.was_champion_at else "candidate"


def uses() -> list[dict[str, Any]]:
    """Of each kind that judges libraries: what is in use, and what going back would bring."""
    rows = []
    for kind in (Kind.TABLES, Kind.SOUND):
        now, way = versions.in_use(kind), versions.way_back(kind)
        problem = versions.unusable(now) if now else ""
        rows.append(
            {
                "kind": kind,
                "now": versions.name_of(now),
                "pk": now.pk if now else None,
                "problem": f"{problem} {LOST}" if problem else "",
                "back": way.name,
                "passed": way.passed,
            }
        )
    return rows


def meta_of(version: ModelVersion) -> dict[str, Any]:
    """What its description says of where it comes from; empty where that cannot be read."""
    try:
        meta = registry.read_description(classify.directory(version))
    except ModelError:
        return {}
    config, training = meta.get("config", {}), meta.get("training", {})
    return {
        "family": meta.get("model", {}).get("family", ""),
        "seed": config.get("seed", ""),
        "split": training.get("split", config.get("split", "")),
        "fingerprint": meta.get("data_fingerprint", ""),
        "data": _learned(meta.get("data", []), training.get("learned_by_table", {})),
        "made_at": _moment(meta.get("created_at", "")),
    }


def _learned(data: list[dict[str, Any]], counts: dict[str, int]) -> list[dict[str, Any]]:
    """With the rows learned from; older versions know only how many the file had."""
    return [one | {"rows": counts.get(one["name"], one.get("rows"))} for one in data]


def _moment(written: str) -> datetime | None:
    """None where an older program wrote none."""
    return datetime.fromisoformat(written) if written else None


def report_url(version: ModelVersion) -> str:
    run = getattr(version, "run", None)
    if run is None or not run_files.report_of(run).is_file():
        return ""
    return reverse("admin:organizer_trainingrun_report", args=[run.pk])


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def genres(version: ModelVersion) -> str:
    """How many, and on demand which."""
    names = ", ".join(map(display_name, version.labels))
    return format_html("<details><summary>{}</summary>{}</details>", len(version.labels), names)


def about(version: ModelVersion) -> dict[str, Any]:
    """Everything about one version that does not depend on who asks."""
    problem = versions.unusable(version)
    figures = runs.headline(version.metrics)
    return {
        "run": getattr(version, "run", None),
        "state": state_of(version),
        "genres": genres(version),
        "problem": problem,
        "incomparable": versions.incomparable(version) if version.kind == Kind.NET else problem,
        "lost": LOST if problem and version.is_champion else "",
        "objections": [] if problem or version.is_champion else guard.objections(version),
        "figures": [
            (name, percent(figures.get(name.lower().replace("-", "_")))) for name in ("Accuracy", "Macro-F1")
        ],
        "meta": meta_of(version),
        "report": report_url(version),
        "promotions": version.promotions.select_related("by")[:SHOWN],
    }


def found(version: ModelVersion) -> dict[str, Any]:
    """What was found out about it by comparing and previewing, and how far what is being found out is."""
    comparisons, previews = list(version.comparisons.all()[:SHOWN]), list(version.impacts.all()[:SHOWN])
    return {
        "comparisons": comparisons,
        "impacts": [(one, impact.outdated(one)) for one in previews],
        "comparing": under_way(comparisons, Job.Kind.COMPARE),
        "previewing": under_way(previews, Job.Kind.IMPACT),
    }


def under_way(rows: list[Any], kind: Job.Kind) -> dict[str, Any]:
    """For comparison/_waiting.html: the newest row, whether it waits, and the job that works on it.

    `stands` is what a list says of those that wait.
    """
    newest = rows[0] if rows else None
    waiting = [one for one in rows if not (one.result or one.error)]
    waits, job = newest in waiting, maker(kind) if waiting else None
    return {"row": newest, "waits": waits, "job": job if waits else None, "stands": stands(bool(job))}


def stands(has_job: bool) -> str:
    """Of a comparison or preview that has neither a result nor an error."""
    return "being made" if has_job else UNATTENDED


def maker(kind: Job.Kind) -> Job | None:
    """The job that makes what waits, or else the training at whose end it is made."""
    active = makers(kind)
    return active.filter(kind=kind).first() or active.first()


def makers(kind: Job.Kind) -> QuerySet[Job]:
    return Job.objects.active().filter(kind__in=(kind, Job.Kind.TRAIN))


def is_fragment(request: HttpRequest) -> bool:
    """The page asks for news of what is under way."""
    return request.headers.get("HX-Request") == "true"
