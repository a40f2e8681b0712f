"""Sound as browsers ask for it: the whole, or a range of its bytes."""

import re

from django.http import HttpResponse

RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")


def ranged(data: bytes, content_type: str, asked: str) -> HttpResponse:
    """The whole, or the one range that was asked for (RFC 9110, section 14)."""
    size = len(data)
    response = HttpResponse(data, content_type=content_type)
    if asked and (part := _part(asked, size)) is not None:
        start, end = part
        if start >= size:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        response = HttpResponse(data[start:end], content_type=content_type, status=206)
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
