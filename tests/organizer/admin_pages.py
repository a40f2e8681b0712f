"""Browsers without a screen, signed in to the admin; its addresses, and what its log tells."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse


def superuser(**options: Any) -> Client:
    return _client(get_user_model().objects.create_superuser("admin"), **options)


def staff(*codenames: str) -> Client:
    """A member of staff with these permissions alone."""
    user = get_user_model().objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return _client(user)


def _client(user: Any, **options: Any) -> Client:
    client = Client(headers={"host": "127.0.0.1:8000"}, **options)
    client.force_login(user)
    return client


def told(name: str) -> list[str]:
    """The audit log's sentences on rows of that kind, the newest first."""
    rows = LogEntry.objects.filter(content_type__model=name).order_by("-pk")
    return [entry.get_change_message() for entry in rows]


def at(name: str, *args: Any) -> str:
    return reverse(f"admin:organizer_{name}", args=args)
