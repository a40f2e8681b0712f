"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from organizer.views.access import account_of


def site(request: HttpRequest) -> dict[str, Any]:
    return {
        "is_demo": bool(settings.SIMULATOR_URL),
        "simulator_url": settings.SIMULATOR_URL,
        "playback": settings.PLAYBACK,
        "operator_contact": settings.OPERATOR_CONTACT,
        "account": SimpleLazyObject(lambda: account_of(request)),
    }
