"""What happened since the user last looked: likes, runs, hand edits found, troubles, and what waits for them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone

from organizer import timeline
from organizer.models import Job, Plan, PlanItem, PlaylistVersion, SpotifyAccount
from organizer.timeline import Change

MOST_VERSIONS = (
    300  # counted one by one; of older ones in the same span nothing is told but that they are there
)
STANDING = (Job.State.PAUSED, Job.State.WAITING)


@dataclass(frozen=True)
class Tally:
    """What was added to and removed from one playlist altogether."""

    playlist_id: int
    name: str
    added: int
    removed: int


@dataclass(frozen=True)
class Waiting:
    """What nobody has decided yet of the newest plan, in songs."""

    plan_id: int
    made_at: datetime
    additions: int
    removals: int


@dataclass(frozen=True)
class Summary:
    since: datetime
    liked: int = 0
    unliked: int = 0
    runs: tuple[Tally, ...] = ()
    by_hand: tuple[Tally, ...] = ()
    troubles: tuple[Job, ...] = ()
    notes: tuple[str, ...] = ()
    waiting: Waiting | None = None
    is_late: bool = False  # a run by the clock waits for the link

    @property
    def has_news(self) -> bool:
        is_planned = self.waiting is not None and self.waiting.made_at > self.since
        news = (self.liked, self.unliked, self.runs, self.by_hand, self.troubles, self.notes, self.is_late)
        return is_planned or any(news)


def since(account: SpotifyAccount, moment: datetime) -> Summary:
    """Everything from `moment` on. Four queries, whatever there is to tell."""
    recent = Q(finished_at__gt=moment) | Q(created_at__gt=moment, state__in=STANDING)
    ended = list(account.jobs.filter(recent).order_by("-created_at"))
    readings = [job for job in ended if job.kind == Job.Kind.ORGANIZE and job.finished_at]
    runs, by_hand = _tallies(account, moment)
    return Summary(
        since=moment,
        liked=sum(job.counts.get("new", 0) for job in readings),
        unliked=sum(job.counts.get("removed", 0) for job in readings),
        runs=runs,
        by_hand=by_hand,
        troubles=tuple(_troubles(ended)),
        notes=tuple(dict.fromkeys(_notes(ended))),
        waiting=_waiting(account),
        is_late=_is_late(account, moment),
    )


def last_visit(account: SpotifyAccount) -> datetime | None:
    """From when on there is news: the last visit, else the end of the first reading. None: nothing is read yet."""
    if account.visited_at:
        return account.visited_at
    first = account.jobs.filter(kind=Job.Kind.ORGANIZE, state=Job.State.DONE).order_by("finished_at").first()
    return first.finished_at if first else None


def _troubles(ended: list[Job]) -> Iterable[Job]:
    """What waits or is paused now, and failures that no later job of the kind has made good. `ended`: newest first."""
    made_good: set[str] = set()
    for job in ended:
        if job.state in (Job.State.FAILED, *STANDING) and job.kind not in made_good:
            yield job
        made_good.add(job.kind)


def _notes(ended: list[Job]) -> Iterable[str]:
    """Why runs by the clock ended early. What a reading could not do stands on the library's page anyway."""
    return (job.counts["ended_early"] for job in ended if "ended_early" in job.counts)


def _tallies(account: SpotifyAccount, moment: datetime) -> tuple[tuple[Tally, ...], tuple[Tally, ...]]:
    """By runs, and by hand. One query, one version in memory at a time."""
    rows = PlaylistVersion.objects.filter(playlist__account=account, created_at__gt=moment)
    rows = rows.select_related("playlist").only(
        "uris_before", "uris_after", "by", "was_created", "created_at", "playlist__name"
    )
    found: dict[tuple[bool, int, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows.order_by("-created_at")[:MOST_VERSIONS].iterator():
        change: Change = timeline.change_of(row)
        tally = found[change.by_user, row.playlist_id, row.playlist.name]
        tally[0] += len(change.added)
        tally[1] += len(change.removed)
    told = [
        (by_user, Tally(pk, name, added, removed))
        for (by_user, pk, name), (added, removed) in sorted(found.items(), key=lambda pair: pair[0][2])
        if added or removed
    ]
    runs = tuple(tally for by_user, tally in told if not by_user)
    return runs, tuple(tally for by_user, tally in told if by_user)


def _waiting(account: SpotifyAccount) -> Waiting | None:
    """What is open of the newest plan: all of it, or, if the clock had its additions written, the removals. One query."""
    adds = Q(items__kind=PlanItem.Kind.ADD, items__is_accepted=True)
    removes = Q(items__kind=PlanItem.Kind.REMOVE)
    plan = (
        account.plans.filter(kind=Plan.Kind.ORGANIZE)
        .exclude(state=Plan.State.OUTDATED)
        .order_by("-created_at")
        .values("pk", "created_at", "state", "job__wish", "entries")
        .annotate(additions=Count("items", filter=adds), removals=Count("items", filter=removes))
        .first()
    )
    if not plan:
        return None
    is_open = plan["state"] == Plan.State.PROPOSED
    by_clock = plan["state"] == Plan.State.APPLIED and (plan["job__wish"] or {}).get("by") == "clock"
    # Songs of playlists that are too small to be made are in the plan, too, but are not offered.
    offered = sum(entry["add"] for entry in plan["entries"] if entry["is_accepted"])
    additions = min(plan["additions"], offered) if is_open else 0
    if not (is_open or by_clock) or not (additions or plan["removals"]):
        return None
    return Waiting(plan["pk"], plan["created_at"], additions, plan["removals"])


def _is_late(account: SpotifyAccount, moment: datetime) -> bool:
    due = account.next_run_at
    return account.needs_link and due is not None and moment < due < timezone.now()
