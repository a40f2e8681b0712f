"""What runs, waits and has failed, with the two things one can do about a job: have it go on, or stop it."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, reverse
from django.utils.html import format_html

from organizer import jobs, tasks
from organizer.admin import estimates
from organizer.admin.audit import note
from organizer.admin.readonly import ReadOnlyAdmin, below_a_row, require
from organizer.models import Job
from organizer.templatetags.job_words import unheard
from organizer.templatetags.moments import brief
from organizer.templatetags.words import phase_words

ENDED = (Job.State.FAILED, Job.State.CANCELLED)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "account", "stands", "progress", "says", "created")
    list_filter = ("state", "kind", ("account", admin.RelatedOnlyFieldListFilter))
    search_fields = ("account__display_name", "account__user__username", "error", "wait_reason", "=id")
    search_help_text = "Search accounts, reasons and job numbers"
    list_select_related = ("account",)
    list_per_page = 50
    actions = ("resume", "cancel")
    fields = (
        "kind",
        "account",
        "stands",
        "progress",
        "waits",
        "error",
        "tries",
        "created_at",
        "phase_started_at",
        "finished_at",
    )
    readonly_fields = ("stands", "progress", "waits", "tries")
    change_form_template = "admin/organizer/job/change_form.html"

    class Media:
        css = {"all": ("operations.css",)}

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("organizer.operate_job")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        return super().get_queryset(request).select_related("account")

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """Failures that nothing has made good yet, then what is under way, then the rest; the newest first."""
        unanswered = When(pk__in=Job.objects.unanswered().values("pk"), then=Value(0))
        active = When(state__in=Job.ACTIVE, then=Value(1))
        return (Case(unanswered, active, default=Value(2), output_field=IntegerField()), "-created_at")

    @admin.display(description="state", ordering="state")
    def stands(self, job: Job) -> str:
        if job.is_replaced:
            return "Replaced by a newer one"
        is_at = f": {phase_words(job)}" if job.state != Job.State.DONE else ""
        is_stopping = job.is_active and job.is_cancel_asked
        return f"{'Stopping' if is_stopping else job.get_state_display()}{is_at}"

    @admin.display(description="failures in a row")
    def tries(self, job: Job) -> int:
        return job.failures

    @admin.display(description="created", ordering="created_at")
    def created(self, job: Job) -> str:
        return brief(job.created_at)

    @admin.display(description="why it waits or failed")
    def says(self, job: Job) -> str:
        return job.error or self.waits(job)

    @admin.display(description="progress")
    def progress(self, job: Job) -> str:
        if not job.total:
            return "–"
        bar = format_html('<progress max="100" value="{}">{} %</progress> ', job.percent, job.percent)
        left = estimates.left(job)
        until = f", {left} left" if left else ""
        return format_html("{}{} of {}{}", bar if job.is_active else "", job.done, job.total, until)

    @admin.display(description="waits for")
    def waits(self, job: Job) -> str:
        if not job.wait_reason and not job.wait_until:
            return unheard(job) or "–"
        until = f" Until {brief(job.wait_until)}." if job.wait_until else ""
        return f"{job.wait_reason}{until}"

    @admin.action(description="Resume (go on where it stopped)", permissions=["operate"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        resumed = [job for job in queryset if self._resume(request, job)]
        level = messages.SUCCESS if resumed else messages.WARNING
        self.message_user(request, f"{len(resumed)} of {queryset.count()} jobs go on.", level)

    def _resume(self, request: HttpRequest, job: Job) -> bool:
        if not jobs.resume(job):
            return False
        note(request, job, f"Resumed after: {job.error or job.get_state_display()}")
        tasks.enqueue(job)
        return True

    @admin.action(description="Cancel at the next checkpoint", permissions=["operate"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        stopping = [job for job in queryset if self._cancel(request, job)]
        self.message_user(request, f"{len(stopping)} jobs stop at their next checkpoint.", messages.SUCCESS)

    def _cancel(self, request: HttpRequest, job: Job) -> bool:
        if not job.is_active:
            return False
        jobs.ask_cancel(job)
        note(request, job, f"Cancelled at “{phase_words(job)}”, {job.done} of {job.total} done.")
        return True

    def get_urls(self) -> list[URLPattern]:
        own = below_a_row(self, resume=self.resume_view, cancel=self.cancel_view)
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        extra = {"can_operate": self.has_operate_permission(request), "ended": ENDED}
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, "operate_job")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        goes_on = self._resume(request, get_object_or_404(Job, pk=pk))
        sentence = (
            "The job goes on." if goes_on else "It cannot go on: it is done, or a newer one is under way."
        )
        self.message_user(request, sentence, messages.SUCCESS if goes_on else messages.ERROR)
        return HttpResponseRedirect(reverse("admin:organizer_job_change", args=[pk]))

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, "operate_job")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        stops = self._cancel(request, get_object_or_404(Job, pk=pk))
        sentence = "It stops at its next checkpoint." if stops else "It had ended before."
        self.message_user(request, sentence, messages.SUCCESS if stops else messages.ERROR)
        return HttpResponseRedirect(reverse("admin:organizer_job_change", args=[pk]))
