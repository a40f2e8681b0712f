"""Reading a large library for the first time and again, by a real worker, from a simulator with latency."""

import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from tests.bench.end_to_end import write_songs

LATENCY_MS = 20
LOOK_S = 0.05
AT_MOST_S = 900.0
SPARE = 100  # songs that nobody likes yet


def measure(likes: int) -> dict[str, Any]:
    """Print and return page calls, seconds and the worker's most memory. Needs the servers of tests.services."""
    from tests.faults import databases
    from tests.faults.program import Processes
    from tests.simulator_process import SimulatorProcess

    with tempfile.TemporaryDirectory(prefix="cratewise-likes-") as folder:
        table, room = Path(folder) / "songs.csv", Path(folder) / "room"
        room.mkdir()
        write_songs(table, likes + SPARE)
        url = databases.create_migrated(room, "likes")
        with (
            SimulatorProcess("--catalog", str(table), "--liked", str(likes)) as simulator,
            databases.pointed_at(url),
            Processes(room, database_url=url, simulator_url=simulator.url) as processes,
        ):
            processes.env |= {"FEATURE_PROVIDERS": "", "PREVIEW_PROVIDERS": "", "JOB_LEASE_S": "30"}
            processes.start(processes.worker_io)
            found = _readings(simulator, processes, likes)
    return found


def _readings(simulator: Any, processes: Any, likes: int) -> dict[str, Any]:
    from django.conf import settings

    from organizer import network
    from tests.organizer.conftest import link

    simulator.point(settings)
    network.reset()
    account = link("ada", simulator)
    simulator.set_fault("slow", service="spotify", latency_ms=LATENCY_MS)
    worker = psutil.Process(processes._running["worker-io"].pid)
    found = {"first": _read(account, simulator, worker)}
    assert account.saves.filter(is_unliked=False).count() == likes, "the first reading is not complete"
    found["nothing new"] = _read(account, simulator, worker)
    simulator.like(10)
    found["ten new"] = _read(account, simulator, worker)
    simulator.unlike(simulator.state()["liked"][likes // 2 : likes // 2 + 1])
    found["one gone"] = _read(account, simulator, worker)
    assert set(_kept(account)) == set(simulator.state()["liked"]), "the last reading is not complete"
    return found


def _kept(account: Any) -> list[str]:
    return list(account.saves.filter(is_unliked=False).values_list("track__uri", flat=True))


def _read(account: Any, simulator: Any, worker: psutil.Process) -> dict[str, Any]:
    """One reading, from the click until the last page is stored."""
    from organizer import jobs, tasks
    from organizer.models import Job

    Job.objects.all().delete()
    before = _pages(simulator)
    started, most_mb, spent = time.perf_counter(), 0.0, _processor_s(worker)
    job, _ = jobs.start(account, Job.Kind.ORGANIZE)
    tasks.enqueue(job)
    while job.phase == "sync":
        time.sleep(LOOK_S)
        assert job.is_active and time.perf_counter() - started < AT_MOST_S, job.error or job.wait_reason
        most_mb = max(most_mb, worker.memory_info().rss / 1e6)
        job.refresh_from_db()
    seconds = time.perf_counter() - started
    calls, used_s = _pages(simulator) - before, _processor_s(worker) - spent
    taken = f"{calls:,} page calls, {seconds:.1f} s"
    print(f"  {job.counts['liked']:,} likes: {taken}; worker {used_s:.1f} s of processor, {most_mb:.0f} MB")
    return {
        "calls": calls,
        "seconds": round(seconds, 1),
        "processor_s": round(used_s, 1),
        "memory_mb": round(most_mb),
    }


def _processor_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _pages(simulator: Any) -> int:
    return sum(count for name, count in simulator.counts().items() if name.endswith("/me/tracks"))
