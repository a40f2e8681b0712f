"""A sound from a file or the microphone: what it is, and what in the library sounds like it."""

from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from organizer import identify as identifying
from organizer import tasks
from organizer.models import Identification, SpotifyAccount, Track
from organizer.views import permissions
from organizer.views.access import linked
from organizer.views.jobs import HtmxHttpRequest
from organizer.views.uploads import InMemory

BARS = 5
MOST_TICKS = 4
ALIKE = (
    (0.97, gettext_lazy("practically the same sound")),
    (0.75, gettext_lazy("very much alike")),
    (0.5, gettext_lazy("alike")),
    (0.3, gettext_lazy("somewhat alike")),
    (-1.0, gettext_lazy("not much alike")),
)
_HEAVY = ("sound", "spectrogram")


@csrf_exempt  # only until the upload handler is in place: `_page_or_upload` checks the token
@require_http_methods(["GET", "POST"])
@linked
def identify(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    handler = InMemory(identifying.MAX_BYTES)
    request.upload_handlers = [handler]
    return _page_or_upload(request, account, handler)


@csrf_protect
def _page_or_upload(request: HttpRequest, account: SpotifyAccount, handler: InMemory) -> HttpResponse:
    if request.method == "POST":
        upload = request.FILES.get("sound")
        problem = _problem(upload, is_too_large=handler.is_too_large)
        if isinstance(upload, UploadedFile) and not problem:
            return _start(request, account, upload)
        messages.error(request, problem)
        return redirect("identify")
    context = {
        "past": account.identifications.defer(*_HEAVY),
        "has_songs": identifying.has_songs_to_compare(account),
        "max_mb": identifying.MAX_BYTES // 1_000_000,
        "max_bytes": identifying.MAX_BYTES,
    }
    response = render(request, "identify.html", context)
    response[permissions.HEADER] = permissions.MICROPHONE
    return response


def _problem(upload: object, *, is_too_large: bool) -> str:
    if is_too_large:
        sentence = _("This file is larger than %(size)s MB. A minute of the song is enough.")
        return sentence % {"size": identifying.MAX_BYTES // 1_000_000}
    if not isinstance(upload, UploadedFile):
        return _("Choose an audio file first.")
    return "" if upload.size else _("This file is empty.")


def _start(request: HttpRequest, account: SpotifyAccount, upload: UploadedFile) -> HttpResponse:
    waiting, is_new = identifying.start(account, upload.name or _("A sound"), upload.read())
    if is_new:
        tasks.enqueue_identification(waiting)
    else:
        messages.warning(request, _("One sound at a time: this one is still being listened to."))
    return redirect("identified", waiting.pk)


@require_GET
@linked
def result(request: HtmxHttpRequest, account: SpotifyAccount, identification_id: int) -> HttpResponse:
    """What came of it; until then a page that looks again by itself."""
    found = get_object_or_404(account.identifications.defer(*_HEAVY), pk=identification_id)
    if request.htmx:
        answer = render(request, "_identification.html", {"found": found})
        if not found.is_waiting:
            answer["HX-Refresh"] = "true"
        return answer
    context = {"found": found, "bars": found.ranked[:BARS], "songs": _songs(account, found)}
    return render(request, "identified.html", context | _drawing(found.picture))


def _drawing(picture: dict[str, Any]) -> dict[str, Any]:
    """What the spectrogram's axes show, places in per cent from the top left; and its sense in a sentence."""
    if not picture:
        return {}
    seconds = picture["seconds"]
    step_s = next(step for step in (1, 2, 5, 10) if seconds / step <= MOST_TICKS)
    return {
        "ticks_hz": [(hz, round(100 * (1 - height), 2)) for hz, height in picture["ticks"]],
        "ticks_s": [(at, round(100 * at / seconds, 2)) for at in range(0, int(seconds) + 1, step_s)],
        "energy": _("Most of its energy lies between %(low)s and %(high)s Hz.")
        % {name: number_format(picture[f"{name}_hz"], force_grouping=True) for name in ("low", "high")},
    }


def _songs(account: SpotifyAccount, found: Identification) -> list[tuple[Track, str]]:
    """The nearest songs that are still liked, and how near in words."""
    liked = Track.objects.liked_by(account).in_bulk([track_id for track_id, _ in found.nearest])
    return [(liked[track_id], _in_words(near)) for track_id, near in found.nearest if track_id in liked]


def _in_words(similarity: float) -> str:
    return next(str(words) for least, words in ALIKE if similarity >= least)


@require_GET
@cache_control(private=True, max_age=3600)
@linked
def spectrogram(request: HttpRequest, account: SpotifyAccount, identification_id: int) -> HttpResponse:
    drawn = account.identifications.filter(spectrogram__isnull=False).only("spectrogram")
    return HttpResponse(
        bytes(get_object_or_404(drawn, pk=identification_id).spectrogram or b""), content_type="image/png"
    )


@require_POST
@linked
def delete(request: HttpRequest, account: SpotifyAccount, identification_id: int) -> HttpResponse:
    found = get_object_or_404(account.identifications.only("name"), pk=identification_id)
    found.delete()
    messages.success(request, _("“%(name)s” is deleted.") % {"name": found.name})
    return redirect("identify")
