"""What became of the playlists, run by run and version by version, and the way back."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from organizer import timeline
from organizer.models import PlaylistVersion, SpotifyAccount
from organizer.takeout import tables
from organizer.views.access import linked
from organizer.views.planning import plan_now

PER_PAGE = 10
SONGS_PER_PAGE = 100
VERSIONS_PER_PAGE = 20
PEEK = 10  # songs shown of a change
HEADER = ("position", "title", "artists", "album", "isrc", "uri")


@require_GET
@linked
def history(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    page = Paginator(timeline.marks(account), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "events": timeline.events(page), "playlists": account.playlists.count()}
    return render(request, "history.html", context)


@require_GET
@linked
def run(request: HttpRequest, account: SpotifyAccount, plan_id: int) -> HttpResponse:
    """One run: what it added to and removed from each playlist, with the first of the songs."""
    mark = next((mark for mark in timeline.marks(account) if mark.plan_id == plan_id), None)
    if mark is None:
        raise Http404(_("This run has no history."))
    (event,) = timeline.events([mark])
    shown = {uri for change in event.changes for uri in (*change.added[:PEEK], *change.removed[:PEEK])}
    known = dict(timeline.songs(shown))
    rows = [(change, _peek(change.added, known), _peek(change.removed, known)) for change in event.changes]
    return render(request, "history_run.html", {"event": event, "rows": rows, "peek": PEEK})


def _peek(uris: tuple[str, ...], known: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(uri, known.get(uri)) for uri in uris[:PEEK]]


@require_GET
@linked
def playlist(request: HttpRequest, account: SpotifyAccount, playlist_id: int) -> HttpResponse:
    """The versions of one playlist, the newest first."""
    rule = get_object_or_404(account.playlists, pk=playlist_id)
    versions = rule.versions.order_by("-created_at", "-pk").select_related("playlist", "plan")
    page = Paginator(versions, VERSIONS_PER_PAGE).get_page(request.GET.get("page"))
    rows = [(version, timeline.change_of(version)) for version in page]
    return render(request, "history_playlist.html", {"rule": rule, "page": page, "rows": rows})


@require_GET
@linked
def version(request: HttpRequest, account: SpotifyAccount, version_id: int) -> HttpResponse:
    """What the playlist held then, a hundred songs a page."""
    found = _version(account, version_id)
    change = timeline.change_of(found)
    page = Paginator(_contents(found), SONGS_PER_PAGE).get_page(request.GET.get("page"))
    known = dict(timeline.songs({*page, *change.added[:PEEK], *change.removed[:PEEK]}))
    context = {
        "version": found,
        "change": change,
        "added": _peek(change.added, known),
        "removed": _peek(change.removed, known),
        "peek": PEEK,
        "page": page,
        "songs": [(uri, known[uri]) for uri in page],
        "is_newest": not found.playlist.versions.filter(created_at__gt=found.created_at).exists(),
    }
    return render(request, "history_version.html", context)


def _version(account: SpotifyAccount, version_id: int) -> PlaylistVersion:
    mine = PlaylistVersion.objects.filter(playlist__account=account).select_related("playlist", "plan")
    return get_object_or_404(mine, pk=version_id)


def _contents(found: PlaylistVersion) -> list[str]:
    return list(found.uris_before if found.uris_after is None else found.uris_after)


@require_GET
@linked
def version_csv(request: HttpRequest, account: SpotifyAccount, version_id: int) -> StreamingHttpResponse:
    found = _version(account, version_id)
    rows = (_row(place, uri, track) for place, (uri, track) in enumerate(_songs(found), 1))
    return StreamingHttpResponse(
        tables.pieces(HEADER, rows), content_type="text/csv; charset=utf-8", headers=_as_file(found, "csv")
    )


@require_GET
@linked
def version_json(request: HttpRequest, account: SpotifyAccount, version_id: int) -> JsonResponse:
    found = _version(account, version_id)
    rows = [dict(zip(HEADER, _row(place, *song), strict=True)) for place, song in enumerate(_songs(found), 1)]
    document = {"playlist": found.playlist.name, "at": found.created_at, "songs": rows}
    return JsonResponse(document, headers=_as_file(found, "json"))


def _songs(found: PlaylistVersion) -> list[tuple[str, Any]]:
    return timeline.songs(_contents(found))


def _row(place: int, uri: str, track: Any) -> tuple[Any, ...]:
    if track is None:
        return (place, "", "", "", "", uri)
    return (place, track.name, track.artist_line, track.album_name, track.isrc, uri)


def _as_file(found: PlaylistVersion, ending: str) -> dict[str, str]:
    name = slugify(f"{found.playlist.name} {found.created_at:%Y-%m-%d %H%M}")
    return {"Content-Disposition": f'attachment; filename="{name}.{ending}"'}


@require_POST
@linked
def undo(request: HttpRequest, account: SpotifyAccount, plan_id: int) -> HttpResponse:
    """A plan that takes the run back, to be looked at first."""
    found = get_object_or_404(account.plans, pk=plan_id)
    return plan_now(request, account, {"undo": found.pk}, back=reverse("run", args=[found.pk]))


@require_POST
@linked
def restore(request: HttpRequest, account: SpotifyAccount, version_id: int) -> HttpResponse:
    """A plan that brings the playlist back to this version, to be looked at first."""
    found = _version(account, version_id)
    return plan_now(request, account, {"restore": found.pk}, back=reverse("version", args=[found.pk]))
