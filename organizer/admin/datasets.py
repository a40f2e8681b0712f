from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from classifier.errors import DataError
from classifier.labels import FAMILIES, display_name
from organizer.models import Dataset
from organizer.training import datasets


class DatasetForm(forms.ModelForm):
    """Either an upload or a path on the server; nothing is stored of a file that cannot be used."""

    class Meta:
        model = Dataset
        fields = ("name", "file", "server_path", "origin", "provenance", "licence")
        help_texts = {
            "file": "A CSV or Parquet table with a genre column and feature columns by their usual names.",
            "server_path": "Instead of an upload: a file in one of the folders of DATASET_DIRS.",
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        upload, server_path = cleaned.get("file"), cleaned.get("server_path")
        if self.errors or self.instance.pk:
            return cleaned
        if bool(upload) == bool(server_path):
            raise forms.ValidationError("Give either a file or a path on the server.")
        try:
            if server_path:
                cleaned["server_path"] = str(datasets.resolve_server_path(server_path))
                datasets.inspect_table(self.instance, datasets.resolve_server_path(server_path))
            elif isinstance(upload, UploadedFile):
                datasets.inspect_table(self.instance, upload.file, name=upload.name)
        except DataError as error:
            raise forms.ValidationError(str(error)) from error
        return cleaned


@admin.register(Dataset)
class DatasetAdmin(admin.ModelAdmin):
    form = DatasetForm
    list_display = ("name", "rows", "licence", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Dataset | None = None) -> tuple[str, ...]:
        return ("file", "server_path", "rows") if obj else ()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.labels_view)
        return [path("<int:pk>/labels/", view, name="organizer_dataset_labels"), *super().get_urls()]

    def response_add(self, request: HttpRequest, obj: Dataset, *_: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:organizer_dataset_labels", args=[obj.pk]))

    def response_change(self, request: HttpRequest, obj: Dataset) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:organizer_dataset_labels", args=[obj.pk]))

    def labels_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Which genre each of the file's labels means; proposed, and corrected by a person."""
        dataset = get_object_or_404(Dataset, pk=pk)
        if not self.has_change_permission(request, dataset):
            return HttpResponse("You may not change data sets.", status=403, content_type="text/plain")
        if request.method == "POST":
            self._save_labels(request, dataset)
            return HttpResponseRedirect(request.path)
        context = self.admin_site.each_context(request) | {
            "title": f"Labels of {dataset}",
            "dataset": dataset,
            "labels": label_rows(dataset),
            "families": [(slug, display_name(slug)) for slug in FAMILIES],
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "admin/organizer/dataset/labels.html", context)

    def _save_labels(self, request: HttpRequest, dataset: Dataset) -> None:
        chosen = {
            label: request.POST.get(f"label-{place}", "") for place, label in enumerate(dataset.label_map)
        }
        try:
            datasets.map_labels(
                dataset, {label: slug if slug in FAMILIES else "" for label, slug in chosen.items()}
            )
            self.message_user(request, "The labels are mapped. Start a training run when you are ready.")
        except DataError as error:
            self.message_user(request, str(error), messages.ERROR)


def label_rows(dataset: Dataset) -> list[dict[str, Any]]:
    counts = dataset.report.get("labels", {})
    return [
        {"place": place, "label": label, "rows": counts.get(label, 0), "genre": genre}
        for place, (label, genre) in enumerate(dataset.label_map.items())
    ]
