"""Data sets as an upload leaves them, the check of them, and what lies in their place."""

from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile

from organizer import tasks
from organizer.models import Dataset, Job
from organizer.training import checking


def uploaded(content: bytes, kind: str = Dataset.Kind.TABLE, name: str = "upload", **values: Any) -> Dataset:
    row = Dataset(name=name, kind=kind, state=Dataset.State.CHECKING, provenance="a test", licence="MIT")
    row.file.save(f"{name}.bin", ContentFile(content), save=False)
    row.save()
    return row


def checked(dataset: Dataset) -> Dataset:
    job = tasks.work(checking.start().pk)
    assert job.state == Job.State.DONE, job.error
    dataset.refresh_from_db()
    return dataset


def media(settings: Any) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
