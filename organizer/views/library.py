"""The overview of a library: how its songs were sorted, and every song behind every number."""

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from organizer import overview, summary
from organizer.models import Job, SpotifyAccount
from organizer.overview import Songs
from organizer.song_filter import SongFilter
from organizer.summary import Summary
from organizer.views.access import linked

PER_PAGE = 50


@require_GET
@linked
def library(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    kinds = [Job.Kind.ORGANIZE, Job.Kind.RECLASSIFY]
    latest = account.jobs.filter(kind__in=kinds).first()
    job = latest if latest and latest.state != Job.State.DONE else None
    cards = overview.genre_cards(account) if account.synced_at else []
    if not cards:
        has_songs = account.verdicts.exists()
        return render(request, "library_empty.html", {"job": job, "has_songs": has_songs})
    songs = account.verdicts.all()
    form = SongFilter(request.GET)
    context = {
        "job": job,
        "news": _news(account),
        "now": timezone.now(),
        "cards": cards,
        "bars": overview.bars(cards),
        "split": overview.split(songs),
        "coverage": overview.coverage(songs),
        "notes": overview.notes(account),
        "form": form,
        "page": _page(request, form.apply(songs)),
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


def _page(request: HttpRequest, songs: Songs) -> Page:
    return Paginator(overview.listed(songs), PER_PAGE).get_page(request.GET.get("page"))
