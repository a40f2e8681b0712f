"""What the admin's own pages have in common: rows that only the program writes, and refusals said with a 403."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse


class ReadOnlyAdmin(admin.ModelAdmin):
    """For rows that only the program writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django does nothing, silently, when an action is asked for that one may not do; this says so."""
        wanted = request.POST.get("action", "")
        if wanted and wanted not in self.get_actions(request):
            raise PermissionDenied
        return super().changelist_view(request, extra_context)


def require(request: HttpRequest, permission: str) -> None:
    """403 for staff who lack the permission, by its name in the organizer."""
    if not request.user.has_perm(f"organizer.{permission}"):
        raise PermissionDenied
