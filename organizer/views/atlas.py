"""The library as a map by sound, and the page of one song."""

import gzip
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from classifier.labels import FAMILIES, FEATURES
from organizer import atlas, jobs, stored_verdicts, tasks
from organizer.genre_names import genre_name
from organizer.models import AudioFeatures, Job, SpotifyAccount, StoredVerdict, Track
from organizer.views.access import linked

FOUND_AT_MOST = 2000
NEIGHBOURS = 8
SHARES = [feature.name for feature in FEATURES if feature.unit == "share"]
PARTS = [part.value for part in StoredVerdict.Part]


@require_GET
@linked
def map_page(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    there = atlas.on_the_map(account)
    genres = [row for row in _by_genre(there) if row["songs"]]
    job = account.jobs.active().filter(kind__in=[Job.Kind.MAP, Job.Kind.ORGANIZE]).order_by("kind").first()
    context = {
        "genres": genres,
        "placed": sum(row["songs"] for row in genres),
        "songs": StoredVerdict.objects.filter(account=account).count(),
        "waiting": atlas.off_the_map(account).count(),
        "job": job,
        "failed": None if job else account.jobs.filter(kind=Job.Kind.MAP, state=Job.State.FAILED).first(),
    }
    return render(request, "map.html", context)


def _by_genre(there: Any) -> list[dict[str, Any]]:
    return list(there.order_by().values("genre").annotate(songs=Count("pk")).order_by("-songs", "genre"))


@require_GET
@linked
def points(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """All places for the browser to draw, as `atlas.table` describes them; genres in the order of the page's legend."""
    there = atlas.on_the_map(account)
    genres = [row["genre"] for row in _by_genre(there)]
    rows = there.values_list("track", "x", "y", "genre", "part").order_by("track")
    known = ((key, x or 0.0, y or 0.0, genre, part) for key, x, y, genre, part in rows.iterator())
    body = gzip.compress(atlas.table(known, genres, PARTS), 5)
    headers = {"Content-Encoding": "gzip", "Cache-Control": "private, no-cache"}
    return HttpResponse(body, content_type="application/octet-stream", headers=headers)


@require_GET
@linked
def find(request: HttpRequest, account: SpotifyAccount) -> JsonResponse:
    """Ids of the songs on the map whose title, artists or album have all the words."""
    there, words = atlas.on_the_map(account), request.GET.get("q", "")[:100].casefold().split()
    for word in words:
        there = there.filter(words__contains=word)
    ids = list(there.values_list("track", flat=True)[:FOUND_AT_MOST]) if words else []
    return JsonResponse({"ids": ids})


@require_POST
@linked
def draw(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    job, is_new = jobs.start(account, Job.Kind.MAP)
    if is_new:
        tasks.enqueue(job)
        messages.success(request, _("The map is being drawn. That takes a minute at most."))
    return redirect("map")


@require_GET
@linked
def song(request: HttpRequest, account: SpotifyAccount, track_id: int) -> HttpResponse:
    """Everything that is known of one song; `?panel` is the part that the map shows beside itself."""
    found = get_object_or_404(Track.objects.liked_by(account).select_related("primary_artist"), pk=track_id)
    verdict = stored_verdicts.of(account).filter(track=found).first()
    context: dict[str, Any] = {"track": found, "song": verdict, "neighbours": _neighbours(verdict)}
    if "panel" in request.GET:
        return render(request, "_song_panel.html", context)
    save = account.saves.filter(track=found, is_unliked=False).first()
    families = [(slug, genre_name(slug)) for slug in FAMILIES]
    return render(request, "song.html", context | {"save": save, "families": families, **_evidence(found)})


def _neighbours(verdict: StoredVerdict | None) -> list[StoredVerdict]:
    return list(atlas.near(verdict, NEIGHBOURS).select_related("track")) if verdict else []


def _evidence(track: Track) -> dict[str, Any]:
    """The features that are shares, by name, and where they and the preview came from."""
    features = AudioFeatures.objects.filter(track=track, values__isnull=False).order_by("source").first()
    values = features.values if features and features.values else {}
    return {
        "features": [(name, values[name]) for name in SHARES if isinstance(values.get(name), int | float)],
        "tempo": values.get("tempo"),
        "source": features.source if features else "",
        "analysis": track.analyses.exclude(embedding=None).first(),
    }
