"""Trained versions for tests: tiny, quick, and different from each other."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from classifier import registry
from classifier.dataset import Dataset as Tracks
from classifier.sound import opinion
from classifier.task import build_task
from classifier.train import TrainConfig, TrainedVersion, train_version
from organizer import classify, jobs, tasks
from organizer.models import Dataset, Job, ModelVersion
from organizer.training import datasets
from tests.tables import write_table

Kind = ModelVersion.Kind
MADE: dict[tuple[str, ...], TrainedVersion] = {}
FOLDER = TemporaryDirectory(prefix="cratewise-versions-")


def table(folder: Path, name: str = "three genres", *, is_test: bool = False, **how: int) -> Dataset:
    """A data set of a table with rock, jazz-blues and electronic."""
    path = write_table(folder / f"{name}.csv", **how)
    row = Dataset(
        name=name,
        server_path=str(path),
        origin=Dataset.Origin.INDEPENDENT,
        provenance="made by the test",
        licence="MIT",
        is_test=is_test,
    )
    datasets.inspect_table(row, path)
    row.save()
    return row


def trained(
    media: Path, name: str, data: Sequence[Tracks], *, model: str = "logistic", **config: Any
) -> ModelVersion:
    """A version as a run makes it, of the classical family, which takes a second."""
    made = _made(data, TrainConfig(model=model, **{"spare_test": True, **config}), name)
    shutil.copytree(made.path, media / "models" / name)
    return ModelVersion.objects.create(
        name=name,
        path=f"models/{name}",
        labels=list(made.labels),
        metrics=made.metrics,
        context=classify.context_of(made.meta),
    )


def _made(data: Sequence[Tracks], config: TrainConfig, name: str) -> TrainedVersion:
    """Trained once in this process, however many tests want it."""
    key = name, repr(config), build_task(data, config.genres).fingerprint()
    if key not in MADE:
        MADE[key] = train_version(data, Path(FOLDER.name) / str(len(MADE)), config, name=name)
    return MADE[key]


def expert(media: Path, name: str, *, seed: int = 1) -> ModelVersion:
    """A sound expert with another head on MelCNN's layer, drawn at random."""
    meta, arrays = opinion.read(None)
    chance = np.random.default_rng(seed)
    arrays = {
        key: chance.normal(scale=2.0, size=array.shape).astype(array.dtype)
        if key.startswith("cnn.head.")
        else array
        for key, array in arrays.items()
    }
    meta = meta | {"name": name, "data": [], "shares": {"words": 0.1, "deep": 0.1, "cnn": 0.9}}
    registry.write_files(media / "models" / name, meta, {registry.WEIGHTS: arrays})
    return ModelVersion.objects.create(
        name=name, kind=Kind.SOUND, path=f"models/{name}", labels=list(opinion.Opinion.load().labels)
    )


def to_the_end(job: Job) -> Job:
    """Batch after batch, as the workers do it; the job as it ended, well."""
    while job.is_active:
        after = tasks.work(job.pk, jobs.hand_over(job))
        assert after is not None, "nobody else works on it"
        job = after
    assert job.state == Job.State.DONE, job.error
    return job
