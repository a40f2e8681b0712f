"""Data sets: what an admin gives to train on, and what its labels mean. The classifier is imported inside functions."""

from os import SEEK_END
from pathlib import Path
from typing import Any

from django.conf import settings

from classifier.errors import DataError
from classifier.labels import guess_mapping
from organizer.models import Dataset


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
