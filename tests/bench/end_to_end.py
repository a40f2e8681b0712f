"""A library from "start" to "ready for review": the whole program as `make run` starts it, with its simulator."""

import csv
import re
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import requests

from simulator.catalog import Track
from simulator.invented import invent
from simulator.profiles import FAMILIES
from tests.program import Running, free_port
from tests.simulator_process import SimulatorProcess

SEED = 3
LOOK_S = 0.02
AT_MOST_S = 1800.0
PARTS = ("simulator", "gunicorn", "worker-io", "worker-ml", "valkey", "beat")


def measure(songs: int, listening: str) -> dict[str, Any]:
    """Print and return songs per second, by phase, and which process used how much of the processor.

    listening: `fast` or `accurate`, as in the settings.
    """
    with tempfile.TemporaryDirectory(prefix="cratewise-bench-") as folder:
        table = Path(folder) / "songs.csv"
        write_songs(table, songs)
        options = ("--port", str(free_port()), "--catalog", str(table), "--liked", str(songs))
        running = Running(Path(folder) / "var", *options, LISTENING=listening)
        try:
            running.wait_until_ready()
            found = _journey(running, Path(folder) / "var" / "demo.sqlite3")
        finally:
            running.process.terminate()
            running.process.wait(20)
    _print(found, listening)
    return found


def write_songs(path: Path, count: int) -> None:
    """As many invented songs as the library has, evenly of all families."""
    each = -(-count // len(FAMILIES))
    tracks = [track for family in FAMILIES for track in invent(family, each, SEED)][:count]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(_row(tracks[0])))
        writer.writeheader()
        writer.writerows(_row(track) for track in tracks)


def _row(track: Track) -> dict[str, object]:
    named = {"id": track.id, "name": track.name, "artists": ";".join(track.artists), "genre": track.genre}
    return named | {"duration_ms": track.duration_ms, "isrc": track.isrc} | dict(track.features)


def _journey(running: Running, database: Path) -> dict[str, Any]:
    before = _processor_s(running)
    with requests.Session() as browser:
        url = _signed_in(browser, running.text)
        started = time.perf_counter()
        _press(browser, url, "jobs/start")
        phases = dict(_phases(database, started))
    took_s = time.perf_counter() - started
    memory_mb = _memory_mb(running)
    used_s = {part: round(spent - before[part], 1) for part, spent in _processor_s(running).items()}
    with sqlite3.connect(database) as rows:
        songs, heard = (
            rows.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("organizer_prediction", "organizer_audioanalysis WHERE error = ''")
        )
    return {
        "songs": songs,
        "heard": heard,
        "memory_mb": memory_mb,
        "seconds": round(took_s, 2),
        "songs_per_s": round(songs / took_s, 1),
        "phase_s": {name: round(seconds, 2) for name, seconds in phases.items()},
        "processor_s": used_s,
    }


def _signed_in(browser: requests.Session, printed: str) -> str:
    """Connect through the consent page; the program's address."""
    url = re.search(r"is ready: (\S+)", printed)
    world = re.search(r"(http://\S+)/control/", printed)
    assert url and world, printed
    simulator = SimulatorProcess()
    simulator.url = world[1]
    to_spotify = _press(browser, url[1], "spotify/connect", allow_redirects=False).headers["location"]
    browser.get(simulator.consent(to_spotify), timeout=30).raise_for_status()
    return url[1]


def _press(browser: requests.Session, url: str, path: str, **options: Any) -> requests.Response:
    """Send the form with that action, as its button would."""
    page = browser.get(url, timeout=30)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token, page.text
    answer = browser.post(
        f"{url}/{path}", data={"csrfmiddlewaretoken": token[1]}, headers={"Referer": url}, **options
    )
    answer.raise_for_status()
    return answer


def _phases(database: Path, started: float) -> Iterator[tuple[str, float]]:
    """Each phase of the job with the seconds it took, until the job is done."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as rows:
        phase, since = "sync", started
        while True:
            now, state, error = rows.execute("SELECT phase, state, error FROM organizer_job").fetchone()
            assert state not in ("failed", "cancelled", "paused"), error
            moment = time.perf_counter()
            assert moment - started < AT_MOST_S, f"The job hangs in {now}."
            if now != phase or state == "done":
                yield phase, moment - since
                phase, since = now, moment
            if state == "done":
                return
            time.sleep(LOOK_S)


def _processor_s(running: Running) -> Counter[str]:
    """Seconds of processor time by part of the program."""
    used: Counter[str] = Counter()
    for process in psutil.Process(running.process.pid).children(recursive=True):
        times = process.cpu_times()
        used[_part(process)] += times.user + times.system
    return used


def _memory_mb(running: Running) -> dict[str, int]:
    """Most memory that any process of each part ever held."""
    held: dict[str, int] = {}
    for process in psutil.Process(running.process.pid).children(recursive=True):
        part = _part(process)
        (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
        held[part] = max(held.get(part, 0), int(peak) // 1000)
    return held


def _part(process: psutil.Process) -> str:
    line = " ".join(process.cmdline())
    return next((part for part in PARTS if part in line), "other")


def _print(found: dict[str, Any], listening: str) -> None:
    print(
        f"library   {found['songs_per_s']:12,.1f} songs/s        from start to ready for review, {listening}"
    )
    print(f"          {found['songs']} songs, {found['heard']} of them heard, in {found['seconds']:.1f} s")
    for name, seconds in found["phase_s"].items():
        print(f"  {name:16} {seconds:8.1f} s {found['songs'] / seconds:10,.1f} songs/s")
    spent = ", ".join(f"{part} {seconds:.1f}" for part, seconds in found["processor_s"].items() if seconds)
    print(f"  processor seconds: {spent}")
    held = ", ".join(f"{part} {megabytes}" for part, megabytes in found["memory_mb"].items())
    print(f"  most memory in MB: {held}", flush=True)
