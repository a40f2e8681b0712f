"""The overview of a library: how its songs were sorted, and every song behind every number."""

from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from classifier.labels import FAMILIES, display_name
from organizer import overview, summary, verdicts
from organizer.models import Job, SpotifyAccount
from organizer.summary import Summary
from organizer.verdicts import Verdict
from organizer.views.access import linked

PER_PAGE = 50
STANDINGS = {
    "sure": "Confident",
    "review": "To review",
    "own": "Your own words",
    "none": "Without evidence",
}
SORTS: dict[str, Any] = {
    "newest": lambda song: -song.added_at.timestamp(),
    "title": lambda song: song.track.name.casefold(),
    "artist": lambda song: song.track.artist_line.casefold(),
    "unsure": lambda song: song.confidence,
}


class FilterForm(forms.Form):
    q = forms.CharField(required=False, max_length=100, label="Title or artist")
    genre = forms.ChoiceField(
        required=False,
        label="Show",
        choices=[
            ("", "All songs"),
            ("Genre", [(genre, display_name(genre)) for genre in FAMILIES]),
            ("Certainty", list(STANDINGS.items())),
        ],
    )
    sort = forms.ChoiceField(
        required=False,
        label="Order",
        choices=[
            ("newest", "Newest like first"),
            ("title", "Title"),
            ("artist", "Artist"),
            ("unsure", "Least certain first"),
        ],
    )

    def apply(self, songs: list[Verdict]) -> list[Verdict]:
        """The songs asked for; an impossible choice in the address shows everything."""
        asked = self.cleaned_data if self.is_valid() else {}
        words = asked.get("q", "").casefold().split()
        wanted = asked.get("genre", "")
        found = [song for song in songs if _is_wanted(song, wanted) and _mentions(song, words)]
        return sorted(found, key=SORTS[asked.get("sort") or "newest"])


def _is_wanted(song: Verdict, wanted: str) -> bool:
    return not wanted or wanted in (song.genre, overview.standing(song))


def _mentions(song: Verdict, words: list[str]) -> bool:
    text = f"{song.track.name} {song.track.artist_line}".casefold()
    return all(word in text for word in words)


@require_GET
@linked
def library(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    kinds = [Job.Kind.ORGANIZE, Job.Kind.RECLASSIFY]
    latest = account.jobs.filter(kind__in=kinds).first()
    job = latest if latest and latest.state != Job.State.DONE else None
    songs = verdicts.of_library(account) if account.synced_at else []
    if not any(song.genre for song in songs):
        return render(request, "library_empty.html", {"job": job, "has_songs": bool(songs)})
    form = FilterForm(request.GET, label_suffix="")
    found = form.apply(songs)
    context = {
        "job": job,
        "news": _news(account),
        "now": timezone.now(),
        "cards": overview.genre_cards(songs),
        "split": overview.split(songs),
        "coverage": overview.coverage(account),
        "notes": overview.notes(account),
        "form": form,
        "page": _page(request, found),
    }
    return render(request, "library.html", context)


@require_POST
@linked
def seen(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """The user has read what happened; news that came after their page was made stay news."""
    now = timezone.now()
    try:
        until = parse_datetime(request.POST.get("until", "")) or now
    except ValueError:
        until = now
    account.visited_at = min(until, now) if timezone.is_aware(until) else now
    account.save(update_fields=["visited_at"])
    return redirect("library")


def _news(account: SpotifyAccount) -> Summary | None:
    moment = summary.last_visit(account)
    found = summary.since(account, moment) if moment else None
    return found if found and found.has_news else None


def _page(request: HttpRequest, songs: list[Verdict]) -> Page:
    return Paginator(songs, PER_PAGE).get_page(request.GET.get("page"))
