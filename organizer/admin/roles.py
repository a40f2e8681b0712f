"""Users and roles in the admin: superusers alone see and change them, so that nobody can lift themselves."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest

from organizer import staff
from organizer.models import SpotifyAccount

admin.site.unregister(User)
admin.site.unregister(Group)


class SuperusersOnly(admin.ModelAdmin):
    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)


def _is_superuser(request: HttpRequest) -> bool:
    user = request.user
    return bool(user.is_active and user.is_superuser)


@admin.register(User)
class PeopleAdmin(SuperusersOnly, UserAdmin):
    list_display = ("username", "first_name", "roles", "is_staff", "is_superuser", "is_active", "last_login")
    actions = None  # several at once cannot be looked at one by one

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or "–"

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who is in the audit log stays (make them inactive), and who is linked is disconnected first."""
        if obj is not None and _must_stay(obj):
            return False
        return super().has_delete_permission(request, obj)


def _must_stay(user: User) -> bool:
    return LogEntry.objects.filter(user=user).exists() or SpotifyAccount.objects.filter(user=user).exists()


@admin.register(Group)
class RoleAdmin(SuperusersOnly, GroupAdmin):
    list_display = ("name", "meaning")
    actions = None

    @admin.display(description="what it may do")
    def meaning(self, group: Group) -> str:
        return staff.MEANINGS.get(group.name, "made by hand")

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """The three roles come back at the next start, with nobody in them."""
        if obj is not None and obj.name in staff.ROLES:
            return False
        return super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        return ("name",) if obj and obj.name in staff.ROLES else ()
