"""Every page of the journey belongs to the one Spotify account of the user who is signed in."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from organizer.models import SpotifyAccount


def account_of(request: HttpRequest) -> SpotifyAccount | None:
    """None for visitors, and for users who came in by the admin's door and never linked."""
    return getattr(getattr(request, "user", None), "spotify", None)


def linked(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Pass the signed-in user's account to the view; offer to connect where there is none."""

    @wraps(view)
    @login_required
    def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        account = account_of(request)
        if account is None:
            return render(request, "not_linked.html")
        return view(request, account, *args, **kwargs)

    @wraps(view)
    def whole_page_or_fragment(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.headers.get("HX-Request") and account_of(request) is None:
            # A page that polls must not swallow another page whole once its session has ended.
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("landing")})
        return inner(request, *args, **kwargs)

    return whole_page_or_fragment
