"""A preview of a song in the listener's own library, with the byte ranges that browsers ask for."""

import math

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from organizer import previews
from organizer.models import SpotifyAccount, Track
from organizer.previews import NoPreview
from organizer.views.access import linked
from organizer.views.ranges import ranged


@require_GET
@never_cache
@linked
def preview(request: HttpRequest, account: SpotifyAccount, track_id: int) -> HttpResponse:
    if settings.PLAYBACK != "previews":
        raise Http404
    track = get_object_or_404(Track.objects.liked_by(account).movable(), pk=track_id)
    try:
        found = previews.fetch(account, track)
    except NoPreview as miss:
        return _missing(request, track, miss)
    return ranged(found.data, found.content_type, request.headers.get("Range", ""))


def _missing(request: HttpRequest, track: Track, miss: NoPreview) -> HttpResponse:
    """In a sentence; a whole page for those who followed a link."""
    status = 429 if miss.is_too_fast else 404 if miss.retry_after_s is None else 503
    if "text/html" in request.headers.get("Accept", ""):
        response = render(request, "preview_missing.html", {"track": track, "why": miss}, status=status)
    else:
        response = HttpResponse(str(miss), content_type="text/plain; charset=utf-8", status=status)
    if miss.retry_after_s is not None:
        response["Retry-After"] = str(math.ceil(miss.retry_after_s))
    return response
