"""Data sets, training runs, and which model version is in use. The classifier is imported inside functions."""

import shutil
from os import SEEK_END
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from classifier.errors import DataError
from classifier.labels import guess_mapping
from organizer import classify, jobs
from organizer.models import Dataset, Job, ModelVersion, SpotifyAccount, TrainingRun

if TYPE_CHECKING:
    from classifier.fit import Progress

VERSIONS_DIR = "models"


class TrainingError(Exception):
    """The request cannot be carried out; the message says why."""


def resolve_server_path(text: str) -> Path:
    """A table that an admin names on the server. Only files inside DATASET_DIRS are read, links followed."""
    inside = [folder / text for folder in settings.DATASET_DIRS if (folder / text).is_file()]
    path = (inside[0] if inside else Path(text)).resolve()
    if not any(path.is_relative_to(folder) for folder in settings.DATASET_DIRS):
        folders = ", ".join(str(folder) for folder in settings.DATASET_DIRS)
        raise DataError(
            f"{path.name}: only files inside {folders} may be read. Set DATASET_DIRS to allow others."
        )
    if not path.is_file():
        raise DataError(f"{path.name}: there is no such file on the server.")
    return path


def inspect_table(dataset: Dataset, source: Any, *, name: str | None = None) -> None:
    """Read a table's labels and propose a genre for each; DataError when the file cannot be used."""
    from classifier.data import label_counts

    size = source.stat().st_size if isinstance(source, Path) else source.seek(0, SEEK_END)
    if size > settings.DATASET_MAX_BYTES:
        raise DataError(f"The file is larger than {settings.DATASET_MAX_BYTES // 1_000_000} MB.")
    if not isinstance(source, Path):
        source.seek(0)
    labels = label_counts(source, name=name)
    if not labels:
        raise DataError("The table has a header but no labelled rows.")
    proposed = guess_mapping(labels)
    dataset.label_map = {label: proposed[label] or "" for label in labels}
    dataset.rows, dataset.report = sum(labels.values()), {"labels": labels}


def map_labels(dataset: Dataset, label_map: dict[str, str]) -> None:
    """Store the admin's mapping of the file's labels to genres and read the file with it."""
    dataset.label_map = label_map
    _check_rows(dataset)
    dataset.save()


def _check_rows(dataset: Dataset) -> None:
    if not any(dataset.label_map.values()):
        dataset.report["sentences"] = ["No label has a genre yet: map at least two of them."]
        return
    report = read(dataset).report
    dataset.report["sentences"] = report.sentences() if report else []


def read(dataset: Dataset) -> Any:
    """The table as the classifier's Dataset, bad rows skipped and reported."""
    from classifier.data import read_table

    mapping = {label: genre or None for label, genre in dataset.label_map.items()}
    return read_table(dataset.path, mapping=mapping, on_bad_row="skip", licence=dataset.licence)


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

    run = TrainingRun.objects.select_related("dataset").get(job=job)
    name = f"run-{run.pk}"
    out = Path(settings.MEDIA_ROOT) / VERSIONS_DIR / name
    if out.exists() and not ModelVersion.objects.filter(name=name).exists():
        shutil.rmtree(out)  # left by a worker that was killed just before it could register the version
    config = TrainConfig(seed=run.seed, net=changed(NetConfig(), epochs=run.epochs))
    try:
        trained = train_version([read(run.dataset)], out, config, progress=lambda step: _note(job, run, step))
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


def activate(version: ModelVersion) -> None:
    """Make this version the champion. Predictions by others stay, so going back costs nothing."""
    classify.champion()  # somebody to go back to, on a fresh instance too
    with transaction.atomic():
        now = timezone.now()
        ModelVersion.objects.filter(is_champion=True).update(is_champion=False, was_champion_at=now)
        ModelVersion.objects.filter(pk=version.pk).update(is_champion=True)


def previous_champion() -> ModelVersion | None:
    """The version that was in use before the present one."""
    former = ModelVersion.objects.filter(is_champion=False, was_champion_at__isnull=False)
    return former.order_by("-was_champion_at").first()


def roll_back() -> ModelVersion:
    version = previous_champion()
    if version is None:
        raise TrainingError("There is no earlier version to go back to.")
    activate(version)
    return version


def start_reclassifying() -> list[Job]:
    """A job for every linked account, so that its predictions come from the champion."""
    accounts = SpotifyAccount.objects.filter(synced_at__isnull=False)
    return [jobs.start(account, Job.Kind.RECLASSIFY)[0] for account in accounts]
