from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from organizer import jobs, tasks
from organizer.admin.charts import confusion_rows, curve_points, genre_rows, summary
from organizer.models import Job, TrainingRun
from organizer.training import runs
from organizer.training.errors import TrainingError


class TrainingRunForm(forms.ModelForm):
    epochs = forms.IntegerField(
        initial=30,
        help_text="At most this many passes over the data; training stops early when it no longer gains.",
    )

    class Meta:
        model = TrainingRun
        fields = ("datasets", "seed")
        help_texts = {"seed": "The same seed on the same data gives the same model."}

    def clean(self) -> dict[str, Any]:
        if Job.objects.active().filter(kind=Job.Kind.TRAIN).exists():
            raise forms.ValidationError("Another training run is under way. Wait for it, or cancel it.")
        return super().clean() or {}

    def clean_epochs(self) -> int:
        epochs = self.cleaned_data["epochs"]
        if not 1 <= epochs <= 500:
            raise forms.ValidationError("Choose 1 to 500 epochs.")
        return epochs

    def clean_datasets(self) -> Any:
        chosen = self.cleaned_data["datasets"]
        if len({genre for one in chosen for genre in one.label_map.values() if genre}) < 2:
            raise forms.ValidationError("Map the data sets' labels to at least two genres first.")
        return chosen


@admin.register(TrainingRun)
class TrainingRunAdmin(admin.ModelAdmin):
    form = TrainingRunForm
    list_display = ("__str__", "state", "accuracy", "macro_f1", "version", "created_at")

    def has_change_permission(self, request: HttpRequest, obj: TrainingRun | None = None) -> bool:
        return False

    @admin.display(description="state")
    def state(self, run: TrainingRun) -> str:
        return run.job.get_state_display() if run.job else "–"

    @admin.display(description="accuracy")
    def accuracy(self, run: TrainingRun) -> str:
        return _percent(runs.headline(run.metrics).get("accuracy"))

    @admin.display(description="macro-F1")
    def macro_f1(self, run: TrainingRun) -> str:
        return _percent(runs.headline(run.metrics).get("macro_f1"))

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                "<int:pk>/run/", self.admin_site.admin_view(self.run_view), name="organizer_trainingrun_run"
            ),
            path(
                "<int:pk>/cancel/",
                self.admin_site.admin_view(self.cancel_view),
                name="organizer_trainingrun_cancel",
            ),
        ]
        return [*own, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *_: Any, **__: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:organizer_trainingrun_run", args=[object_id]))

    def save_model(self, request: HttpRequest, obj: TrainingRun, form: TrainingRunForm, change: bool) -> None:
        obj.options, obj.started_by_id = {"epochs": form.cleaned_data["epochs"]}, request.user.pk
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: TrainingRunForm, *_: Any) -> None:
        form.save_m2m()
        try:
            job, _is_new = runs.start(form.instance)
            tasks.enqueue(job)
        except TrainingError as error:
            self.message_user(request, str(error), messages.ERROR)

    def response_add(self, request: HttpRequest, obj: TrainingRun, *_: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:organizer_trainingrun_run", args=[obj.pk]))

    def run_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Progress and the learning curve while it runs; the figures when it is done."""
        run = get_object_or_404(TrainingRun.objects.select_related("job", "version"), pk=pk)
        context = self.admin_site.each_context(request) | {
            "title": str(run),
            "run": run,
            "job": run.job,
            "curve": curve_points(run.curve),
            "summary": summary(run.metrics),
            "genres": genre_rows(runs.headline(run.metrics)),
            "confusion": confusion_rows(runs.headline(run.metrics)),
            "can_activate": request.user.has_perm("organizer.promote_modelversion"),
            "opts": self.model._meta,
        }
        is_fragment = request.headers.get("HX-Request") == "true"
        template = "_run.html" if is_fragment else "run.html"
        return TemplateResponse(request, f"admin/organizer/trainingrun/{template}", context)

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = get_object_or_404(TrainingRun, pk=pk)
        if request.method == "POST" and run.job and self.has_add_permission(request):
            jobs.ask_cancel(run.job)
        return HttpResponseRedirect(reverse("admin:organizer_trainingrun_run", args=[pk]))


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
