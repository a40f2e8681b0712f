"""What the admin's own pages have in common: rows that only the program writes, addresses, and refusals said with a 403."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path


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
        title = str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {"title": title, **(extra_context or {})})


def below_a_row(model_admin: admin.ModelAdmin, **views: Callable[..., HttpResponse]) -> list[URLPattern]:
    """The addresses of what can be done with one row, each called as its view is here: …/7/resume/."""
    wrap, model = model_admin.admin_site.admin_view, model_admin.opts.model_name
    return [
        path(f"<int:pk>/{name}/", wrap(view), name=f"organizer_{model}_{name}")
        for name, view in views.items()
    ]


def row_or_404(model_admin: admin.ModelAdmin, request: HttpRequest, object_id: str) -> Any:
    """The row of an address, which may hold anything."""
    row = model_admin.get_object(request, object_id)
    if row is None:
        raise Http404
    return row


def require(request: HttpRequest, permission: str) -> None:
    """403 for staff who lack the permission, by its name in the organizer."""
    if not request.user.has_perm(f"organizer.{permission}"):
        raise PermissionDenied
