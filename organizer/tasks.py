"""Thin Celery tasks: claim a job by id, run one batch of its phase, send the next message.

A message that comes twice, late or after its worker was killed does no harm: the lease decides who may act.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_lazy
from kombu.exceptions import OperationalError as BrokerError

from classifier.errors import AudioError, DataError, ModelError
from organizer import (
    atlas,
    classify,
    ear,
    enrich,
    identify,
    jobs,
    library,
    plans,
    pulse,
    schedules,
    stored_verdicts,
    timeline,
    writing,
)
from organizer.models import Artist, Identification, Job, Track
from organizer.providers.errors import AuthRevoked, GateClosed, LedgerDown, ProviderError, ScopeMissing
from organizer.training import checking, comparing, impact, overdue, runs

log = logging.getLogger(__name__)
IO, ML, TRAIN = "io", "ml", "train"
HEAR_AT_MOST_S = 120
# A network that is killed by this limit goes on after its last epoch; a family that learns in one go starts again.
TRAIN_AT_MOST_S = 24 * 3600
LONGEST_COUNTDOWN_S = 120.0
OUR_OUTAGE_S = 15.0
OUR_OUTAGE = gettext_lazy("This instance’s own database failed for a moment. Nothing is lost; trying again.")


@dataclass(frozen=True)
class Phase:
    run: Callable[[Job], bool]  # one batch; True when the phase is complete
    queue: str
    then: str | None = None


def _classify(job: Job) -> bool:
    """The verdicts are renewed here, too, so that nobody's page has to do it."""
    is_complete = classify.classify_batch(job)
    if is_complete and job.account:
        stored_verdicts.refresh(job.account)
    return is_complete


PHASES = {
    "sync": Phase(library.sync_batch, IO, then="enrich"),
    "enrich": Phase(enrich.enrich_batch, IO, then="listen"),
    "listen": Phase(lambda job: enrich.listen_batch(job, ear.Ear()), ML, then="classify"),
    "classify": Phase(_classify, ML),
    "map": Phase(atlas.draw_batch, ML),
    "plan": Phase(plans.plan_batch, IO),
    "write": Phase(writing.write_batch, IO),
    "train": Phase(runs.train_batch, TRAIN, then="judge"),
    "judge": Phase(comparing.judge_batch, TRAIN, then="weigh"),
    "weigh": Phase(impact.weigh_batch, TRAIN),
    "compare": Phase(comparing.compare_batch, TRAIN),
    "impact": Phase(impact.impact_batch, TRAIN),
    "check": Phase(checking.check_batch, TRAIN),
}


def enqueue(job: Job, *, delay_s: float = 0) -> None:
    """Send the job's next message, to be claimed by that message alone; none if somebody else has the job by now.

    Without a broker the sweep finds the job.
    """
    token = jobs.hand_over(job, delay_s=delay_s)
    if not token:
        return
    queue = PHASES[job.phase].queue
    limit_s = TRAIN_AT_MOST_S if queue == TRAIN else settings.CELERY_TASK_TIME_LIMIT
    try:
        advance.apply_async((job.pk, token), queue=queue, countdown=delay_s, retry=False, time_limit=limit_s)
    except BrokerError:
        log.warning("The broker does not answer; job %s waits for the sweep.", job.pk)
        jobs.take_back(job, token)


def _outlasting_our_database(task: Callable[..., None]) -> Callable[..., None]:
    """What a task could not finish while the database was away is found by the sweep afterwards."""

    @wraps(task)
    def outlasting(*args: object, **options: object) -> None:
        try:
            task(*args, **options)
        except (OperationalError, InterfaceError) as error:
            log.warning("%s%s: the database failed (%s).", task.__name__, args, type(error).__name__)
            connection.close()

    return outlasting


@shared_task
@_outlasting_our_database
def advance(job_id: int, token: str = "") -> None:
    """One batch of a job, then the next message."""
    job = work(job_id, token)
    if job and job.is_active and job.state != Job.State.PAUSED:
        wait_s = (job.wait_until - timezone.now()).total_seconds() if job.wait_until else 0
        if wait_s <= LONGEST_COUNTDOWN_S:  # longer waits are woken by the sweep: no message is held for hours
            enqueue(job, delay_s=max(0.0, wait_s))


def work(job_id: int, token: str = "") -> Job | None:
    """Claim the job and run one batch; the job as it stands afterwards, or None if it was not there to take."""
    job = jobs.claim(job_id, token)
    if job is None:
        return None
    with translation.override(job.account.spoken_language if job.account else settings.LANGUAGE_CODE):
        return _work(job)


def _work(job: Job) -> Job | None:
    """One batch of a claimed job; what is stored for its owner to read is in the language that they read."""
    try:
        with jobs.keep_alive(job):
            _run_batch(job)
    except jobs.LeaseLost:
        return None
    except jobs.Cancelled:
        jobs.end_cancelled(job)
    except AuthRevoked as error:
        jobs.pause(job, str(error))
    except GateClosed as error:
        jobs.wait(job, error.retry_after_s, str(error), error.kind)
    except (OperationalError, InterfaceError, LedgerDown) as error:
        log.warning("Job %s waits: the database failed (%s).", job.pk, type(error).__name__)
        connection.close()  # if it stays away, so does what follows: then the lease runs out
        jobs.wait(job, OUR_OUTAGE_S, str(OUR_OUTAGE), Job.Wait.OUTAGE)
    except ScopeMissing as error:
        jobs.fail(job, str(error), remedy=jobs.RECONNECT)
    except ProviderError as error:
        if error.permanent:
            jobs.fail(job, str(error))
        else:
            jobs.retry_later(job, str(error))
    except (AudioError, DataError, ModelError) as error:
        jobs.fail(job, str(error))
    except Exception:  # the one broad except: no traceback reaches a user, all of it reaches the log
        if not Job.objects.filter(pk=job.pk).exists():  # the user disconnected: what it worked on is gone
            return None
        log.exception("Job %s failed in phase %s", job.pk, job.phase)
        sentence = gettext(
            "Something unexpected went wrong. The log has the details under “Job %(number)s”. You can resume it."
        )
        jobs.fail(job, sentence % {"number": job.pk})
    return Job.objects.select_related("account").filter(pk=job.pk).first()


def _run_batch(job: Job) -> None:
    phase = PHASES[job.phase]
    if not phase.run(job):
        return
    if phase.then:
        jobs.enter_phase(job, phase.then)
    else:
        _finish(job)


def _finish(job: Job) -> None:
    """End the job and make those that follow it: all or nothing. Unsent, the sweep finds the new ones."""
    with transaction.atomic():
        schedules.hold(job)
        followers = (schedules.follow, atlas.start_if_wanted, checking.follow)
        following = [follow(job) for follow in followers] if jobs.finish(job) else []
    for one in filter(None, following):
        enqueue(one)


@shared_task
@_outlasting_our_database
def wake_jobs() -> None:
    """What nobody works on although somebody should: runs by the clock, waits that are over, killed workers' jobs."""
    pulse.beat()
    schedules.start_due()
    overdue.start()
    for job in jobs.due():
        enqueue(job)
    for waiting in identify.lost():
        enqueue_identification(waiting)


def enqueue_identification(waiting: Identification) -> None:
    """Have the worker that listens hear it. Without a broker the sweep finds it."""
    try:
        hear.apply_async((waiting.pk,), queue=ML, retry=False)
    except BrokerError:
        log.warning("The broker does not answer; identification %s waits for the sweep.", waiting.pk)


@shared_task(time_limit=HEAR_AT_MOST_S)
def hear(identification_id: int) -> None:
    identify.hear(identification_id)


@worker_ready.connect
def _wake_at_start(**_: object) -> None:
    wake_jobs.apply_async(queue=IO)


@shared_task
@_outlasting_our_database
def sweep() -> None:
    """Songs and artists that nobody's library holds any more are forgotten, and old versions of playlists."""
    timeline.forget_old()
    Track.objects.orphaned().delete()
    Artist.objects.filter(tracks__isnull=True, correction__isnull=True).delete()
