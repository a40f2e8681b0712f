"""The songs that the model is not sure of, and the user's own word on them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from classifier.labels import FAMILIES, display_name
from organizer import review as queue_of
from organizer.models import SpotifyAccount, StoredVerdict, Track
from organizer.review import UnknownGenre
from organizer.views.access import linked

PER_PAGE = 20


@require_GET
@linked
def review(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    queue = queue_of.queue(account)
    songs = queue.select_related("track__primary_artist")
    page = Paginator(songs, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "left": page.paginator.count,
        "has_predictions": account.verdicts.exclude(chances=b"").exists(),
        "blank": account.verdicts.filter(part=StoredVerdict.Part.NONE).count(),
        "spoken": account.corrections.count(),
        "genres": [(genre, display_name(genre)) for genre in FAMILIES],
        "undo": request.session.pop("undo", None),
    }
    return render(request, "review.html", context)


@require_POST
@linked
def correct(request: HttpRequest, account: SpotifyAccount, track_id: int) -> HttpResponse:
    track = get_object_or_404(Track.objects.liked_by(account), pk=track_id)
    genre = request.POST.get("genre") or request.POST.get("other", "")
    whole_artist = "whole_artist" in request.POST
    try:
        word, _ = queue_of.correct(account, track, genre, whole_artist=whole_artist)
    except UnknownGenre:
        messages.error(request, "Choose one of the genres first.")
        return redirect("review")
    what = f"Everything by {word.artist}" if word.artist else f"“{track.name}”"
    request.session["undo"] = {"track": track.pk, "text": f"{what} is {display_name(genre)} now."}
    return redirect("review")


@require_POST
@linked
def take_back(request: HttpRequest, account: SpotifyAccount, track_id: int) -> HttpResponse:
    track = get_object_or_404(Track.objects.liked_by(account), pk=track_id)
    if queue_of.take_back(account, track):
        messages.success(request, f"Taken back: the model decides about “{track.name}” again.")
    return redirect("review")
