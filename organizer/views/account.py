"""Connecting to Spotify, what the link allows, and ending it."""

import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from organizer import accounts, jobs, network, tasks
from organizer.accounts import LinkError
from organizer.models import SpotifyAccount
from organizer.providers.errors import AuthRevoked, ProviderError
from organizer.providers.spotify_accounts import new_verifier
from organizer.views import locale
from organizer.views.access import account_of, linked, safe_next

ATTEMPTS = 5  # tabs in which somebody may press Connect before answering in any of them
SCOPES = {
    "user-library-read": gettext_lazy("Read your Liked Songs: titles, artists, and when you liked them."),
    "playlist-read-private": gettext_lazy(
        "See which playlists you have, to recognise the ones Cratewise made."
    ),
    "playlist-modify-private": gettext_lazy(
        "Make private playlists, and add or remove songs in those it made."
    ),
}


@require_POST
def connect(request: HttpRequest) -> HttpResponse:
    """Send the browser to Spotify. Spotify leads back to PUBLIC_URL, so the session's cookie must live there."""
    if request.get_host() != urlsplit(settings.PUBLIC_URL).netloc:
        return redirect(f"{settings.PUBLIC_URL}{reverse('landing')}?moved")
    state, verifier = secrets.token_urlsafe(32), new_verifier()
    attempts = list(request.session.get("connecting", {}).items())
    request.session["connecting"] = dict([*attempts[1 - ATTEMPTS :], (state, verifier)])
    request.session["next"] = safe_next(request.POST.get("next", ""))
    return redirect(
        network.spotify_accounts().authorize_url(
            state=state, verifier=verifier, scopes=settings.SPOTIFY_SCOPES
        )
    )


@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    attempts = request.session.get("connecting", {})
    verifier = attempts.pop(request.GET.get("state", ""), "")
    request.session["connecting"] = attempts
    problem = _problem(request, verifier)
    if problem:
        messages.error(request, problem)
        return redirect("link" if request.user.is_authenticated else "landing")
    user = request.user if request.user.is_authenticated else None
    try:
        account = accounts.link_account(request.GET["code"], verifier, user=user)
    except AuthRevoked:
        messages.error(request, _("Spotify did not accept this attempt any more. Please connect again."))
    except (ProviderError, LinkError) as error:
        messages.error(request, str(error))
    else:
        return _welcome(request, account)
    return redirect("link" if user else "landing")


def _problem(request: HttpRequest, verifier: str) -> str:
    """Why this answer from Spotify cannot be used, or nothing."""
    if not verifier:
        return _("This answer does not belong to an attempt made in this browser. Please connect again.")
    if request.GET.get("error") == "access_denied":
        return _(
            "You did not allow access, so nothing was linked and nothing was read. You can connect any time."
        )
    if "error" in request.GET or "code" not in request.GET:
        return _("Spotify answered without a permission. Please try to connect again.")
    return ""


def _welcome(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    onward = request.session.pop("next", "") or "library"
    login(request, account.user, backend="django.contrib.auth.backends.ModelBackend")
    locale.remember(account)
    accounts.peek(account)
    resumed = jobs.unpause(account)
    for job in resumed:
        tasks.enqueue(job)
    messages.success(request, _("Connected to Spotify as %(name)s.") % {"name": account})
    if resumed:
        messages.success(request, _("What had been waiting for this goes on now."))
    return redirect(onward)


@require_GET
def link(request: HttpRequest) -> HttpResponse:
    """What Cratewise may do, for everybody; the state of the link, for those who have one."""
    account = account_of(request)
    granted = set(account.granted_scopes.split()) if account else set()
    scopes = [(name, text, name in granted) for name, text in SCOPES.items()]
    lacks_scopes = bool(account) and not set(SCOPES) <= granted
    return render(request, "link.html", {"scopes": scopes, "lacks_scopes": lacks_scopes})


@require_http_methods(["GET", "POST"])
@linked
def disconnect(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    if request.method == "POST":
        accounts.unlink(account)
        logout(request)
        messages.success(
            request, _("Disconnected. Your tokens and everything read from Spotify are deleted.")
        )
        return redirect("landing")
    return render(request, "disconnect.html", {"counts": accounts.holdings(account)})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("landing")
