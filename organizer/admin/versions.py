from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from organizer import classify, tasks
from organizer.admin.readonly import ReadOnlyAdmin
from organizer.models import ModelVersion
from organizer.training import runs, versions
from organizer.training.errors import TrainingError


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    list_display = ("name", "is_champion", "accuracy", "genres", "created_at", "run_link")
    fields = ("name", "is_champion", "was_champion_at", "labels", "metrics", "created_at")
    actions = ("make_active",)
    change_list_template = "admin/organizer/modelversion/change_list.html"

    @admin.display(description="accuracy on its own held-out artists")
    def accuracy(self, version: ModelVersion) -> str:
        value = runs.headline(version.metrics).get("accuracy")
        return "–" if value is None else f"{value:.1%}"

    @admin.display(description="genres")
    def genres(self, version: ModelVersion) -> int:
        return len(version.labels)

    @admin.display(description="training run")
    def run_link(self, version: ModelVersion) -> str:
        run = getattr(version, "run", None)
        if run is None:
            return "comes with the program"
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:organizer_trainingrun_run", args=[run.pk]), run
        )

    def has_delete_permission(self, request: HttpRequest, obj: ModelVersion | None = None) -> bool:
        return False

    def has_activate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("organizer.promote_modelversion")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        classify.champion()  # the shipped version has a row even before the first classification
        return super().get_queryset(request)

    @admin.action(description="Make active and classify every library again", permissions=["activate"])
    def make_active(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        if queryset.count() != 1:
            self.message_user(request, "Choose exactly one version.", messages.ERROR)
            return
        self._activate(request, queryset.get())

    def _activate(self, request: HttpRequest, version: ModelVersion) -> None:
        versions.activate(version, by=request.user)
        self._reclassify(request, version)

    def _reclassify(self, request: HttpRequest, version: ModelVersion) -> None:
        started = versions.start_reclassifying()
        for job in started:
            tasks.enqueue(job)
        self.message_user(
            request,
            f"“{version}” is active. Libraries being classified again: {len(started)}; "
            "playlists change only through plans that their owners approve.",
            messages.SUCCESS,
        )

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                "<int:pk>/activate/",
                self.admin_site.admin_view(self.activate_view),
                name="organizer_modelversion_activate",
            ),
            path(
                "roll-back/",
                self.admin_site.admin_view(self.roll_back_view),
                name="organizer_modelversion_roll_back",
            ),
        ]
        return [*own, *super().get_urls()]

    def activate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = get_object_or_404(ModelVersion, pk=pk)
        if request.method == "POST" and self.has_activate_permission(request):
            self._activate(request, version)
        return HttpResponseRedirect(reverse("admin:organizer_modelversion_changelist"))

    def roll_back_view(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and self.has_activate_permission(request):
            try:
                self._reclassify(request, versions.roll_back(by=request.user))
            except TrainingError as error:
                self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:organizer_modelversion_changelist"))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = {
            "previous": versions.previous_champion(),
            "can_activate": self.has_activate_permission(request),
        }
        return super().changelist_view(request, extra | (extra_context or {}))
