"""Runs by the clock: read the library, make a plan, and, where the user wants it, write what the plan adds.

Each step is a job. The next one is made in the transaction that ends the one before, so a kill in between neither
loses nor doubles anything. Nothing here ever removes a song: that waits for the user, whatever their policy.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from organizer import jobs, plans, writing
from organizer.models import Job, Plan, PlanItem, SpotifyAccount

Schedule = SpotifyAccount.Schedule
BY_CLOCK = {"by": "clock"}  # the wish of a writing that nobody pressed a button for
INTERVALS = {Schedule.DAILY: timedelta(days=1), Schedule.WEEKLY: timedelta(days=7)}


def choose(account: SpotifyAccount, schedule: str, applies: bool) -> None:
    """Store the user's schedule. Runs keep the time of day of the choice; the first is one interval from now.

    Choosing what is chosen already moves nothing.
    """
    if schedule != account.schedule or (schedule != Schedule.OFF and account.next_run_at is None):
        every = INTERVALS.get(Schedule(schedule))
        account.next_run_at = timezone.localtime() + every if every else None
    account.schedule, account.schedule_applies = schedule, applies
    account.save(update_fields=["schedule", "schedule_applies", "next_run_at"])


def start_due() -> list[Job]:
    """Start what is due; the jobs made by this call. However many runs were missed, one catches up for all.

    Accounts whose link has ended wait with their run until they are linked again.
    """
    now = timezone.now()
    due = SpotifyAccount.objects.filter(next_run_at__lte=now, needs_link=False).exclude(schedule=Schedule.OFF)
    return [job for account in due if (job := _start(account, now))]


@transaction.atomic
def _start(account: SpotifyAccount, now: datetime) -> Job | None:
    """None when another clock was first, or when the run joins a job that is under way."""
    assert account.next_run_at is not None, "only accounts with a next run are due"
    after = next_run(account.next_run_at, Schedule(account.schedule), now)
    due = SpotifyAccount.objects.filter(
        pk=account.pk, next_run_at=account.next_run_at, schedule=account.schedule
    )
    if not due.update(next_run_at=after):
        return None
    wish = {"then": "apply" if account.schedule_applies else "plan"}
    while True:
        job, is_new = jobs.start(account, Job.Kind.ORGANIZE)
        # A job that ended since it was found would never read the wish: then a new one is made.
        if Job.objects.active().filter(pk=job.pk, is_cancel_asked=False).update(wish=wish):
            return job if is_new else None
        if not is_new and Job.objects.active().filter(pk=job.pk).exists():
            return None  # the user is stopping it this moment


def next_run(last: datetime, schedule: Schedule, now: datetime) -> datetime:
    """The first time after `now` at `last`'s time of day, whole intervals later."""
    every, local = INTERVALS[schedule], timezone.localtime(last)
    moment = local + every * max(1, (now - last) // every)  # of the wall clock: summer time moves nothing
    return moment if moment > now else moment + every


def hold(job: Job) -> None:
    """Lock the job's account, as everybody does first who starts a job for it: then nobody waits for each other."""
    if job.account_id:
        SpotifyAccount.objects.select_for_update().filter(pk=job.account_id).first()


def follow(job: Job) -> Job | None:
    """What comes after a job that has ended well, made in the same transaction: a plan, or the writing of one.

    The user's present schedule counts, not the one under which the job began.
    """
    row = Job.objects.select_related("account").get(pk=job.pk)
    account = row.account
    if account is None or "then" not in row.wish or account.schedule == Schedule.OFF:
        return None
    try:
        with transaction.atomic():
            return _next(row, account)
    except plans.PlanError as error:
        _note(row, str(error))
        return None


def _next(job: Job, account: SpotifyAccount) -> Job | None:
    applies = job.wish["then"] == "apply" and account.schedule_applies
    if job.kind == Job.Kind.ORGANIZE:
        if not account.playlists.filter(is_active=True).exists():
            raise plans.PlanError(_("No plan was made, because no genre is chosen yet."))
        wish = {"then": "apply" if applies else "plan"}
        planning, is_new = plans.start(account, wish=wish)
        if not is_new:  # the user is having one made just now
            Job.objects.active().filter(pk=planning.pk, wish={}).update(wish=wish)
        return planning
    if job.kind == Job.Kind.PLAN and applies:
        return _write(job, account)
    return None


def _write(job: Job, account: SpotifyAccount) -> Job | None:
    """Write the additions of the job's plan; None when there are none. The rest of the plan is the user's to decide."""
    made = account.plans.filter(
        pk=job.counts.get("plan"), state=Plan.State.PROPOSED, kind=Plan.Kind.ORGANIZE
    ).first()
    if made is None:
        return None
    plans.only_additions(made)
    made.refresh_from_db()
    ticked = [entry["playlist"] for entry in made.entries if entry["is_accepted"]]
    adds = made.items.filter(playlist__in=ticked, kind=PlanItem.Kind.ADD, is_accepted=True)
    if not adds.exists():
        return None
    written, _ = writing.start(made)
    Job.objects.filter(pk=written.pk).update(wish=BY_CLOCK)
    return written


def _note(job: Job, sentence: str) -> None:
    """On the job's page, and in the summary of what happened."""
    notes = [*job.counts.get("notes", []), sentence]
    Job.objects.filter(pk=job.pk).update(counts=job.counts | {"notes": notes, "ended_early": sentence})
