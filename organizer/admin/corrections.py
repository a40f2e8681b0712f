"""What users corrected, as a page of its own: who teaches how much, what is left out and why, and the export."""

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from classifier.labels import display_name
from organizer.admin.audit import note
from organizer.admin.pictures import genre_shares
from organizer.models import Dataset, SpotifyAccount
from organizer.takeout import tables
from organizer.training import corrections, teaching

if TYPE_CHECKING:
    from organizer.admin.datasets import DatasetAdmin


def urls(model_admin: "DatasetAdmin") -> list[URLPattern]:
    """The pages of corrections, below the data sets'."""
    wrap = model_admin.admin_site.admin_view

    def shown(request: HttpRequest) -> HttpResponse:
        return page(model_admin, request)

    name = "organizer_dataset_corrections"
    return [
        path("corrections/", wrap(shown), name=name),
        path("corrections/export.csv", wrap(export), name=f"{name}_export"),
        path("corrections/<int:pk>/teaches/", wrap(choose), name=f"{name}_teaches"),
    ]


def page(model_admin: "DatasetAdmin", request: HttpRequest) -> HttpResponse:
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    dataset = corrections.dataset()
    found = teaching.summary()
    context = model_admin.admin_site.each_context(request) | {
        "title": "What users corrected",
        "dataset": dataset,
        "found": found,
        "genres": genre_shares(found.genres),
        "teachers": [
            (one, [(display_name(slug), count) for slug, count in one.genres.items()])
            for one in found.teachers
        ],
        "sees_people": request.user.has_perm("organizer.view_spotifyaccount"),
        "can_choose": request.user.has_perm("organizer.change_spotifyaccount"),
        "can_export": request.user.has_perm("organizer.export_corrections"),
        "can_train": request.user.has_perm("organizer.add_trainingrun"),
        "opts": Dataset._meta,
    }
    return TemplateResponse(request, "admin/organizer/dataset/corrections.html", context)


def export(request: HttpRequest) -> StreamingHttpResponse:
    """Every word of those who teach as CSV, safe to open in a spreadsheet."""
    if not request.user.has_perm("organizer.export_corrections"):
        raise PermissionDenied
    dataset = corrections.dataset()
    note(request, dataset, f"Exported the corrections: {dataset.rows:,} songs.")
    return StreamingHttpResponse(
        tables.lines(corrections.HEADER, corrections.rows()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="corrections.csv"'},
    )


@require_POST
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether an account's words may train."""
    if not request.user.has_perm("organizer.change_spotifyaccount"):
        raise PermissionDenied
    account = get_object_or_404(SpotifyAccount, pk=pk)
    teaches = request.POST.get("teaches") == "yes"
    if account.teaches != teaches:
        SpotifyAccount.objects.filter(pk=pk).update(teaches=teaches)
        word = "Included" if teaches else "Excluded"
        note(request, account, f"{word} their corrections {'in' if teaches else 'from'} training.")
    return HttpResponseRedirect(reverse("admin:organizer_dataset_corrections"))
