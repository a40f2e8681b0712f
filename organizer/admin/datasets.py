"""Data sets in the admin: added with a quick look, checked by a job, then shown with what is in them."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from classifier.labels import FAMILIES, display_name
from organizer import tasks
from organizer.admin import corrections, uploads
from organizer.admin.audit import note
from organizer.admin.dataset_form import DatasetForm, limit
from organizer.admin.dataset_page import page
from organizer.admin.readonly import below_a_row, row_or_404
from organizer.models import Correction, Dataset
from organizer.training import checking, datasets
from organizer.training import corrections as corrected

State, Kind = Dataset.State, Dataset.Kind
OWNER_DELETES = (
    "Only an owner deletes data that is said to come from Spotify: it also bars other uploads of the same file "
    "from training."
)
ONE_BUTTON = {"show_save_and_add_another": False, "show_save_and_continue": False, "show_delete": False}


@admin.register(Dataset)
class DatasetAdmin(admin.ModelAdmin):
    form = DatasetForm
    list_display = ("name", "state", "kind", "from_where", "rows", "licence", "used_by", "created_at")
    list_filter = ("state", "kind", "origin", "is_test")
    change_form_template = "admin/organizer/dataset/form.html"
    change_list_template = "admin/organizer/dataset/change_list.html"

    @admin.display(description="origin", ordering="origin")
    def from_where(self, dataset: Dataset) -> str:
        where = "independent" if dataset.origin == Dataset.Origin.INDEPENDENT else "from Spotify"
        return f"{where}, only for judging" if dataset.is_test else where

    @admin.display(description="used by")
    def used_by(self, dataset: Dataset) -> str:
        count = dataset.runs.count()
        return f"{count} run{'' if count == 1 else 's'}" if count else "–"

    def has_change_permission(self, request: HttpRequest, obj: Dataset | None = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_corrections(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Dataset | None = None) -> bool:
        may = super().has_delete_permission(request, obj) and not _is_corrections(obj)
        return may and not (obj and self._bars_others(request, obj))

    def _bars_others(self, request: HttpRequest, dataset: Dataset) -> bool:
        """Without it, another upload of its file could be called independent and trained on."""
        is_barred = dataset.origin == Dataset.Origin.SPOTIFY and bool(dataset.sha256)
        return is_barred and not request.user.has_perm("organizer.widen_trainingrun")

    def get_fields(self, request: HttpRequest, obj: Dataset | None = None) -> Any:
        asked = list(DatasetForm.Meta.fields)
        return [name for name in asked if name not in ("file", "server_path")] if obj else asked

    def get_form(
        self, request: HttpRequest, obj: Dataset | None = None, change: bool = False, **how: Any
    ) -> Any:
        return type("OnesForm", (super().get_form(request, obj, change, **how),), {"user": request.user})

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        return super().construct_change_message(request, form, formsets, add) if add else form.changes()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}  # one by one: each says what refers to it

    def get_urls(self) -> list[URLPattern]:
        own = below_a_row(
            self,
            labels=self.labels_view,
            check=self.check_view,
            remove=self.remove_view,
            edit=self.edit_view,
        )
        return [*own, *corrections.urls(self), *super().get_urls()]

    @method_decorator(csrf_exempt)  # only until the upload handler is in place: `super` checks the token
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if request.method == "POST" and self.has_add_permission(request):
            problem, status = uploads.refusal(request, limit(), "licence")
            if problem:
                context = self.admin_site.each_context(request) | {"title": "Not taken", "problem": problem}
                template = "admin/organizer/dataset/refused.html"
                return TemplateResponse(request, template, context, status=status)
        return super().add_view(request, form_url, ONE_BUTTON | (extra_context or {}))

    def save_model(self, request: HttpRequest, obj: Dataset, form: Any, change: bool) -> None:
        try:
            super().save_model(request, obj, form, change)
        except IntegrityError:  # somebody else took the name just now
            if not change:
                datasets.forget_files(obj)
            raise
        if not change:
            transaction.on_commit(lambda: tasks.enqueue(checking.start()))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if Correction.objects.exists() and not Dataset.objects.filter(kind=Kind.CORRECTIONS).exists():
            corrected.dataset()  # so that it is there to be found
        return super().changelist_view(request, {"title": "Data sets", **(extra_context or {})})

    def response_add(self, request: HttpRequest, obj: Dataset, *_: Any) -> HttpResponse:
        return HttpResponseRedirect(_address(obj))

    def response_change(self, request: HttpRequest, obj: Dataset) -> HttpResponse:
        return HttpResponseRedirect(_address(obj))

    def change_view(self, request: HttpRequest, object_id: str, *_: Any, **__: Any) -> HttpResponse:
        """What is in it; corrections have a page of their own."""
        dataset: Dataset = row_or_404(self, request, object_id)
        if not self.has_view_permission(request, dataset):
            raise PermissionDenied
        if _is_corrections(dataset):
            return HttpResponseRedirect(reverse("admin:organizer_dataset_corrections"))
        return page(self, request, dataset)

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return super().change_view(request, str(pk), extra_context=ONE_BUTTON)

    @method_decorator(require_POST)
    def labels_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Which genre each of the file's labels means, as a person said; of which nothing is said keeps its own."""
        dataset = self._changeable(request, pk)
        chosen = {
            label: request.POST.get(f"label-{place}", slug)
            for place, (label, slug) in enumerate(dataset.label_map.items())
        }
        before = dataset.label_map
        datasets.map_labels(
            dataset, {label: slug if slug in FAMILIES else "" for label, slug in chosen.items()}
        )
        changed = [
            f"{label} → {display_name(slug) if slug else 'left out'}"
            for label, slug in dataset.label_map.items()
            if before[label] != slug
        ]
        if changed:
            note(request, dataset, f"Mapped labels: {', '.join(changed[:10])}{' …' if changed[10:] else ''}.")
        self.message_user(request, "The labels are mapped. Start a training run when you are ready.")
        return HttpResponseRedirect(_address(dataset))

    @method_decorator(require_POST)
    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        dataset = self._changeable(request, pk)
        if checking.ask_again(dataset):
            tasks.enqueue(checking.start())
            note(request, dataset, "Had it checked again.")
        return HttpResponseRedirect(_address(dataset))

    @method_decorator(require_POST)
    def remove_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """With one click, for what was refused anyway."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        dataset = get_object_or_404(Dataset, pk=pk, state=State.REFUSED)
        if not self.has_delete_permission(request, dataset):
            raise PermissionDenied
        self.log_deletions(request, Dataset.objects.filter(pk=pk))
        self.delete_model(request, dataset)
        self.message_user(request, f"“{dataset}” is gone.")
        return HttpResponseRedirect(reverse("admin:organizer_dataset_changelist"))

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        dataset = self.get_object(request, object_id)
        if dataset is not None and self.has_delete_permission(request):
            why = OWNER_DELETES if self._bars_others(request, dataset) else datasets.why_kept(dataset)
            if why:
                self.message_user(request, why, messages.ERROR)
                return HttpResponseRedirect(_address(dataset))
        return super().delete_view(request, object_id, *args, **kwargs)

    def delete_model(self, request: HttpRequest, obj: Dataset) -> None:
        datasets.delete(obj)

    def _changeable(self, request: HttpRequest, pk: int) -> Dataset:
        dataset = get_object_or_404(Dataset, pk=pk)
        if not self.has_change_permission(request, dataset):
            raise PermissionDenied
        return dataset


def _is_corrections(dataset: Dataset | None) -> bool:
    return dataset is not None and dataset.kind == Kind.CORRECTIONS


def _address(dataset: Dataset) -> str:
    return reverse("admin:organizer_dataset_change", args=[dataset.pk])
