"""The full check of data sets, a job on the training queue: every row is read, every clip is heard, once.

Killed and run again it goes on: what was unpacked and heard is kept file by file.
"""

import json
import shutil
import time
from pathlib import Path
from typing import Any

from django.conf import settings

from classifier.errors import DataError
from organizer import jobs
from organizer.models import Dataset, Job
from organizer.training import archives, counting, datasets, sounds

BATCH_S = 60.0
State = Dataset.State


def start() -> Job:
    """Have everything checked that waits for it; the job that does, or is doing so already."""
    return jobs.start(None, Job.Kind.CHECK)[0]


def ask_again(dataset: Dataset) -> bool:
    """Put it back among those to be checked; False where nothing is left to check."""
    given = bool(dataset.file) or (bool(dataset.server_path) and dataset.state != State.REFUSED)
    if dataset.state == State.CHECKING or not given:
        return dataset.state == State.CHECKING
    return bool(Dataset.objects.filter(pk=dataset.pk, state=dataset.state).update(state=State.CHECKING))


def follow(job: Job) -> Job | None:
    """Another job for what was added just as this one ended."""
    waits = job.kind == Job.Kind.CHECK and Dataset.objects.filter(state=State.CHECKING).exists()
    return start() if waits else None


def check_batch(job: Job) -> bool:
    """Check data sets for up to a minute; True when none is left. A refused one never fails the job."""
    deadline = time.monotonic() + BATCH_S
    tidy_up()
    while dataset := Dataset.objects.filter(state=State.CHECKING).order_by("pk").first():
        if job.counts.get("dataset") != dataset.pk:
            jobs.enter_phase(job, job.phase)  # each at a pace of its own, counted from here
        jobs.tick(job, counts={"dataset": dataset.pk, "name": dataset.name})
        if not _check(job, dataset, deadline):
            return False
        tidy_up()
    return True


def tidy_up() -> None:
    """Remove uploads that are not needed any more: refused ones, and zips that are unpacked."""
    done = Dataset.objects.filter(state=State.REFUSED) | Dataset.objects.filter(
        state=State.READY, kind=Dataset.Kind.AUDIO
    )
    for dataset in done.exclude(file=""):
        if dataset.state == State.REFUSED:
            shutil.rmtree(dataset.folder, ignore_errors=True)
        dataset.file.delete(save=False)
        Dataset.objects.filter(pk=dataset.pk).update(file="")


def _check(job: Job, dataset: Dataset, deadline: float) -> bool:
    """Whether it is decided now; False when there is more to do."""
    try:
        if dataset.kind == Dataset.Kind.AUDIO:
            return _check_sound(job, dataset, deadline)
        report, sha256 = counting.table_report(dataset)
    except DataError as error:
        _refuse(dataset, str(error))
        return True
    except OSError as error:  # it is not the data set's fault: it waits, and the job says why
        why = error.strerror or error
        raise DataError(
            f"“{dataset}” could not be checked: {why}. Put that right, then have it checked again."
        ) from error
    _accept(dataset, report, sha256)
    return True


def _refuse(dataset: Dataset, why: str, **report: Any) -> None:
    """Nothing of it stays but the report."""
    kept = _storable({"problem": why, **report})
    if not Dataset.objects.filter(pk=dataset.pk).update(state=State.REFUSED, report=kept, rows=0):
        datasets.forget_files(dataset)  # somebody deleted it meanwhile
    shutil.rmtree(dataset.folder, ignore_errors=True)


def _accept(dataset: Dataset, report: dict[str, Any], sha256: str) -> None:
    datasets.propose_genres(dataset, report["labels"])
    values = {
        "label_map": dataset.label_map,
        "rows": report["tracks"] if dataset.kind == Dataset.Kind.AUDIO else report["rows_read"],
        "report": _storable(report),
        "sha256": sha256,
        "state": State.READY,
    }
    if not Dataset.objects.filter(pk=dataset.pk).update(**values):
        datasets.forget_files(dataset)
    shutil.rmtree(dataset.folder / sounds.PARTS, ignore_errors=True)


def _storable(report: dict[str, Any]) -> dict[str, Any]:
    """A report without NUL characters, which files hold and PostgreSQL does not."""
    return dict(json.loads(json.dumps(report).replace("\\u0000", "\\ufffd")))


def _check_sound(job: Job, dataset: Dataset, deadline: float) -> bool:
    found, paths = _unpacked(job, dataset)
    for start in range(0, len(found), sounds.PART):
        if sounds.part_file(dataset, start).exists():
            continue
        sounds.hear_part(dataset, start, paths[start : start + sounds.PART])
        jobs.tick(job, done=min(start + sounds.PART, len(found)), total=len(found))
        if time.monotonic() > deadline:
            return False
    base = datasets.sound_folder(dataset)
    files = [str(path.relative_to(base)) if path else "" for path in paths]
    bad = sounds.bad_of(dataset, found)
    try:
        heard = sounds.join(dataset, found, files)
    except DataError as error:
        _refuse(dataset, str(error), **_bad(bad))
        return True
    _remove_unusable(dataset, [paths[one.place] for one in bad])
    report = {"rows_read": len(found), "labels": heard.labels, **_bad(bad)}
    _accept(dataset, report | {"tracks": sum(heard.labels.values())}, heard.digest)
    return True


def _remove_unusable(dataset: Dataset, paths: list[Path | None]) -> None:
    """What was unpacked in vain. A folder on the server stays as it is."""
    for path in paths:
        if path and datasets.is_ours(dataset, path):
            path.unlink(missing_ok=True)


def _bad(bad: list[sounds.Bad]) -> dict[str, Any]:
    shown = [{"row": "", "column": one.title, "reason": one.reason} for one in bad[: counting.SHOWN_BAD]]
    return {"bad_count": len(bad), "bad": shown}


def _unpacked(job: Job, dataset: Dataset) -> tuple[list[archives.Sound], list[Path | None]]:
    """The sounds of a data set and where each lies, None for what the zip holds only damaged."""
    if dataset.path.is_dir():
        found, paths = sounds.list_folder(dataset.path)
        return found, list(paths)
    listing = archives.look_over(dataset.path, dataset.path.name)
    folder = dataset.folder / datasets.AUDIO
    _refuse_without_room(listing.size)
    total = len(listing.sounds)

    def unpacked(done: int) -> None:
        if done % 100 == 0:
            jobs.tick(job, total=total)

    damaged = archives.unpack(dataset.path, listing, folder, unpacked)
    stored = [folder / listing.stored_as(place) for place in range(total)]
    return list(listing.sounds), [None if place in damaged else path for place, path in enumerate(stored)]


def _refuse_without_room(size: int) -> None:
    free = shutil.disk_usage(settings.MEDIA_ROOT).free
    if size > 0.9 * free:
        raise DataError(
            f"There is no room for it: it needs {size // 1_000_000:,} MB, and {free // 1_000_000:,} MB are free."
        )
