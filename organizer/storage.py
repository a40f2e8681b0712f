"""What this instance keeps on disk and in its tables, and what of it may go: predictions that nobody goes back to."""

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, QuerySet

from organizer.models import Dataset, ModelVersion, Prediction
from organizer.training import runs, versions

LOOK_S = 0.4  # so long may counting bytes take: a zip of clips leaves many small files


@dataclass(frozen=True)
class Place:
    """A part of what is kept; `is_whole` is False where there was no time to count all of it."""

    title: str
    size_bytes: int
    is_whole: bool = True


@dataclass(frozen=True)
class Kept:
    """How many predictions a version has, and whether they may be forgotten."""

    version: ModelVersion
    predictions: int
    may_go: bool


def places() -> list[Place]:
    """The database, data sets, versions, and what is in their folders that no row knows of."""
    ends, media = time.monotonic() + LOOK_S, Path(settings.MEDIA_ROOT)
    return [
        Place("Database", database_bytes()),
        _place("Data sets", [media / "datasets"], ends),
        _place("Model versions", [media / runs.VERSIONS_DIR], ends),
        _place("Leftovers", leftovers(), ends),
    ]


def database_bytes() -> int:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
    path = str(connection.settings_dict["NAME"])
    return sum(_size(Path(path + ending)) for ending in ("", "-wal", "-shm"))


def leftovers() -> list[Path]:
    """What lies in the folders of data sets and versions but belongs to none: unfinished or abandoned."""
    media = Path(settings.MEDIA_ROOT)
    names = Dataset.objects.exclude(file="").values_list("file", flat=True)
    known = {media / name for name in names}
    known |= {media / "datasets" / str(pk) for pk in Dataset.objects.values_list("pk", flat=True)}
    known |= {media / path for path in ModelVersion.objects.values_list("path", flat=True)}
    found = [*_within(media / "datasets"), *_within(media / runs.VERSIONS_DIR)]
    return sorted(path for path in found if path not in known)


def kept_predictions() -> list[Kept]:
    """Each version's predictions, the newest version first."""
    champion, former = ModelVersion.objects.champion(), versions.previous_champion()
    needed = {one.pk for one in (champion, former) if one}
    counts = dict(
        Prediction.objects.order_by()
        .values_list("version")
        .annotate(count=Count("pk"))
        .values_list("version", "count")
    )
    rows = ModelVersion.objects.filter(pk__in=counts)
    return [Kept(one, counts[one.pk], may_go=one.pk not in needed) for one in rows]


@transaction.atomic
def forget_predictions() -> int:
    """Delete the predictions of all versions but the one in use and the one before it; how many that were.

    Safe to run twice. Whoever puts a forgotten version into use again has libraries judged anew by it.
    """
    list(ModelVersion.objects.select_for_update().filter(is_champion=True))  # nobody promotes meanwhile
    return Prediction.objects.filter(version__in=_forgettable()).delete()[0]


def _forgettable() -> QuerySet[ModelVersion]:
    champion, former = ModelVersion.objects.champion(), versions.previous_champion()
    if champion is None:
        return ModelVersion.objects.none()
    return ModelVersion.objects.exclude(pk__in=[one.pk for one in (champion, former) if one])


def _place(title: str, paths: Iterable[Path], ends: float) -> Place:
    total = 0
    for size in _sizes(paths):
        total += size
        if time.monotonic() > ends:
            return Place(title, total, is_whole=False)
    return Place(title, total)


def _sizes(paths: Iterable[Path]) -> Iterator[int]:
    for path in paths:
        if not path.is_dir():
            yield _size(path)
            continue
        for folder, _, names in os.walk(path):
            yield from (_size(Path(folder) / name) for name in names)


def _size(path: Path) -> int:
    """Nothing for a file that has gone since it was found."""
    try:
        return path.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


def _within(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
