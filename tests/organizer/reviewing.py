from typing import Any

from django.test import Client
from django.urls import reverse

from organizer.models import Track
from tests.organizer.test_library_context import pair  # noqa: F401

JSON = {"accept": "application/json"}


def shown(client: Client, **query: Any) -> Track:
    """The song of the page."""
    return client.get(reverse("review"), query).context["card"]["song"].track


def word(client: Client, track: Track, **form: Any) -> Any:
    """As the page's script says it: what the server answers."""
    return client.post(reverse("correct", args=[track.pk]), form, headers=JSON).json()


def undo(client: Client, token: str) -> Any:
    return client.post(reverse("review-undo"), {"step": token}, headers=JSON)


# --- the page ---------------------------------------------------------------------------------------------------
