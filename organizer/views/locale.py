"""In which language and time zone a page speaks: as its reader chose, else as their browser says."""

import zoneinfo
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from organizer.models import SpotifyAccount
from organizer.views.access import account_of

ZONE_COOKIE = "time_zone"  # set by static/app.js
READS = ("GET", "HEAD", "OPTIONS")


class Reader:
    """After LocaleMiddleware, which knows the browser, and AuthenticationMiddleware, which knows the user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        account = _reader(request)
        chosen = account.language if account else ""
        if account and not chosen and request.method not in READS:  # these start jobs
            remember(account)
        if chosen:
            translation.activate(chosen)
        with timezone.override(_zone(account, request)):
            response = self.get_response(request)
        patch_vary_headers(response, ("Cookie",))
        return response


def _reader(request: HttpRequest) -> SpotifyAccount | None:
    try:
        return account_of(request)
    except (OperationalError, InterfaceError):  # the view will meet the same, and there it is told
        return None


def remember(account: SpotifyAccount) -> None:
    """What workers write to somebody who never chose a language is in the one their browser last spoke."""
    language = translation.get_language()
    if language != account.spoken_language:
        account.browser_language = language
        account.save(update_fields=["browser_language"])


def _zone(account: SpotifyAccount | None, request: HttpRequest) -> zoneinfo.ZoneInfo:
    wished = (account.time_zone if account else ""), request.COOKIES.get(ZONE_COOKIE, "")
    name = next((zone for zone in wished if zone in zones()), settings.TIME_ZONE)
    return zoneinfo.ZoneInfo(name)


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The names that may be asked for; any other text is refused before it is looked up as a file."""
    return frozenset(zoneinfo.available_timezones())


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """The switch at the foot of every page: a cookie, and for who is signed in their account as well."""
    account, language = account_of(request), request.POST.get("language", "")
    if account and language in dict(settings.LANGUAGES):
        account.language = language
        account.save(update_fields=["language"])
    return set_language(request)
