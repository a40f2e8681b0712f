"""Training runs: started once, going on after a kill, ending in a model version. The classifier is imported inside
functions.
"""

import logging
import math
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from classifier.errors import DataError, ModelError
from organizer import classify, jobs
from organizer.models import Dataset, Job, ModelVersion, TrainingRun
from organizer.training import corrections, fingerprint, learning, options, provenance
from organizer.training.errors import TrainingError

if TYPE_CHECKING:
    from classifier.fit import Progress

log = logging.getLogger(__name__)
VERSIONS_DIR = "models"
TELL_S = 0.5  # progress is stored at most this often
WHOLE, LEARNED = 1000, 990  # of the progress: what comes after the last epoch takes its time, too
REASON = 10  # characters that a reason has at least
UNCHANGED = "Training data unchanged."


class Unchanged(TrainingError):
    """The same data, settings and program have been trained on already, by `former`."""

    def __init__(self, former: TrainingRun, left_out: Sequence[str]) -> None:
        sentence = (
            f"{UNCHANGED} With the same data and settings {former} has already made “{former.version}”."
        )
        super().__init__(" ".join([sentence, *left_out]))
        self.former = former


@transaction.atomic
def start(run: TrainingRun) -> tuple[Job, bool]:
    """Queue the run; TrainingError where it cannot be carried out, Unchanged where nothing would differ."""
    admitted, run.left_out = admit(run)
    if not admitted:
        raise TrainingError(" ".join(["No data set is left to train on.", *run.left_out]))
    check(run, admitted)
    run.fingerprint = fingerprint.of(run, admitted)
    former = TrainingRun.objects.filter(fingerprint=run.fingerprint, version__isnull=False)
    if found := former.exclude(pk=run.pk).first():
        raise Unchanged(found, run.left_out)
    job, is_new = jobs.start(None, Job.Kind.TRAIN)
    if not is_new:
        raise TrainingError("Another training run is under way. Wait for it, or cancel it.")
    run.job = job
    run.save()
    return job, is_new


def admit(run: TrainingRun) -> tuple[list[Dataset], list[str]]:
    """The data sets that may train under the run's rule, and sentences about what is left out."""
    kept, left_out = provenance.admitted(run.datasets.all(), run.rule)
    teaching = []
    for one in kept:
        if one.kind == Dataset.Kind.CORRECTIONS and not has_corrections():
            left_out.append(f"“{one}” is left out: no user has corrected a song whose features are known.")
        else:
            teaching.append(one)
    return learning.in_order(teaching), left_out


def has_corrections() -> bool:
    try:
        return len(corrections.read()) > 0
    except DataError:
        return False


def check(run: TrainingRun, admitted: list[Dataset]) -> None:
    """TrainingError where family, data, rule or settings do not go together."""
    strangers = [f"“{one}”" for one in admitted if not options.fits(run.family, one)]
    if strangers:
        what = "folders of sound" if options.is_sound(run.family) else "tables and corrections"
        raise TrainingError(f"{run.family} learns from {what}; {', '.join(strangers)} cannot be used.")
    if run.rule == TrainingRun.Rule.WIDE and len(run.reason.strip()) < REASON:
        raise TrainingError(f"The wide rule needs a reason of at least {REASON} characters.")
    for sentence in options.unfit(run.family, options.Options.of(run.options)).values():
        raise TrainingError(sentence)


def resume(run: TrainingRun) -> bool:
    """Go on after a failure or a cancellation; False when another run has started since, or it needs no going on."""
    return bool(run.job and jobs.resume(run.job))


def forget(run: TrainingRun) -> None:
    """What a run that will not be taken up again has left behind."""
    from classifier.unfinished import discard

    discard(directory(run))


def directory(run: TrainingRun) -> Path:
    """Where its version is written."""
    return Path(settings.MEDIA_ROOT) / VERSIONS_DIR / name_of(run)


def name_of(run: TrainingRun) -> str:
    return f"run-{run.pk}"


def train_batch(job: Job) -> bool:
    """Train the job's run from start to end (one batch). Killed and run again, it goes on after its last epoch."""
    run = TrainingRun.objects.get(job=job)
    out = directory(run)
    meta = _finished(out)
    if meta is None:
        admitted, told = _as_of_now(run), _Told(job, run)
        jobs.tick(job, cursor={"after": told.after})  # where a killed worker was says nothing of this one
        meta = learning.learn(run, admitted, out, told)
    jobs.tick(job, done=LEARNED, total=WHOLE, cursor={"stage": "drawing the report"})
    _report(out)
    _register(run, meta)
    return True


def _as_of_now(run: TrainingRun) -> list[Dataset]:
    """What may train now, noted on the run: data sets may have changed since it was asked for.

    Raises
    ------
    DataError
        None may any more.
    """
    admitted, run.left_out = admit(run)
    if not admitted:
        raise DataError(" ".join(["No data set is left to train on.", *run.left_out]))
    run.fingerprint = fingerprint.of(run, admitted)
    run.save(update_fields=["left_out", "fingerprint"])
    return admitted


def _finished(out: Path) -> dict[str, Any] | None:
    """The description of a version whose worker was killed just before it could register it."""
    from classifier import registry

    if not out.exists():
        return None
    try:
        return registry.read_description(out)
    except ModelError:
        shutil.rmtree(out)
        return None


def _report(out: Path) -> None:
    """All pictures as one page beside the version, so that no page server has to draw."""
    from classifier import report

    try:
        report.write(out)
    except ModelError as error:
        log.warning("The report of %s could not be written: %s", out.name, error)


def _register(run: TrainingRun, meta: dict[str, Any]) -> None:
    name = name_of(run)
    run.metrics, run.curve = meta["metrics"], [_point(one) for one in meta["curve"]]
    learned = meta["training"].get("learned_by_table", {})
    run.corrections_used = learned.get(corrections.NAME, 0)
    run.version, _ = ModelVersion.objects.update_or_create(
        name=name,
        defaults={
            "kind": options.kind_of(run),
            "path": f"{VERSIONS_DIR}/{name}",
            "labels": list(meta["labels"]),
            "metrics": meta["metrics"],
            "context": classify.context_of(meta),
        },
    )
    run.save()


def headline(metrics: dict[str, Any]) -> dict[str, Any]:
    """The figures that a version is known by: of features alone, or of what it heard; on what was held out."""
    return metrics.get("features") or (metrics if "accuracy" in metrics else {})


def eta(job: Job) -> timedelta | None:
    """Time left at the pace since this worker took the run up; None while there is nothing to judge by."""
    begun, now = job.cursor.get("begun"), job.done
    if job.state != Job.State.RUNNING or begun is None or not begun["done"] < now < job.total:
        return None
    spent = timezone.now() - datetime.fromisoformat(begun["at"])
    return spent * ((job.total - now) / (now - begun["done"]))


def _point(step: dict[str, Any]) -> dict[str, Any]:
    figures = {
        "loss": step["train_loss"],
        "accuracy": step["valid_accuracy"],
        "macro_f1": step["valid_macro_f1"],
    }
    return {"stage": step["stage"], "epoch": step["epoch"], **figures}


class _Told:
    """What a training tells, stored for its page. Raises Cancelled or LeaseLost, which ends the training."""

    def __init__(self, job: Job, run: TrainingRun) -> None:
        self.job, self.run = job, run
        self.begun: dict[str, Any] | None = None
        self.after = {key: run.curve[-1][key] for key in ("stage", "epoch")} if run.curve else None
        self.told_at = 0.0

    def __call__(self, step: "Progress") -> None:
        done = min(LEARNED, round(step.done * WHOLE))
        if not step.epochs:  # between two fits; taken up again, it does not know yet how far it was
            done = max(done, self.job.done)
        elif self.begun is None:
            self.begun = {"at": timezone.now().isoformat(), "done": done}
        self._grow(step)
        if step.has_epochs and time.monotonic() - self.told_at < TELL_S:
            return
        self.told_at = time.monotonic()
        TrainingRun.objects.filter(pk=self.run.pk).update(curve=self.run.curve)
        place = {"stage": step.stage, "epoch": step.epoch, "epochs": step.epochs, "after": self.after}
        jobs.tick(self.job, done=done, total=WHOLE, cursor={**place, "begun": self.begun})

    def _grow(self, step: "Progress") -> None:
        """The last pass, over all rows, has nothing left to validate on, and so no point in the curve."""
        if step.valid_accuracy is None or math.isnan(step.train_loss):
            return
        kept = [one for one in self.run.curve if one["stage"] != step.stage or one["epoch"] < step.epoch]
        self.run.curve = [*kept, _point(asdict(step))]
