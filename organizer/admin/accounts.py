from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from organizer import jobs, tasks
from organizer.models import Job, SpotifyAccount


class ReadOnlyAdmin(admin.ModelAdmin):
    """For rows that only the program writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(SpotifyAccount)
class SpotifyAccountAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "user", "needs_link", "authorized_at", "synced_at", "liked_total")
    list_filter = ("needs_link",)
    fields = (
        "user",
        "account_id",
        "display_name",
        "needs_link",
        "authorized_at",
        "granted_scopes",
        "synced_at",
        "liked_total",
    )  # never the tokens

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False  # users disconnect themselves; that also forgets their songs


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "account",
        "state",
        "phase",
        "done",
        "total",
        "wait_reason",
        "error",
        "created_at",
    )
    list_filter = ("state", "kind")
    actions = ("resume", "cancel")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("organizer.change_job")

    @admin.action(description="Resume", permissions=["operate"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        resumed = [job for job in queryset if jobs.resume(job)]
        for job in resumed:
            tasks.enqueue(job)
        self.message_user(request, f"{len(resumed)} of {queryset.count()} jobs go on.", messages.SUCCESS)

    @admin.action(description="Cancel at the next checkpoint", permissions=["operate"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        for job in queryset:
            jobs.ask_cancel(job)
        self.message_user(request, "They stop at their next checkpoint.", messages.SUCCESS)
