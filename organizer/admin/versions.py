"""Model versions: the list, from which some are compared, and each one's page."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from organizer import classify, tasks
from organizer.admin.audit import note
from organizer.admin.promotions import PromotionViews
from organizer.admin.readonly import ReadOnlyAdmin, below_a_row, require, row_or_404
from organizer.admin.version_page import about, found, genres, is_fragment, percent, state_of, uses
from organizer.models import ModelVersion
from organizer.training import comparing, impact, runs
from organizer.training.errors import TrainingError

LONGEST_NOTES = 2000


@admin.register(ModelVersion)
class ModelVersionAdmin(PromotionViews, ReadOnlyAdmin):
    list_display = (
        "name",
        "kind",
        "state",
        "accuracy",
        "macro_f1",
        "genres",
        "run_link",
        "data",
        "promoted",
        "created_at",
    )
    list_select_related = ("run",)
    actions = ("compare",)
    change_list_template = "admin/organizer/modelversion/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        classify.champion()  # the shipped version has a row even before the first classification
        rows = super().get_queryset(request).prefetch_related("run__datasets")
        return rows.annotate(last_promoted=Max("promotions__at"))

    @admin.display(description="state")
    def state(self, version: ModelVersion) -> str:
        return state_of(version)

    @admin.display(description="accuracy")
    def accuracy(self, version: ModelVersion) -> str:
        return percent(runs.headline(version.metrics).get("accuracy"))

    @admin.display(description="macro-F1")
    def macro_f1(self, version: ModelVersion) -> str:
        return percent(runs.headline(version.metrics).get("macro_f1"))

    @admin.display(description="genres")
    def genres(self, version: ModelVersion) -> str:
        return genres(version)

    @admin.display(description="training run")
    def run_link(self, version: ModelVersion) -> str:
        run = getattr(version, "run", None)
        if run is None:
            return "comes with the program" if version.path == "shipped" else "–"
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:organizer_trainingrun_run", args=[run.pk]), run
        )

    @admin.display(description="data")
    def data(self, version: ModelVersion) -> str:
        run = getattr(version, "run", None)
        return ", ".join(map(str, run.datasets.all())) if run else "–"

    @admin.display(description="last promoted", ordering="last_promoted")
    def promoted(self, version: Any) -> Any:
        return version.last_promoted or "–"

    def has_delete_permission(self, request: HttpRequest, obj: ModelVersion | None = None) -> bool:
        return False

    def has_train_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("organizer.add_trainingrun")

    @admin.action(description="Compare on the same test rows", permissions=["train"])
    def compare(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> HttpResponse | None:
        return self._compare(request, list(queryset))

    def _compare(self, request: HttpRequest, chosen: list[ModelVersion]) -> HttpResponse | None:
        try:
            comparison, job = comparing.start(chosen)
        except TrainingError as error:
            self.message_user(request, str(error), messages.ERROR)
            return None
        tasks.enqueue(job)
        note(request, comparison, f"Asked to compare {', '.join(map(str, chosen))}.")
        return HttpResponseRedirect(reverse("admin:organizer_comparison_change", args=[comparison.pk]))

    def get_urls(self) -> list[URLPattern]:
        own = below_a_row(
            self,
            compare=self.compare_view,
            preview=self.preview_view,
            notes=self.notes_view,
            promote=self.promote_view,
        )
        view = self.admin_site.admin_view(self.roll_back_view)
        back = path("roll-back/<str:kind>/", view, name="organizer_modelversion_roll_back")
        return [*own, back, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = {"uses": uses(), "can_promote": self.has_promote_permission(request)}
        return super().changelist_view(request, extra | (extra_context or {}))

    def change_view(self, request: HttpRequest, object_id: str, *_: Any, **__: Any) -> HttpResponse:
        """Everything about one version."""
        require(request, "view_modelversion")
        version: ModelVersion = row_or_404(self, request, object_id)
        made = found(version)
        is_news = is_fragment(request)
        if is_news and not (made["comparing"]["waits"] or made["previewing"]["waits"]):
            return HttpResponse(headers={"HX-Refresh": "true"})  # what speaks against it has changed, too
        context = self.admin_site.each_context(request) | {
            "title": f"Model version {version}",
            "version": version,
            "opts": self.model._meta,
            **({} if is_news else about(version)),
            **made,
            "can_train": self.has_train_permission(request),
            "can_promote": self.has_promote_permission(request),
        }
        template = "_found.html" if is_news else "version.html"
        return TemplateResponse(request, f"admin/organizer/modelversion/{template}", context)

    def compare_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, "add_trainingrun")
        version = get_object_or_404(ModelVersion, pk=pk)
        made = self._compare(request, [version]) if request.method == "POST" else None
        return made or _page_of(version)

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What it would do to the libraries."""
        require(request, "add_trainingrun")
        version = get_object_or_404(ModelVersion, pk=pk)
        if request.method != "POST":
            return _page_of(version)
        try:
            found, job = impact.start(version)
        except TrainingError as error:
            self.message_user(request, str(error), messages.ERROR)
            return _page_of(version)
        tasks.enqueue(job)
        note(request, version, "Asked what it would change.")
        return HttpResponseRedirect(reverse("admin:organizer_impact_change", args=[found.pk]))

    def notes_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, "add_trainingrun")
        version = get_object_or_404(ModelVersion, pk=pk)
        if request.method == "POST":
            version.notes = request.POST.get("notes", "").strip()[:LONGEST_NOTES]
            version.save(update_fields=["notes"])
            note(request, version, "Wrote its notes.")
            self.message_user(request, "The notes are kept.")
        return _page_of(version)


def _page_of(version: ModelVersion) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:organizer_modelversion_change", args=[version.pk]))
