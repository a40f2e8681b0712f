"""Data sets that can be trained on, made by the test: a small table, and a folder of sound as its check leaves it."""

from pathlib import Path
from typing import Any

import numpy as np

from classifier.sound import opinion
from organizer import jobs
from organizer.models import Dataset, Job, TrainingRun
from organizer.training import datasets, runs
from tests.classifier.sound.made_clips import GENRES, clips, sound_folder
from tests.tables import write_table

FAMILIES = {"bell": "classical", "drum": "electronic", "hiss": "ambient"}
Origin = Dataset.Origin


def table(folder: Path, name: str = "three genres", rows: int = 600, **values: Any) -> Dataset:
    path = write_table(folder / f"{name}.csv", rows)
    row = Dataset(name=name, server_path=str(path), provenance="made by the test", licence="MIT")
    datasets.inspect_table(row, path)
    row.origin = Origin.INDEPENDENT
    for field, value in values.items():
        setattr(row, field, value)
    row.save()
    return row


def sounds(folder: Path, name: str = "three sounds", n: int = 24) -> Dataset:
    """WAV files and what a check makes of them; embeddings that the genres can be told apart by."""
    row = Dataset.objects.create(
        name=name,
        kind=Dataset.Kind.AUDIO,
        origin=Origin.INDEPENDENT,
        server_path=str(sound_folder(folder / name, n, seconds=1.0)),
        label_map=FAMILIES,
        rows=n,
        sha256="5" * 64,
    )
    made, rng = clips(n, columns=387), np.random.default_rng(0)
    embeddings = np.full((n, opinion.WIDTH), np.nan, np.float32)
    centres = rng.normal(size=(len(GENRES), 128))
    opinion.part(embeddings, "mel_cnn")[:] = centres[np.arange(n) % len(GENRES)] + rng.normal(size=(n, 128))
    names = [f"{GENRES[i % 3]}/{GENRES[i % 3]}.{i:05}" for i in range(n)]
    row.folder.mkdir(parents=True)
    np.savez(
        row.folder / datasets.CLIPS,
        mel=made.mel,
        names=np.array(names),
        files=np.array([f"{one}.wav" for one in names]),
        embeddings=embeddings.astype(np.float16),
    )
    return row


def run_on(*data: Dataset, **values: Any) -> TrainingRun:
    run = TrainingRun.objects.create(**values)
    run.datasets.set(data)
    return run


def finished(run: TrainingRun) -> TrainingRun:
    """Work the run's training off in this process."""
    job, _ = runs.start(run)
    claimed = jobs.claim(job.pk)
    assert claimed and runs.train_batch(claimed)
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)
    run.refresh_from_db()
    return run
