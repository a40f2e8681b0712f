"""What was done in the admin, by whom and when: written by every action, read by staff, changed by nobody."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import BooleanField, Case, Model, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from organizer.models import SpotifyAccount


def note(request: HttpRequest, obj: Model, sentence: str, *, is_deletion: bool = False) -> LogEntry:
    """Keep in the audit log what this request did to `obj`."""
    return LogEntry.objects.create(
        user_id=str(request.user.pk),
        content_type=ContentType.objects.get_for_model(obj, for_concrete_model=False),
        object_id=str(obj.pk),
        object_repr=_name(obj)[:200],
        action_flag=DELETION if is_deletion else CHANGE,
        change_message=sentence,
    )


def _name(obj: Model) -> str:
    """People's names do not outlive their account, which the log does."""
    return f"account {obj.pk}" if isinstance(obj, SpotifyAccount) else str(obj)


@admin.register(LogEntry)
class AuditLog(admin.ModelAdmin):
    """Not even a superuser adds, changes or deletes entries here."""

    list_display = ("when", "who", "what", "link", "sentence")
    list_display_links = None
    list_filter = (
        ("user", admin.RelatedOnlyFieldListFilter),
        ("content_type", admin.RelatedOnlyFieldListFilter),
        "action_flag",
        "action_time",
    )
    search_fields = ("object_repr", "change_message", "user__username")
    search_help_text = "Search names, sentences and users"
    ordering = ("-action_time", "-pk")
    list_per_page = 50
    list_select_related = ("user", "content_type")
    fields = readonly_fields = ("when", "who", "what", "link", "sentence")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Audit log", **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[LogEntry]:
        """Each entry with whether its reader may open what it is about."""
        registered = self.admin_site._registry.items()
        hidden = [model for model, its in registered if not its.has_view_permission(request)]
        kinds = ContentType.objects.get_for_models(*hidden).values()
        may_open = Case(When(content_type__in=kinds, then=False), default=True, output_field=BooleanField())
        rows = super().get_queryset(request).select_related("user", "content_type")
        return rows.annotate(may_open=may_open)

    @admin.display(description="when", ordering="action_time")
    def when(self, entry: LogEntry) -> Any:
        return entry.action_time

    @admin.display(description="who", ordering="user__username")
    def who(self, entry: LogEntry) -> str:
        return entry.user.get_username()

    @admin.display(description="what", ordering="content_type")
    def what(self, entry: LogEntry) -> str:
        kind = entry.content_type.name if entry.content_type else "something"
        if entry.is_addition():
            return f"added: {kind}"
        return f"{'deleted' if entry.is_deletion() else 'changed'}: {kind}"

    @admin.display(description="of which")
    def link(self, entry: Any) -> str:
        url = entry.get_admin_url() if entry.may_open and not entry.is_deletion() else None
        return format_html('<a href="{}">{}</a>', url, entry.object_repr) if url else entry.object_repr

    @admin.display(description="what was done")
    def sentence(self, entry: LogEntry) -> str:
        return entry.get_change_message() or "–"
