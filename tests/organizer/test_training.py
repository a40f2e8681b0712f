from pathlib import Path
from typing import Any

import pytest

from classifier.errors import DataError
from organizer import classify, jobs, tasks
from organizer.models import (
    AudioFeatures,
    Dataset,
    Job,
    ModelVersion,
    Track,
    TrainingRun,
)
from organizer.training import datasets, runs
from organizer.training.errors import TrainingError
from tests.organizer.versions import to_the_end
from tests.tables import write_table

MAP = {"rock": "rock", "jazz": "jazz-blues", "edm": "electronic"}


@pytest.fixture
def dataset(db: None, tmp_path: Path, settings: Any) -> Dataset:
    settings.MEDIA_ROOT = tmp_path / "media"
    path = write_table(tmp_path / "table.csv")
    row = Dataset(name="three genres", server_path=str(path), provenance="made by the test", licence="MIT")
    row.origin = Dataset.Origin.INDEPENDENT
    datasets.inspect_table(row, path)
    row.save()
    return row


def run_on(dataset: Dataset, **options: int) -> TrainingRun:
    run = TrainingRun.objects.create(options=options)
    run.datasets.add(dataset)
    return run


def trained(dataset: Dataset) -> TrainingRun:
    run = run_on(dataset, epochs=4)
    job, _ = runs.start(run)
    to_the_end(job)
    run.refresh_from_db()
    return run


def test_labels_are_counted_and_genres_proposed(dataset: Dataset) -> None:
    assert dataset.label_map == MAP
    assert dataset.rows == 900


def test_a_run_measures_draws_its_curve_and_makes_a_version(dataset: Dataset) -> None:
    run = trained(dataset)
    report = runs.headline(run.metrics)
    assert report["accuracy"] > run.metrics["baselines"]["majority"]["accuracy"]
    assert {"macro_f1", "confusion", "per_genre"} <= report.keys()
    assert len(run.curve) >= 2
    assert set(run.version.labels) == set(MAP.values())
    assert not run.version.is_champion


def test_what_a_killed_training_left_behind_does_not_stop_the_next_try(
    dataset: Dataset, settings: Any
) -> None:
    run = run_on(dataset, epochs=2)
    job, _ = runs.start(run)
    left_over = settings.MEDIA_ROOT / runs.VERSIONS_DIR / f"run-{run.pk}" / "weights.safetensors"
    left_over.parent.mkdir(parents=True)
    left_over.write_bytes(b"half a file")
    to_the_end(job)
    run.refresh_from_db()
    assert run.version.directory.is_dir()


def test_only_one_run_at_a_time(dataset: Dataset) -> None:
    runs.start(run_on(dataset))
    with pytest.raises(TrainingError, match="under way"):
        runs.start(run_on(dataset))
    assert TrainingRun.objects.filter(job__isnull=False).count() == 1


def test_cancelling_stops_the_training_and_makes_no_version(dataset: Dataset, monkeypatch: Any) -> None:
    run = run_on(dataset)
    job, _ = runs.start(run)
    ticked = jobs.tick
    monkeypatch.setattr(jobs, "tick", lambda job, **values: (jobs.ask_cancel(job), ticked(job, **values)))
    assert tasks.work(job.pk).state == Job.State.CANCELLED
    assert not ModelVersion.objects.exists()


def test_a_table_with_one_genre_fails_with_a_sentence(dataset: Dataset) -> None:
    Dataset.objects.update(label_map={"rock": "rock", "jazz": "", "edm": ""})
    job, _ = runs.start(run_on(Dataset.objects.get()))
    job = tasks.work(job.pk)
    assert job.state == Job.State.FAILED
    assert "two genres" in job.error


def test_server_paths_outside_the_allowed_folders_are_refused(tmp_path: Path, settings: Any) -> None:
    settings.DATASET_DIRS = [tmp_path / "tables"]
    for path in ("/etc/passwd", str(tmp_path / "tables/../secret.csv")):
        with pytest.raises(DataError, match="may be read"):
            datasets.resolve_server_path(path)


def test_the_same_track_gives_training_and_serving_the_identical_vector(
    dataset: Dataset, tmp_path: Path
) -> None:
    import numpy as np

    from classifier.data import vector

    data = datasets.read(dataset)
    line = dict(
        zip(*(row.split(",") for row in Path(dataset.server_path).read_text().splitlines()[:2]), strict=True)
    )
    track = Track(uri="spotify:track:id0", artist_names=[line["artists"]], duration_ms=0)
    names = ("tempo", "valence", "energy", "loudness", "danceability")  # not the file's order
    served = classify.example(
        track, AudioFeatures(source="reccobeats", values={name: float(line[name]) for name in names})
    )
    known = {name: served.features[name] for name in names}
    np.testing.assert_array_equal(vector(known, data.feature_names), data.x[0])
