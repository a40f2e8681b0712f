"""Sync: pages of liked songs into rows. Incremental when it can be, complete when the counts disagree."""

import logging
import time
from dataclasses import asdict, dataclass, fields

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from organizer import accounts, jobs
from organizer.likes import store_page
from organizer.models import Job, SpotifyAccount
from organizer.providers.errors import ProviderError
from organizer.providers.spotify import PAGE, LikedPage

log = logging.getLogger(__name__)
BATCH_S = 60.0
FULL_WALK_EVERY_DAYS = 7
MANY = 50  # songs; when more go at once than these and half of all, Spotify has to say so twice
SUDDEN = gettext_lazy(
    "Spotify’s list of your liked songs is suddenly much shorter. Nothing counts as un-liked yet: the next reading"
    " decides."
)


@dataclass
class Walk:
    """Where a walk through the likes stands; kept in the job so that a killed worker's successor goes on."""

    offset: int = 0
    total: int | None = None
    is_full: bool = False
    has_moved: bool = False  # songs came or went meanwhile
    needs_second_look: bool = False  # at the head, at the end: what was read may have moved there
    is_second_look: bool = False
    is_complete: bool = False  # reached the end: what was not seen is gone
    new: int = 0
    blanks: int = 0  # entries that stand for no like of ours

    @classmethod
    def of(cls, job: Job, account: SpotifyAccount) -> "Walk":
        if not job.cursor:
            return cls(is_full=_needs_full_walk(account))
        known = {field.name for field in fields(cls)}  # an earlier version's walk goes on as well as it can
        return cls(**{name: value for name, value in job.cursor.items() if name in known})

    @property
    def calls(self) -> int:
        """What it will have cost when it is done, as far as one can tell."""
        return _pages(self.total or 0) if self.is_full else max(1, -(-self.offset // PAGE))


def cost(account: SpotifyAccount) -> tuple[int, int]:
    """The least and the most Spotify calls that the next reading takes, should nobody like anything meanwhile."""
    most = _pages(account.liked_total)
    return (most if _needs_full_walk(account) else 1, most)


def sync_batch(job: Job) -> bool:
    """Read pages for up to a minute; True when the walk is complete. Safe to run twice: pages are upserts."""
    account = _account(job)
    walk = Walk.of(job, account)
    deadline = time.monotonic() + BATCH_S
    if job.cost is None:
        jobs.tick(job, cost=cost(account)[0])
    try:
        return _walk_on(job, account, walk, deadline)
    finally:
        SpotifyAccount.objects.filter(pk=account.pk).mark_stale()


def _walk_on(job: Job, account: SpotifyAccount, walk: Walk, deadline: float) -> bool:
    while time.monotonic() < deadline:
        page = accounts.with_spotify(account, lambda api: api.liked(walk.offset))
        is_last = _take(job, account, walk, page)
        done = page.total if walk.is_complete else min(walk.offset, page.total)
        jobs.tick(job, done=done, total=page.total, cursor=asdict(walk), cost=walk.calls)
        if is_last:
            _finish(job, account, walk)
            return True
    return False


def _account(job: Job) -> SpotifyAccount:
    assert job.account is not None, "a sync job has an account"
    return job.account


def _pages(songs: int) -> int:
    return max(1, -(-songs // PAGE))


def _needs_full_walk(account: SpotifyAccount) -> bool:
    last = account.full_walk_at
    return last is None or (timezone.now() - last).days >= FULL_WALK_EVERY_DAYS


def _take(job: Job, account: SpotifyAccount, walk: Walk, page: LikedPage) -> bool:
    """Store a page and move on; True when it was the last one needed.

    The list is newest first and read by offset. Songs liked meanwhile push known ones towards us: seen twice, no harm.
    Removed ones pull unseen ones behind us, so we step back by as many. Either way the head needs a second look; a
    song liked anew leaves the count as it was, but not without pushing.
    """
    grown = page.total - (walk.total if walk.total is not None else page.total)
    walk.total = page.total
    walk.has_moved |= grown != 0
    if grown < 0 and walk.offset:
        walk.offset = max(0, walk.offset + grown)
        return False
    if not page.entries and walk.offset < page.total:
        raise ProviderError(gettext("Spotify's list of liked songs ended before its stated end."))
    first_mark, second_mark = _marks(job)
    stored = store_page(account, page, second_mark if walk.is_second_look else first_mark)
    walk.new += stored.new
    walk.offset += PAGE
    if walk.is_second_look:
        walk.has_moved |= stored.new > 0
        return stored.familiar > 0 or walk.offset >= page.total
    walk.blanks += stored.blanks
    walk.needs_second_look |= walk.has_moved or stored.repeated > 0
    if walk.offset >= page.total:
        return _at_the_end(walk)
    return stored.familiar > 0 and _is_enough(account, walk)


def _marks(job: Job) -> tuple[int, int]:
    """How a like is marked as met: in the walk, and in its second look, which ends where the walk had been."""
    return job.pk, -job.pk


def _at_the_end(walk: Walk) -> bool:
    walk.is_complete = True
    if not walk.needs_second_look:
        return True
    walk.is_second_look, walk.offset = True, 0
    return False


def _is_enough(account: SpotifyAccount, walk: Walk) -> bool:
    """All that is new has been read. Stop, unless the counts say that something further down has gone."""
    if walk.is_full:
        return False
    known = account.saves.filter(is_unliked=False).count() + account.unreadable_total
    walk.is_full = known != walk.total
    return not walk.is_full


@transaction.atomic
def _finish(job: Job, account: SpotifyAccount, walk: Walk) -> None:
    total, now = walk.total or 0, timezone.now()
    is_sudden = walk.is_complete and _is_sudden(job, account)
    removed = _prune(job, account, walk, is_sudden=is_sudden) if walk.is_complete else 0
    account.liked_total, account.synced_at = total, now
    account.save(update_fields=["liked_total", "synced_at", "unreadable_total", "full_walk_at"])
    notes = [*job.counts.get("notes", []), str(SUDDEN)] if is_sudden else job.counts.get("notes", [])
    counts = {"new": walk.new, "removed": removed, "liked": total} | ({"notes": notes} if notes else {})
    jobs.tick(job, counts=job.counts | counts)


def _is_sudden(job: Job, account: SpotifyAccount) -> bool:
    """Most of the library is gone, and the reading before knew nothing of it."""
    liked = account.saves.filter(is_unliked=False)
    known, gone = liked.count(), liked.exclude(seen_by_job__in=_marks(job)).count()
    return gone > max(MANY, known / 2) and account.liked_total >= known / 2


def _prune(job: Job, account: SpotifyAccount, walk: Walk, *, is_sudden: bool) -> int:
    """After a complete walk: what was not seen is no longer liked, unless it may only have been unreadable.

    When most is gone at once, the next reading has to say the same before it is believed. More entries without a song than last time could be songs of ours, so then nothing is taken out, and the next
    walk is complete again.
    """
    liked = account.saves.filter(is_unliked=False)
    unseen = liked.exclude(seen_by_job__in=_marks(job))
    is_in_doubt = is_sudden or walk.blanks > account.unreadable_total
    removed = 0 if is_in_doubt else unseen.update(is_unliked=True)
    if is_in_doubt:
        log.info(
            "Job %s left out songs or met %s entries without one: nothing was un-liked.", job.pk, walk.blanks
        )
    account.full_walk_at = None if is_in_doubt else timezone.now()
    is_certain = not (is_in_doubt or walk.has_moved)
    account.unreadable_total = max(0, (walk.total or 0) - liked.count()) if is_certain else walk.blanks
    return removed
