"""Every page of the journey belongs to the one Spotify account of the user who is signed in."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from organizer.models import SpotifyAccount


def account_of(request: HttpRequest) -> SpotifyAccount | None:
    """None for visitors, and for users who came in by the admin's door and never linked."""
    return getattr(getattr(request, "user", None), "spotify", None)


def linked(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Pass the signed-in user's account to the view; offer to connect where there is none."""

    def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(way_back(request))
        account = account_of(request)
        if account is None:
            return render(request, "not_linked.html")
        return view(request, account, *args, **kwargs)

    @wraps(view)
    def whole_page_or_fragment(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.headers.get("HX-Request") and account_of(request) is None:
            # A page that polls must not swallow another page whole once its session has ended.
            back = urlencode({"next": _shown_page(request)})
            return HttpResponse(status=204, headers={"HX-Redirect": f"{reverse('landing')}?{back}"})
        return inner(request, *args, **kwargs)

    return whole_page_or_fragment


def from_own_page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Refuse what another account's page sends that stayed open in this browser; inside `linked`.

    The browser signs it with whoever is signed in now, so only the page's own field `account` tells whose it is.
    """

    @wraps(view)
    def inner(request: HttpRequest, account: SpotifyAccount, *args: object, **kw: object) -> HttpResponseBase:
        if request.POST.get("account", str(account.pk)) == str(account.pk):
            return view(request, account, *args, **kw)
        sentence = _("Somebody else is signed in now than when this page was opened, so nothing was saved.")
        if wants_json(request):
            return JsonResponse({"error": sentence}, status=409)
        messages.error(request, sentence)
        return redirect("review")

    return inner


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def way_back(request: HttpRequest) -> str:
    """Where to go on after signing in: the page asked for; after a button, whose form is lost, the library."""
    return request.get_full_path() if request.method in ("GET", "HEAD") else reverse("library")


def _shown_page(request: HttpRequest) -> str:
    """The page that a fragment belongs to."""
    parts = urlsplit(request.headers.get("HX-Current-URL", ""))
    return parts.path or reverse("library")


def safe_next(path: str) -> str:
    """A page of ours to go on to, or nothing: never another site's address, nor one that does not exist."""
    if not path.startswith("/") or not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        return ""
    try:
        resolve(urlsplit(path).path)
    except Resolver404:
        return ""
    return path
