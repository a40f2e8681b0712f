"""The page of one data set: the report, what its labels mean, and what it holds, drawn."""

from datetime import timedelta
from math import ceil
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from classifier.labels import FAMILIES, display_name
from organizer.admin import pictures
from organizer.models import Dataset, Job
from organizer.training import datasets, telling

State = Dataset.State


def page(model_admin: admin.ModelAdmin, request: HttpRequest, dataset: Dataset) -> HttpResponse:
    is_fragment = request.headers.get("HX-Request") == "true"
    if is_fragment and dataset.state != State.CHECKING:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = model_admin.admin_site.each_context(request) | {
        "title": str(dataset),
        "dataset": dataset,
        "opts": Dataset._meta,
        "can_change": model_admin.has_change_permission(request, dataset),
        "can_delete": model_admin.has_delete_permission(request, dataset),
        "can_train": request.user.has_perm("organizer.add_trainingrun"),
        **_checking(dataset),
        **_contents(dataset),
    }
    template = "_checking.html" if is_fragment else "dataset.html"
    return TemplateResponse(request, f"admin/organizer/dataset/{template}", context)


def _checking(dataset: Dataset) -> dict[str, Any]:
    """How far the check is; `last` is the check that ended before it came to this data set."""
    if dataset.state != State.CHECKING:
        return {}
    checks = Job.objects.filter(kind=Job.Kind.CHECK)
    job = checks.active().first()
    mine = job if job and job.counts.get("dataset") == dataset.pk else None
    minutes = ceil(mine.eta / timedelta(minutes=1)) if mine and mine.eta else 0
    return {
        "job": job,
        "mine": mine,
        "minutes": minutes,
        "is_next": not Dataset.objects.filter(state=State.CHECKING, pk__lt=dataset.pk).exists(),
        "last": None if job else checks.first(),
    }


def _contents(dataset: Dataset) -> dict[str, Any]:
    found = telling.labels(dataset)
    return {
        "sentences": telling.sentences(dataset),
        "unmapped": [_row(one) for one in found if not one.genre],
        "mapped": [_row(one) for one in found if one.genre],
        "families": [(slug, display_name(slug)) for slug in FAMILIES],
        "genres": pictures.genre_shares(telling.genres(dataset)),
        "histograms": [pictures.histogram(one) for one in dataset.report.get("features", [])],
        "bad": dataset.report.get("bad", []),
        "runs": datasets.runs_with(dataset),
        "noun": "clips" if dataset.kind == Dataset.Kind.AUDIO else "rows",
    }


def _row(label: telling.Label) -> dict[str, Any]:
    return {"label": label, "suggestion": display_name(label.suggestion) if label.suggestion else ""}
