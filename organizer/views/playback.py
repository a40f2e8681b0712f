"""A preview of a song in the listener's own library, with the byte ranges that browsers ask for."""

import math
import re

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from organizer import previews
from organizer.models import SpotifyAccount, Track
from organizer.previews import NoPreview, Preview
from organizer.views.access import linked

RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")


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
    return _sound(found, request.headers.get("Range", ""))


def _sound(found: Preview, asked: str) -> HttpResponse:
    """The whole, or the one range that was asked for (RFC 9110, section 14)."""
    size = len(found.data)
    response = HttpResponse(found.data, content_type=found.content_type)
    if asked and (part := _part(asked, size)) is not None:
        start, end = part
        if start >= size:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        response = HttpResponse(found.data[start:end], content_type=found.content_type, status=206)
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "no-store"
    return response


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """(start, end) in bytes, end excluded; None for what is no single range, which then gets the whole."""
    wish = RANGE.fullmatch(asked.strip())
    if not wish or not (wish[1] or wish[2]):
        return None
    if not wish[1]:
        return max(0, size - int(wish[2])), size
    start = int(wish[1])
    end = min(size, int(wish[2]) + 1) if wish[2] else size
    return None if wish[2] and int(wish[2]) < start else (start, end)


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
