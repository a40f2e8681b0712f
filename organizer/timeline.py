"""What became of the playlists, in the order it happened: runs of ours, and what the user did on Spotify in between."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from organizer.models import GenrePlaylist, Plan, PlaylistVersion, SpotifyAccount, Track

KEPT_FOR = timedelta(days=365)
KEPT_AT_LEAST = 20  # versions per playlist, however old
DROPPED_PLANS_KEPT_FOR = timedelta(days=90)


@dataclass(frozen=True)
class Mark:
    """Where an event is to be found: the versions that it consists of."""

    at: datetime
    plan_id: int | None  # None: by hand, or by a run of which nothing else is known
    version_ids: tuple[int, ...]


@dataclass(frozen=True)
class Change:
    """What one version did to its playlist, in songs."""

    version_id: int
    at: datetime
    playlist: GenrePlaylist
    by_user: bool
    was_created: bool
    added: tuple[str, ...]
    removed: tuple[str, ...]
    size: int | None  # afterwards; None while the write is under way

    @property
    def is_under_way(self) -> bool:
        return self.size is None


@dataclass(frozen=True)
class Event:
    at: datetime
    plan: Plan | None
    by_user: bool
    changes: tuple[Change, ...]
    is_undone: bool = False

    @property
    def added(self) -> int:
        return sum(len(change.added) for change in self.changes)

    @property
    def removed(self) -> int:
        return sum(len(change.removed) for change in self.changes)


def marks(account: SpotifyAccount) -> list[Mark]:
    """All events, the newest first. One query, of small rows: no contents are loaded."""
    rows = PlaylistVersion.objects.filter(playlist__account=account).order_by("-created_at", "-pk")
    found: dict[Any, tuple[datetime, int | None, list[int]]] = {}
    for pk, plan_id, by, at in rows.values_list("pk", "plan_id", "by", "created_at"):
        is_run = plan_id is not None and by == PlaylistVersion.By.US
        key = ("run", plan_id) if is_run else ("version", pk)
        found.setdefault(key, (at, plan_id if is_run else None, []))[2].append(pk)
    return [Mark(at, plan_id, tuple(ids)) for at, plan_id, ids in found.values()]


def events(found: Iterable[Mark]) -> list[Event]:
    """The events at these marks, with their changes. Two queries."""
    places = list(found)
    ids = [pk for mark in places for pk in mark.version_ids]
    rows = PlaylistVersion.objects.filter(pk__in=ids).select_related(
        "playlist", "plan__target", "plan__version__playlist"
    )
    versions = {row.pk: row for row in rows.defer("playlist__written_uris").iterator()}
    plans = [mark.plan_id for mark in places if mark.plan_id]
    undone = Plan.objects.filter(target__in=plans, kind=Plan.Kind.UNDO, state=Plan.State.APPLIED)
    is_undone = set(undone.values_list("target_id", flat=True))
    return [
        _event(mark, [versions[pk] for pk in mark.version_ids if pk in versions], mark.plan_id in is_undone)
        for mark in places
    ]


def _event(mark: Mark, versions: list[PlaylistVersion], is_undone: bool) -> Event:
    changes = sorted(map(change_of, versions), key=lambda change: change.playlist.name.casefold())
    plan = versions[0].plan if versions and mark.plan_id else None
    by_user = any(change.by_user for change in changes)
    return Event(mark.at, plan, by_user, tuple(changes), is_undone)


def change_of(version: PlaylistVersion) -> Change:
    before, after = version.uris_before, version.uris_after
    now = before if after is None else after
    had, has = set(before), set(now)
    return Change(
        version_id=version.pk,
        at=version.created_at,
        playlist=version.playlist,
        by_user=version.by == PlaylistVersion.By.USER,
        was_created=version.was_created,
        added=tuple(uri for uri in now if uri not in had),
        removed=tuple(uri for uri in before if uri not in has),
        size=None if after is None else len(now),
    )


def songs(uris: Iterable[str]) -> list[tuple[str, Track | None]]:
    """The songs by uri, None where nothing is known of one. One query."""
    wanted = list(uris)
    fields = ("uri", "name", "artist_names", "album_name", "isrc", "is_local", "album_image_url")
    known = {track.uri: track for track in Track.objects.filter(uri__in=wanted).only(*fields)}
    return [(uri, known.get(uri)) for uri in wanted]


def forget_old() -> int:
    """Drop versions that are over a year old, but never the newest twenty of a playlist; how many went.

    What goes is always the oldest, so the rest still follow from each other. Plans that were dropped or replaced
    without a trace go after three months.
    """
    now = timezone.now()
    place = Window(RowNumber(), partition_by=F("playlist"), order_by=[F("created_at").desc(), F("pk").desc()])
    ranked = PlaylistVersion.objects.annotate(place=place).filter(
        place__gt=KEPT_AT_LEAST, created_at__lt=now - KEPT_FOR
    )
    gone, _ = PlaylistVersion.objects.filter(pk__in=list(ranked.values_list("pk", flat=True))).delete()
    dropped = Q(state__in=[Plan.State.OUTDATED, Plan.State.DISCARDED], versions__isnull=True)
    Plan.objects.filter(dropped, created_at__lt=now - DROPPED_PLANS_KEPT_FOR).delete()
    return gone
