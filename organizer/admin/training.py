from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html

from classifier.labels import display_name
from organizer import jobs, tasks
from organizer.admin import estimates, run_files
from organizer.admin.audit import note
from organizer.admin.charts import confusion_rows, curves, genre_rows, mistake_rows, summary
from organizer.admin.readonly import below_a_row, require, row_or_404
from organizer.admin.run_form import TrainingRunForm
from organizer.models import Job, TrainingRun
from organizer.training import options, runs
from organizer.training.errors import TrainingError
from organizer.training.runs import Unchanged

SOUND_SPLIT = "At random, the same clips in every run."
FIELDSETS = (
    (None, {"fields": ("datasets", "family", "genres")}),
    ("How", {"fields": ("split", "seed", "epochs", "members", "balance", "genres_per_track", "corrections")}),
    ("More", {"fields": ("learning_curve", "start")}),
)


@admin.register(TrainingRun)
class TrainingRunAdmin(admin.ModelAdmin):
    form = TrainingRunForm
    list_display = (
        "__str__",
        "family",
        "state",
        "accuracy",
        "macro_f1",
        "version",
        "started_by",
        "created_at",
    )
    list_filter = ("family", "rule")
    add_form_template = "admin/organizer/trainingrun/add.html"

    def has_change_permission(self, request: HttpRequest, obj: TrainingRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TrainingRun | None = None) -> bool:
        is_under_way = bool(obj and obj.job and obj.job.is_active)
        return super().has_delete_permission(request, obj) and not is_under_way

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}  # runs are deleted one by one, where it is seen what goes with them

    @admin.display(description="state")
    def state(self, run: TrainingRun) -> str:
        return run.job.get_state_display() if run.job else "–"

    @admin.display(description="accuracy")
    def accuracy(self, run: TrainingRun) -> str:
        return _percent(runs.headline(run.metrics).get("accuracy"))

    @admin.display(description="macro-F1")
    def macro_f1(self, run: TrainingRun) -> str:
        return _percent(runs.headline(run.metrics).get("macro_f1"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrainingRun]:
        return super().get_queryset(request).select_related("job", "version", "started_by")

    def get_urls(self) -> list[URLPattern]:
        own = below_a_row(self, run=self.run_view, cancel=self.cancel_view, resume=self.resume_view)
        return [*own, *run_files.urls(self), *super().get_urls()]

    def get_form(
        self, request: HttpRequest, obj: TrainingRun | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        return type("AskedForm", (TrainingRunForm,), {"user": request.user})

    def get_fieldsets(self, request: HttpRequest, obj: TrainingRun | None = None) -> Any:
        may_widen = request.user.has_perm("organizer.widen_trainingrun")
        rule = ("Provenance", {"fields": ("rule", "reason") if may_widen else ("rule",)})
        return (*FIELDSETS, rule)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Training runs", **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, *_: Any, **__: Any) -> HttpResponse:
        run = row_or_404(self, request, object_id)
        return HttpResponseRedirect(reverse("admin:organizer_trainingrun_run", args=[run.pk]))

    def save_model(self, request: HttpRequest, obj: TrainingRun, form: TrainingRunForm, change: bool) -> None:
        obj.options, obj.started_by_id = form.chosen_options().stored(), request.user.pk
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: TrainingRunForm, *_: Any) -> None:
        """Start it; a run that cannot start leaves nothing but a sentence."""
        form.save_m2m()
        run = form.instance
        try:
            job, _is_new = runs.start(run)
            transaction.on_commit(lambda: tasks.enqueue(job))
        except Unchanged as unchanged:
            run.delete()
            url = reverse("admin:organizer_trainingrun_run", args=[unchanged.former.pk])
            link = format_html('{} <a href="{}">Open {}</a>', str(unchanged), url, unchanged.former)
            self.message_user(request, link, messages.WARNING)
        except TrainingError as error:
            run.delete()
            self.message_user(request, str(error), messages.ERROR)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_addition(request, obj, message) if obj.pk else None

    def delete_model(self, request: HttpRequest, obj: TrainingRun) -> None:
        runs.forget(obj)
        super().delete_model(request, obj)

    def response_add(self, request: HttpRequest, obj: TrainingRun, *_: Any) -> HttpResponse:
        if obj.pk is None:
            return HttpResponseRedirect(reverse("admin:organizer_trainingrun_add"))
        return HttpResponseRedirect(reverse("admin:organizer_trainingrun_run", args=[obj.pk]))

    @run_files.may_frame_the_report
    def run_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Progress and the learning curve while it runs; the figures and mistakes when it is done."""
        require(request, "view_trainingrun")
        run = get_object_or_404(TrainingRun.objects.select_related("job", "version"), pk=pk)
        is_fragment = request.headers.get("HX-Request") == "true"
        if is_fragment and _has_more_to_show(run, request.GET.get("shown", "")):
            return HttpResponse(headers={"HX-Refresh": "true"})
        context = self.admin_site.each_context(request) | {
            "title": str(run),
            "run": run,
            "job": run.job,
            "opts": self.model._meta,
            "is_fragment": is_fragment,
            **_asked(run),
            **_progress(run),
            **_result(request, run),
            "can_train": self.has_add_permission(request),
            "can_delete": self.has_delete_permission(request, run),
            "can_activate": request.user.has_perm("organizer.promote_modelversion"),
        }
        template = "_live.html" if is_fragment else "run.html"
        return TemplateResponse(request, f"admin/organizer/trainingrun/{template}", context)

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stops at the next checkpoint; what was learned so far is kept for going on."""
        run = self._to_change(request, pk)
        if request.method == "POST" and run.job:
            jobs.ask_cancel(run.job)
            note(request, run, "Asked it to stop.")
        return HttpResponseRedirect(reverse("admin:organizer_trainingrun_run", args=[pk]))

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self._to_change(request, pk)
        if request.method == "POST" and run.job:
            if runs.resume(run):
                tasks.enqueue(Job.objects.get(pk=run.job.pk))
                note(request, run, "Had it go on.")
            else:
                sentence = "It cannot go on: it has not stopped, or another run is under way."
                self.message_user(request, sentence, messages.ERROR)
        return HttpResponseRedirect(reverse("admin:organizer_trainingrun_run", args=[pk]))

    def _to_change(self, request: HttpRequest, pk: int) -> TrainingRun:
        require(request, "add_trainingrun")
        return get_object_or_404(TrainingRun.objects.select_related("job"), pk=pk)


def _has_more_to_show(run: TrainingRun, shown: str) -> bool:
    """Than the page that asks for news: then it is loaded anew, as a whole."""
    return not (run.job and run.job.is_active) or str(run.version_id or 0) != shown


def _asked(run: TrainingRun) -> dict[str, Any]:
    """What was asked for, in words."""
    names = {"genres_per_track": "Genres per track", "learning_curve": "Learning from fewer tracks"}
    return {
        "reason": options.reason(run.family),
        "chosen_genres": ", ".join(map(display_name, run.genres)),
        "split": SOUND_SPLIT if options.is_sound(run.family) else options.SPLITS.get(run.split, run.split),
        "chosen_options": [
            (names.get(name, name.capitalize()), "yes" if value is True else value)
            for name, value in run.options.items()
        ],
    }


def _progress(run: TrainingRun) -> dict[str, Any]:
    """What is said and drawn while it runs."""
    job = run.job
    place = job.cursor if job and job.phase == "train" else {}
    return {
        "place": {**place, "stage": _stage(place.get("stage", ""))},
        "eta": estimates.left(job) if job else "",
        "has_epochs": options.has_epochs(run.family),
        "stopped_after": run.curve[-1] if run.curve else None,
        "curves": curves(run.curve),
    }


def _stage(name: str) -> str:
    """The classifier's name of a stage as the page says it; the test part is never learned from."""
    again = " once more, with the validation part"
    return name.replace(" on all rows", again).replace(" on all clips", again)


def _result(request: HttpRequest, run: TrainingRun) -> dict[str, Any]:
    """What came out. Songs that users corrected are named only to those who may promote."""
    if run.version is None:
        return {}
    report, description = runs.headline(run.metrics), run_files.description_of(run)
    return {
        "summary": summary(run.metrics),
        "genres": genre_rows(report),
        "confusion": confusion_rows(report),
        "has_report": run_files.report_of(run).is_file(),
        "hears": options.is_sound(run.family),
        "mistakes": mistake_rows(
            description.get("mistakes", []),
            names_songs=request.user.has_perm("organizer.promote_modelversion"),
        ),
        **_nameless(description.get("training", {})),
    }


def _nameless(training: dict[str, Any]) -> dict[str, Any]:
    """Of how many of its tracks no artist is named; older versions did not count them."""
    count = training.get("tracks_without_artist", 0)
    return {"nameless": count, "all_nameless": count and count == sum(training["tracks"].values())}


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
