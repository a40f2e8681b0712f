"""Apply a Plan to Spotify, resumably: one playlist at a time, in calls of at most 100, only to playlists we made.

After a kill, a timeout or a 5xx nothing is sent again blindly: the playlist is read and only the difference written.
"""

import time
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from organizer import jobs, plans
from organizer.merging import Action
from organizer.models import GenrePlaylist, Job, Plan, SpotifyAccount
from organizer.playlist_writer import PlaylistWriter
from organizer.providers.errors import ProviderError
from organizer.reading import Interrupted, Reader

BATCH_S = 60.0
TRUST_S = 120.0  # how long we go without asking again which playlists the user still has
PLANNING = gettext_lazy(
    "A new plan is being made, which will take this one's place. Wait until that is done, or cancel it."
)

DELETED = gettext_lazy("You deleted “%(name)s” on Spotify meanwhile; it was not written. Make a new plan.")
BACK = gettext_lazy("“%(name)s” is back on Spotify; it was not written. Make a new plan.")


@transaction.atomic
def start(plan: Plan) -> tuple[Job, bool]:
    """One write job for the plan; a second click finds the first one's. Raises PlanError when it is too late."""
    SpotifyAccount.objects.select_for_update().get(pk=plan.account_id)
    if _is_planned_anew(plan):
        raise plans.PlanError(str(PLANNING))
    job, is_new = jobs.start(plan.account, Job.Kind.WRITE)
    if is_new and not plans.begin_applying(plan, job):
        raise plans.PlanError(_("This plan was applied, discarded or replaced already. Make a new one."))
    if not is_new and not Plan.objects.filter(pk=plan.pk, job=job).exists():
        raise plans.PlanError(_("Another plan is being written right now. Wait until that is done."))
    if is_new:
        Job.objects.filter(pk=job.pk).update(cost=plan.calls)
    return job, is_new


def _is_planned_anew(plan: Plan) -> bool:
    """Whether a job is at work that reads the playlists for another plan; the two must not meet."""
    active = plan.account.jobs.active().filter(kind=Job.Kind.PLAN)
    return any(job.counts.get("plan") != plan.pk for job in active)


def write_batch(job: Job) -> bool:
    """Write the next playlist of the job's plan; True when all are written."""
    standing = [Plan.State.APPLYING, Plan.State.APPLIED]
    plan = Plan.objects.select_related("account").filter(job=job, state__in=standing).first()
    if plan and plan.state == Plan.State.APPLIED:
        return True  # a worker that was killed before it could say so
    if plan is None:
        sentence = _("This plan was replaced by a newer one; nothing more is written.")
        raise ProviderError(sentence, permanent=True)
    if _is_planned_anew(plan):
        jobs.wait(job, 15, _("A new plan is being made."))
        return False
    entries = [entry for entry in plan.entries if entry["is_accepted"] and entry["calls"]]
    waiting = [entry for entry in entries if entry["playlist"] not in job.cursor.get("done", [])]
    if not waiting:
        plans.mark_applied(plan)
        jobs.tick(job, done=job.total)
        return True
    jobs.tick(job, total=_songs(plan, entries))
    try:
        _write_next(job, plan, waiting)
    except Interrupted:
        return False
    return False


def _songs(plan: Plan, entries: list[dict[str, Any]]) -> int:
    playlists = [entry["playlist"] for entry in entries]
    return plan.items.filter(playlist__in=playlists, is_accepted=True, kind__in=plans.TICKABLE).count()


def _write_next(job: Job, plan: Plan, waiting: list[dict[str, Any]]) -> None:
    """The first of the waiting playlists, from where an earlier batch left it."""

    def keep(kept: dict[str, Any]) -> None:
        jobs.tick(job, cursor=job.cursor | {"kept": kept})

    reader = Reader(plan.account, job.cursor.get("kept"), keep=keep, seconds=BATCH_S)
    entry = waiting[0]
    rules = GenrePlaylist.objects.select_related("account")
    rule = rules.get(pk=entry["playlist"], account=plan.account)
    with reader.keeping():
        is_deleted = rule.spotify_id in _deleted(job, reader, waiting)
        asked = entry["action"] == Action.GONE and rule.spotify_id == entry["spotify_id"]
        if is_deleted == asked:
            PlaylistWriter(job, plan, rule, reader=reader, entry=entry).write()
        else:
            sentence = DELETED if is_deleted else BACK
            plans.tell(plan, sentence % {"name": entry["name"]})
    _mark_done(job, rule)


def _deleted(job: Job, reader: Reader, waiting: list[dict[str, Any]]) -> list[str]:
    """Those of the plan's playlists that the user no longer has; asked once, and again after a long pause."""
    if job.cursor.get("checked_at", 0) < time.time() - TRUST_S:
        mine = {entry["playlist"] for entry in waiting}
        known = GenrePlaylist.objects.filter(pk__in=mine).exclude(spotify_id="").order_by("pk")
        ids = list(known.values_list("spotify_id", flat=True))
        held = reader.followed(ids)
        gone = [one for one in ids if one not in held]
        jobs.tick(job, cursor=job.cursor | {"checked_at": time.time(), "gone": gone})
    found: list[str] = job.cursor["gone"]
    return found


def _mark_done(job: Job, rule: GenrePlaylist) -> None:
    written = job.counts.get("written", 0)
    cursor = {name: value for name, value in job.cursor.items() if name != "kept"}
    done = sorted({*cursor.get("done", []), rule.pk})
    jobs.tick(job, cursor=cursor | {"done": done, "written": written})
