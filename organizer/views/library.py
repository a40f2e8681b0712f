"""The overview of a library: how its songs were sorted, and every song behind every number."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from organizer import forecast, overview, stored_verdicts, summary
from organizer.genre_names import genre_name
from organizer.models import Job, SpotifyAccount, StoredVerdict
from organizer.overview import Overview, Songs
from organizer.song_filter import PARTS, SongFilter
from organizer.summary import Summary
from organizer.takeout import tables
from organizer.views.access import linked

PER_PAGE = 50
LOOK_BACK = 20  # jobs; an older reading's notes are no news
AT_ONCE = 1000  # rows of an export in memory


@require_GET
@linked
def library(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    kinds = [Job.Kind.ORGANIZE, Job.Kind.RECLASSIFY]
    jobs = list(account.jobs.filter(kind__in=kinds)[:LOOK_BACK])
    job = jobs[0] if jobs and jobs[0].state != Job.State.DONE else None
    form = SongFilter(request.GET)
    found = overview.of(account, form.condition) if account.synced_at else None
    if not found or not found.bars:
        return _without_genres(request, account, found, job)
    context = {
        "job": job,
        "news": _news(account),
        "now": timezone.now(),
        "overview": found,
        "apart": overview.apart(account),
        "notes": _notes(jobs),
        "form": form,
        "selects": form.selects(found.genres),
        "page": _page(request, account, form, found.wanted),
    }
    return render(request, "library.html", context)


def _without_genres(
    request: HttpRequest, account: SpotifyAccount, found: Overview | None, job: Job | None
) -> HttpResponse:
    """Before the first reading, while it goes on, and where nothing came of it."""
    context = {
        "job": job,
        "songs": found.songs if found else 0,
        "apart": overview.apart(account) if found else None,
        "forecast": None if account.synced_at or job else forecast.first_reading(account),
    }
    return render(request, "library_empty.html", context)


def _notes(jobs: list[Job]) -> list[str]:
    """What the last reading of the library could not do. `jobs`: the newest first."""
    done = (job for job in jobs if job.kind == Job.Kind.ORGANIZE and job.state == Job.State.DONE)
    last = next(done, None)
    return last.counts.get("notes", []) if last else []


def _news(account: SpotifyAccount) -> Summary | None:
    moment = summary.last_visit(account)
    found = summary.since(account, moment) if moment else None
    return found if found and found.has_news else None


class Counted(Paginator):
    """Pages of rows that were counted already."""

    def __init__(self, rows: Any, per_page: int, *, count: int) -> None:
        super().__init__(rows, per_page)
        self.__dict__["count"] = count


def _page(request: HttpRequest, account: SpotifyAccount, form: SongFilter, count: int) -> Page:
    """The songs of one page. Only theirs are joined with the tracks, however far down the list they are."""
    keys = form.apply(account.verdicts.all()).values("pk")
    page = Counted(keys, PER_PAGE, count=count).get_page(request.GET.get("page"))
    songs = StoredVerdict.objects.filter(pk__in=page.object_list)
    page.object_list = overview.listed(songs).order_by(*form.order)
    return page


@require_GET
@linked
def export(request: HttpRequest, account: SpotifyAccount) -> StreamingHttpResponse:
    """The songs that the same address shows on the page, all pages of them."""
    songs = SongFilter(request.GET).apply(stored_verdicts.of(account))
    name = _("liked-songs-%(date)s.csv") % {"date": timezone.localdate().isoformat()}
    return StreamingHttpResponse(
        tables.pieces(_header(), _rows(songs)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _header() -> tuple[str, ...]:
    return (
        *(
            _("title"),
            _("artists"),
            _("album"),
            _("liked at"),
            _("genre"),
            _("further genres"),
            _("certainty"),
        ),
        *(
            _("probability in per cent"),
            _("model’s first choice"),
            _("ISRC"),
            _("playable"),
            _("Spotify uri"),
        ),
    )


def _rows(songs: Songs) -> Iterator[tuple[Any, ...]]:
    """Plain values and every name looked up once: with objects it takes twice as long."""
    named = cache(genre_name)
    certain = {part: str(words) for part, words in PARTS.items()}
    of_song = ("added_at", "genre", "also", "part", "confidence", "top")
    of_track = ("name", "artist_names", "album_name", "isrc", "is_playable", "uri")
    rows = songs.values_list(*of_song, *(f"track__{name}" for name in of_track)).iterator(chunk_size=AT_ONCE)
    for added_at, genre, also, part, confidence, top, title, artists, album, isrc, is_playable, uri in rows:
        yield (
            *(title, ", ".join(artists), album, added_at.isoformat(timespec="seconds")),
            *(named(genre) if genre else "", ", ".join(map(named, also))),
            *(certain[part], round(100 * confidence) if genre else ""),
            *(named(top[0][0]) if top else "", isrc, is_playable, uri),
        )


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
