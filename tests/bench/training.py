"""Training on a large table while a large library is classified: what worker-train holds, and how much longer the library takes.

Real workers with the shipped limits. Every row counts as a track of its own, so that as many tracks are learned from as the
tables have labelled rows; figures of accuracy from here say nothing.
"""

import os
import re
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psutil

from tests.bench import plenty
from tests.faults.program import Processes, until

if TYPE_CHECKING:
    from organizer.models import Dataset, Job, ModelVersion, SpotifyAccount

TABLES = ("cristhian2024_train_folds1-4.parquet", "kaggle114_train_folds1-4.parquet")  # 143,637 rows
BASE, FAMILIES = "logistic", ("mlp", "random-forest", "svc", "lightgbm")
SONGS = 12_000
ALONE = 2  # times that the library is classified before each training, and after it
REST_S, LOOK_S, AT_MOST_S = 20, 0.2, 24 * 3600
KILLED_AT = 250  # of 1,000 parts of a training
FOR_TESTS = ("JOB_LEASE_S", "JOB_SWEEP_S", "HTTP_TIMEOUT_S")  # settings that the tests of faults shorten
REASON = "Public tables, to measure what training costs."


def measure(tables: Path, families: Sequence[str], *, kill: bool = False) -> dict[str, Any]:
    """Print and return, family by family, most memory and seconds by phase, and the library's seconds with and without.

    kill: the process that trains is killed once in each training but the first. Needs Django and a migrated database.
    """
    from organizer import tasks
    from organizer.training import versions

    var = Path(os.environ["VAR_DIR"])
    data = [plenty.data_set(tables / name, var / "datasets") for name in TABLES]
    account, found = plenty.library(data[0], SONGS), {}
    processes = Processes(var, database_url=os.environ["DATABASE_URL"], simulator_url="", is_nice=True)
    for name in FOR_TESTS:
        processes.env.pop(name)
    with processes:
        processes.start(processes.worker_io, processes.worker_ml, processes.worker_train, processes.beat)
        for family in dict.fromkeys((BASE, *families)):
            version, found[family] = _trained(family, data, account, processes, kill=kill and family != BASE)
            if family == BASE:  # in use from now on, the others are compared with it: it spares the same rows
                for job in versions.promote(version, reason=REASON).jobs:
                    tasks.enqueue(job)
    return found


def _trained(
    family: str, data: "Sequence[Dataset]", account: "SpotifyAccount", processes: Processes, *, kill: bool
) -> "tuple[ModelVersion, dict[str, Any]]":
    from organizer import tasks
    from organizer.models import TrainingRun
    from organizer.training import runs
    from tests.faults import journey

    alone = [_alone(account) for _ in range(ALONE)]
    run = TrainingRun.objects.create(family=family, rule=TrainingRun.Rule.WIDE, reason=REASON)
    run.datasets.set(data)
    job, _ = runs.start(run)
    tasks.enqueue(job)
    found = _watched(job, account, processes, kill=kill)
    beside = _beside(account, journey.finished(job))
    alone += [_alone(account) for _ in range(ALONE)]
    found |= {"alone_s": alone, "beside_s": beside, "load": os.getloadavg()[1]}
    run.refresh_from_db()
    assert run.version is not None
    _print(family, found := found | _left(run.version))
    return run.version, found


def _watched(job: "Job", account: "SpotifyAccount", processes: Processes, *, kill: bool) -> dict[str, Any]:
    """Most memory in MB and seconds by phase, until the job ends. Meanwhile the library is classified over and over."""
    from tests.faults import journey

    worker, killed_at = processes.process_of(processes.worker_train), None
    peak_mb: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    while (now := journey.now(job)).is_active:
        began = time.monotonic()
        peak_mb[now.phase] = max(peak_mb[now.phase], _held_mb(worker))
        if kill and not killed_at and now.phase == "train" and now.done >= KILLED_AT:
            processes.kill_child(processes.worker_train)
            killed_at = now.done
        if _has_rested(account):
            _classify(account)
        time.sleep(LOOK_S)
        seconds[now.phase] += time.monotonic() - began
    return {"peak_mb": peak_mb, "seconds": seconds, "killed_at": killed_at}


def _held_mb(worker: psutil.Process) -> int:
    """The most that each of its processes has ever held, added up: never less than they held at once."""
    held_kb = 0
    for process in (worker, *worker.children(recursive=True)):
        try:
            found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        held_kb += int(found[1]) if found else 0
    return held_kb // 1000


def _has_rested(account: "SpotifyAccount") -> bool:
    """Nobody works on the library, nor has just now."""
    from django.utils import timezone

    since = timezone.now() - timedelta(seconds=REST_S)
    return not (account.jobs.active().exists() or account.jobs.filter(finished_at__gt=since).exists())


def _classify(account: "SpotifyAccount") -> "Job":
    """Have every song judged as if it never was."""
    from organizer import jobs, tasks
    from organizer.models import Job, Prediction

    Prediction.objects.all().delete()
    job, _ = jobs.start(account, Job.Kind.RECLASSIFY)
    tasks.enqueue(job)
    return job


def _alone(account: "SpotifyAccount") -> float:
    from tests.faults import journey

    until(lambda: not account.jobs.active().exists(), AT_MOST_S)
    return _took_s(journey.finished(_classify(account), AT_MOST_S))


def _beside(account: "SpotifyAccount", training: "Job") -> list[float]:
    """Of each classification that was begun and ended while it trained."""
    from organizer.models import Job

    done = account.jobs.filter(kind=Job.Kind.RECLASSIFY, state=Job.State.DONE)
    within = done.filter(created_at__gt=training.created_at, finished_at__lt=training.finished_at)
    return [_took_s(one) for one in within]


def _took_s(job: "Job") -> float:
    return (job.finished_at - job.created_at).total_seconds()  # type: ignore[operator]  # it has ended


def _left(version: "ModelVersion") -> dict[str, Any]:
    """What the run has left: a version, compared on so many rows and weighed on so many songs, or why it was not."""
    from classifier import registry

    training = registry.read_description(version.directory)["training"]
    comparison, impact = version.comparisons.get(), version.impacts.get()
    return {
        "tracks": training["tracks"],
        "tracks_learned_from": training["tracks_learned_from"],
        "version_mb": round(sum(file.stat().st_size for file in version.directory.iterdir()) / 1e6, 1),
        "compared": comparison.error or comparison.result["test"]["rows"],
        "weighed": impact.error or impact.result["songs"],
    }


def _print(family: str, found: dict[str, Any]) -> None:
    held, seconds, alone, beside = (found[name] for name in ("peak_mb", "seconds", "alone_s", "beside_s"))
    phases = ", ".join(f"{phase} {held[phase]} MB {seconds[phase]:.0f} s" for phase in held)
    longer = f"{median(beside) / median(alone):.2f} × as long" if beside else "not classified meanwhile"
    print(
        f"  {family:18} {max(held.values()):6} MB ({phases}); library of {SONGS} songs {longer}", flush=True
    )
    print(f"  {'':18} {found}", flush=True)
