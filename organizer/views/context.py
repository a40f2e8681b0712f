"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    return {"is_demo": bool(settings.SIMULATOR_URL), "simulator_url": settings.SIMULATOR_URL}
