"""Training runs: started once, going on after a kill, ending in a model version. The classifier is imported inside
functions.
"""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from organizer import classify, jobs
from organizer.models import Job, ModelVersion, TrainingRun
from organizer.training import datasets
from organizer.training.errors import TrainingError

if TYPE_CHECKING:
    from classifier.fit import Progress

VERSIONS_DIR = "models"


@transaction.atomic
def start(run: TrainingRun) -> tuple[Job, bool]:
    """Queue the run; TrainingError when another one is under way."""
    job, is_new = jobs.start(None, Job.Kind.TRAIN)
    if not is_new:
        raise TrainingError("Another training run is under way. Wait for it, or cancel it.")
    run.job = job
    run.save()
    return job, is_new


def train_batch(job: Job) -> bool:
    """Train the job's run from start to end (one batch). Killed and run again, it goes on after its last epoch."""
    from classifier.networks import NetConfig, changed
    from classifier.train import TrainConfig, discard, train_version

    run = TrainingRun.objects.get(job=job)
    name = f"run-{run.pk}"
    out = Path(settings.MEDIA_ROOT) / VERSIONS_DIR / name
    if out.exists() and not ModelVersion.objects.filter(name=name).exists():
        shutil.rmtree(out)  # left by a worker that was killed just before it could register the version
    config = TrainConfig(seed=run.seed, net=changed(NetConfig(), epochs=run.options.get("epochs")))
    try:
        trained = train_version(
            [datasets.read(one) for one in run.datasets.all()],
            out,
            config,
            progress=lambda step: _note(job, run, step),
        )
    except jobs.Cancelled:
        discard(out)
        raise
    run.metrics, run.curve = trained.metrics, _curve(trained.meta["curve"])
    run.version, _ = ModelVersion.objects.update_or_create(
        name=name,
        defaults={
            "path": f"{VERSIONS_DIR}/{name}",
            "labels": list(trained.labels),
            "metrics": trained.metrics,
            "context": classify.context_of(trained.meta),
        },
    )
    run.save()
    return True


def headline(metrics: dict[str, Any]) -> dict[str, Any]:
    """The figures that a version is known by: audio features alone, on held-out artists."""
    return metrics.get("features", {})


def _curve(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"loss": one["train_loss"], "accuracy": one["valid_accuracy"], "macro_f1": one["valid_macro_f1"]}
        for one in steps
    ]


def _note(job: Job, run: TrainingRun, step: "Progress") -> None:
    """One epoch's figures, kept for the curve. Raises Cancelled or LeaseLost, which ends the training."""
    if step.valid_accuracy is not None:  # the last pass, over all rows, has nothing left to validate on
        run.curve = run.curve[: step.epoch - 1] + [
            {"loss": step.train_loss, "accuracy": step.valid_accuracy, "macro_f1": step.valid_macro_f1}
        ]
        TrainingRun.objects.filter(pk=run.pk).update(curve=run.curve)
    jobs.tick(job, done=round(step.done * 100), total=100)
