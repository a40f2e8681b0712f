"""What a run's version directory holds, served to staff: its report as a page of its own, and clips to listen to."""

from collections.abc import Callable
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path

from classifier import registry
from classifier.errors import DataError, ModelError
from organizer.admin.readonly import require
from organizer.models import Dataset, TrainingRun
from organizer.training import datasets
from organizer.views.ranges import ranged

REPORT = "report.html"
# The report is one document with styles inside and nothing else: no script, no address, no form may do anything there.
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'; "
    "form-action 'none'; sandbox"
)

may_frame_the_report: Callable[[Any], Any] = csp_replace({"frame-src": [SELF]})


def urls(model_admin: admin.ModelAdmin) -> list[URLPattern]:
    wrap = model_admin.admin_site.admin_view
    return [
        path("<int:pk>/report/", wrap(report_view), name="organizer_trainingrun_report"),
        path("<int:pk>/clip/<int:place>/", wrap(clip_view), name="organizer_trainingrun_clip"),
    ]


def report_of(run: TrainingRun) -> Path:
    return run.version.directory / REPORT if run.version else Path()


def description_of(run: TrainingRun) -> dict[str, Any]:
    """What the version says of itself; empty where its directory was removed."""
    try:
        return registry.read_description(run.version.directory) if run.version else {}
    except ModelError:  # the page says what the database knows
        return {}


def report_view(request: HttpRequest, pk: int) -> HttpResponse:
    require(request, "view_trainingrun")
    path = report_of(get_object_or_404(TrainingRun.objects.select_related("version"), pk=pk))
    if not path.is_file():
        raise Http404("This run has no report.")
    headers = {"Content-Security-Policy": REPORT_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HttpResponse(path.read_bytes(), headers=headers)


def clip_view(request: HttpRequest, pk: int, place: int) -> HttpResponse:
    """The sound behind one of the mistakes; nothing else of a data set can be asked for."""
    require(request, "view_trainingrun")
    description = description_of(get_object_or_404(TrainingRun.objects.select_related("version"), pk=pk))
    mistakes = description.get("mistakes", [])
    if place >= len(mistakes):
        raise Http404("There is no such clip.")
    dataset = get_object_or_404(Dataset, name=mistakes[place]["dataset"], kind=Dataset.Kind.AUDIO)
    try:
        file = datasets.sound_file(dataset, mistakes[place]["id"])
    except DataError as error:
        raise Http404(str(error)) from error
    kind = guess_type(file.name)[0] or "application/octet-stream"
    return ranged(file.read_bytes(), kind, request.headers.get("Range", ""))
