"""Likes that are not like the others: several releases of a recording, silent ones, and files that are nowhere else."""

from collections import defaultdict
from typing import Any

from django.core.paginator import Paginator
from django.db.models import F, Min, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from organizer import overview, stored_verdicts
from organizer.models import SpotifyAccount, StoredVerdict
from organizer.views.access import linked

PER_PAGE = 50
RECORDINGS_PER_PAGE = 25


@require_GET
@linked
def duplicates(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """The recordings that are liked on several releases, by title."""
    repeats = stored_verdicts.of(account).filter(same_as__isnull=False)
    heads = repeats.values("same_as").annotate(name=Min("title")).order_by("name", "same_as")
    page = Paginator(heads, RECORDINGS_PER_PAGE).get_page(request.GET.get("page"))
    shown: list[Any] = [row["same_as"] for row in page]
    releases = _releases(account, shown)
    context = {"page": page, "recordings": [releases[head] for head in shown]}
    return render(request, "library_duplicates.html", context)


def _releases(account: SpotifyAccount, heads: list[int]) -> dict[int, list[StoredVerdict]]:
    """By the recording's oldest like, which comes first."""
    songs = account.verdicts.filter(Q(track_id__in=heads) | Q(same_as__in=heads))
    found: dict[int, list[StoredVerdict]] = defaultdict(list)
    for song in overview.listed(songs).annotate(head=F("same_as")).order_by("added_at", "track__uri"):
        found[song.head or song.track_id].append(song)
    return found


@require_GET
@linked
def unplayable(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    return _likes(
        request, account, Q(track__is_playable=False, track__is_local=False), "library_unplayable.html"
    )


@require_GET
@linked
def local(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    return _likes(request, account, Q(track__is_local=True), "library_local.html")


def _likes(request: HttpRequest, account: SpotifyAccount, which: Q, template: str) -> HttpResponse:
    likes = account.saves.filter(which, is_unliked=False).select_related("track")
    page = Paginator(likes.order_by("-added_at", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, template, {"page": page})
