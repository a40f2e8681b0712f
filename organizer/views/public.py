"""Pages that anybody may read."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("library")
    return render(request, "landing.html", {"has_moved": "moved" in request.GET})


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
