"""The songs that the model is not sure of, one at a time or in a grid, and the user's own word on them."""

from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from classifier.labels import FAMILIES, SUB_GENRES
from organizer import review as words
from organizer.genre_names import genre_name
from organizer.models import Job, SpotifyAccount, StoredVerdict, Track
from organizer.review import UnknownGenre
from organizer.views.access import from_own_page, linked, wants_json
from organizer.views.review_session import ReviewSession

PER_GRID = 24
PER_FETCH, MOST_HELD = 30, 150
GENRES = [(family, [sub for sub, of in SUB_GENRES.items() if of == family]) for family in FAMILIES]


@lru_cache
def _options(_language: str | None) -> SafeString:
    """Every genre as an <option>: drawn once, as it is most of the page's work."""
    return render_to_string("_genre_options.html", {"genres": GENRES})


@require_GET
@linked
def review(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    sitting = ReviewSession(request, account)
    is_grid = request.GET.get("view") == "grid"
    context = _grid(request, account, sitting) if is_grid else _one(request, account, sitting)
    if not context["cards"]:
        if context["left"] and not is_grid:  # a song was asked for that nothing is stored of
            return redirect("review")
        return render(request, "review_empty.html", _empty(account))
    context |= {
        "options": _options(get_language()),
        "steps": sitting.steps[-1:],
        **_progress(account, sitting, context["left"]),
    }
    return render(request, "review_grid.html" if is_grid else "review.html", context)


def _one(request: HttpRequest, account: SpotifyAccount, sitting: ReviewSession) -> dict[str, Any]:
    """One song, by its place in the queue; or one of the user's by its number, wherever it stands."""
    asked = _number(request.GET.get("song"), 0)
    if asked:
        get_object_or_404(Track.objects.liked_by(account).only("pk"), pk=asked)
    queue = words.queue(account, later=sitting.later)
    left = queue.count()
    place = min(_number(request.GET.get("n"), 1), max(1, left))
    songs = account.verdicts.filter(track=asked) if asked else queue[place - 1 : place]
    cards = _cards(account, list(songs.select_related("track__primary_artist")))
    return {"left": left, "place": place, "cards": cards, "card": cards[0] if cards else None}


def _grid(request: HttpRequest, account: SpotifyAccount, sitting: ReviewSession) -> dict[str, Any]:
    queue = words.queue(account, later=sitting.later)
    guess = request.GET.get("guess", "")
    guesses = set(queue.order_by().values_list("genre", flat=True).distinct()) - {""}
    shown = queue.filter(genre=guess) if guess in guesses else queue
    page = Paginator(shown.select_related("track__primary_artist"), PER_GRID).get_page(
        request.GET.get("page")
    )
    left = page.paginator.count if shown is queue else queue.count()
    guesses_in_order = [genre for genre in FAMILIES if genre in guesses]
    return {
        "left": left,
        "page": page,
        "cards": _cards(account, list(page)),
        "guess": guess,
        "guesses": guesses_in_order,
    }


@require_GET
@linked
def cards(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """The next songs of the queue that the page does not hold yet, each as the HTML of its card."""
    sitting = ReviewSession(request, account)
    queue = words.queue(account, later=sitting.later).exclude(track__in=_held(request.GET.get("held", "")))
    found = _cards(account, list(queue.select_related("track__primary_artist")[:PER_FETCH]))
    drawn = [
        {
            "track": card["song"].track_id,
            "html": render_to_string("_review_card.html", {"card": card}, request),
        }
        for card in found
    ]
    return JsonResponse({"cards": drawn})


@require_POST
@linked
@from_own_page
def correct(request: HttpRequest, account: SpotifyAccount, track_id: int) -> HttpResponse:
    """The user's word on a song or on its artist: one genre, or one and several more."""
    track = get_object_or_404(Track.objects.liked_by(account), pk=track_id)
    genre, *also = [said for said in _said(request) if said] or [""]
    return _say(request, account, [track], [genre, *also], whole_artist="whole_artist" in request.POST)


@require_POST
@linked
@from_own_page
def correct_several(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """The same word on all ticked songs."""
    ticked = [_number(track, 0) for track in request.POST.getlist("track")][:PER_GRID]
    tracks = list(Track.objects.liked_by(account).filter(pk__in=ticked))
    if not tracks:
        messages.error(request, _("Tick at least one song first."))
        return redirect(_back(request))
    return _say(request, account, tracks, [said for said in _said(request) if said] or [""])


def _said(request: HttpRequest) -> list[str]:
    form = request.POST
    return [form.get("genre") or form.get("other", ""), *form.getlist("also")]


def _say(
    request: HttpRequest,
    account: SpotifyAccount,
    tracks: list[Track],
    genres: list[str],
    *,
    whole_artist: bool = False,
) -> HttpResponse:
    started = timezone.now()
    try:
        step = words.say(account, tracks, genres[0], also=genres[1:], whole_artist=whole_artist)
    except UnknownGenre:
        return _refused(request, _("Choose one of the genres first."))
    text = _in_words(tracks, genres, whole_artist=whole_artist)
    sitting = ReviewSession(request, account)
    token = sitting.said(step, track=tracks[0].pk, text=text, before=started)
    if not wants_json(request):
        return redirect(_back(request))
    drop = sorted(step.change.touched & _held(request.POST.get("held", "")))
    return _news(request, account, sitting, step=token, drop=drop)


def _in_words(tracks: list[Track], genres: list[str], *, whole_artist: bool) -> str:
    named = ", ".join(genre_name(genre) for genre in genres)
    if len(tracks) > 1:
        sentence = ngettext(
            "%(songs)d song is %(genre)s now.", "%(songs)d songs are %(genre)s now.", len(tracks)
        )
        return sentence % {"songs": len(tracks), "genre": named}
    if whole_artist and tracks[0].primary_artist:
        return _("Everything by %(artist)s is %(genre)s now.") % {
            "artist": tracks[0].primary_artist,
            "genre": named,
        }
    return _("“%(song)s” is %(genre)s now.") % {"song": tracks[0].name, "genre": named}


@require_POST
@linked
@from_own_page
def undo(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Everything as it was before one step; by its token."""
    sitting, token = ReviewSession(request, account), request.POST.get("step", "")
    try:
        step = sitting.read(token)
    except signing.BadSignature:
        return _refused(request, _("This can no longer be undone here: say your word on the song anew."))
    words.undo(account, step.before)
    sitting.undone(token, step)
    if wants_json(request):
        return _news(request, account, sitting)
    messages.success(request, _("Undone."))
    is_liked = Track.objects.liked_by(account).filter(pk=step.track).exists()  # still
    return redirect(f"{reverse('review')}?song={step.track}" if is_liked else "review")


@require_POST
@linked
@from_own_page
def take_back(request: HttpRequest, account: SpotifyAccount, track_id: int) -> HttpResponse:
    track = get_object_or_404(Track.objects.liked_by(account), pk=track_id)
    if words.take_back(account, track):
        sentence = _("Taken back: the model decides about “%(song)s” again.")
        messages.success(request, sentence % {"song": track.name})
    return redirect(_back(request))


@require_POST
@linked
@from_own_page
def skip(request: HttpRequest, account: SpotifyAccount, track_id: int) -> HttpResponse:
    """Not now: to the end of the queue, for this session."""
    track = get_object_or_404(Track.objects.liked_by(account).only("pk"), pk=track_id)
    sitting = ReviewSession(request, account)
    sitting.put_off(track.pk, back="back" in request.POST)
    return _news(request, account, sitting) if wants_json(request) else redirect(_back(request))


def _cards(account: SpotifyAccount, songs: list[StoredVerdict]) -> list[dict[str, Any]]:
    by_artist = words.songs_by(account, {song.track.primary_artist_id for song in songs})
    return [
        {"song": song, "by_artist": by_artist.get(song.track.primary_artist_id or 0, 1)} for song in songs
    ]


def _progress(account: SpotifyAccount, sitting: ReviewSession, left: int) -> dict[str, Any]:
    gains = {"settled": sitting.settled, "moved": sitting.moved}
    songs = {"left": left, "unheard": words.unheard(account), "put_off": len(sitting.later)}
    return {**songs, "reviewed": sitting.reviewed(), **gains}


def _empty(account: SpotifyAccount) -> dict[str, Any]:
    parts = account.verdicts.exclude(chances=b"")
    return {
        "job": account.jobs.active().filter(kind=Job.Kind.ORGANIZE).first(),
        "has_songs": parts.exists(),
        "spoken": account.corrections.count(),
        "has_rules": account.playlists.filter(is_active=True).exists(),
    }


def _news(
    request: HttpRequest, account: SpotifyAccount, sitting: ReviewSession, **answer: Any
) -> JsonResponse:
    progress = _progress(account, sitting, words.queue(account).count())
    html = render_to_string("_review_progress.html", progress, request)
    return JsonResponse({"left": progress["left"], "progress": html, **answer})


def _refused(request: HttpRequest, sentence: str) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"error": sentence}, status=400)
    messages.error(request, sentence)
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The page of this site that the form names, else the review."""
    asked = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()})
    return asked if is_ours else reverse("review")


def _held(text: str) -> set[int]:
    return {_number(track, 0) for track in text.split(",")[:MOST_HELD]} - {0}


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() and 0 < len(text) < 10 and int(text) else otherwise
