"""Pages that anybody may read."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from organizer.views.access import safe_next


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("library")
    context = {
        "has_moved": "moved" in request.GET,
        "has_expired": _has_expired(request),
        "next": safe_next(request.GET.get("next", "")),
    }
    return render(request, "landing.html", context)


def _has_expired(request: HttpRequest) -> bool:
    """Sent here from a page, with the cookie of a session that is no more."""
    return (
        "next" in request.GET
        and settings.SESSION_COOKIE_NAME in request.COOKIES
        and request.session.is_empty()
    )


@require_safe
def demo(request: HttpRequest) -> HttpResponse:
    """In the demo: how to use one's own Spotify. With one's own Spotify: how to see the demo."""
    return render(request, "demo.html", {"redirect_uri": settings.SPOTIFY_REDIRECT_URI})


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "privacy.html")


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "terms.html")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it by this name on pages that name none, such as the admin's."""
    return redirect(static("img/favicon.svg"))


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")
