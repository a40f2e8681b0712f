"""What hearing a clip costs: bytes in memory → log-probabilities, beside the common way and the least work there is.

Processor time, one thread a process, all ways in turn in one process, again and again, so that a busy machine disturbs
all alike; ratios are taken within a turn. Clips a second are measured for one and two processes of their own.
"""

import multiprocessing
import os
import resource
import statistics
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.bench import clips as samples

CLIPS, TURNS, SPELL_S = 12, 7, 4.0
SLOW = {"plain port": 2}  # clips a turn, instead of all
WAYS = (
    "floor", "floor, fewer FFTs", "common", "fast", "fast, 15 s", "fast, 12.5 s", "plain port", "accurate",
    "accurate, 15 s",
)  # fmt: skip
WORKERS = ("fast", "fast, 15 s", "accurate")
# (way, compared with, aim, whether the ratio should be at most or at least that)
AIMS = (
    ("fast", "floor", 1.6, "at most"),
    ("common", "fast", 2.5, "at least"),
    ("common", "fast, 15 s", 5.0, "at least"),
    ("common", "fast, 12.5 s", 5.0, "at least"),
    ("plain port", "accurate", 3.0, "at least"),
)
TWO_PROCESSES = 1.7
_FRESH = multiprocessing.get_context("spawn")  # so that torch sees how many threads it may have


def measure(folder: Path | None = None) -> dict[str, Any]:
    """Print and return costs, ratios, clips per second, memory and stages; `folder` of sound instead of made clips."""
    os.environ["OMP_NUM_THREADS"] = "1"  # for the processes started here
    data = samples.load(folder, CLIPS)
    costs = _in_a_process(_costs, data)
    found = {
        "load": os.getloadavg()[0],
        "clips": {"count": len(data), "bytes": sum(map(len, data)) // len(data)},
        "ms": {way: _spread([1000 * one for one in turns]) for way, turns in costs.items()},
        "ratios": _ratios(costs),
        "processes": _processes(data, [way for way in WORKERS if way in costs]),
        "stages_ms": _in_a_process(_stages, data),
    }
    _print(found)
    return found


def _in_a_process(work: Any, data: Sequence[bytes]) -> Any:
    ours, theirs = _FRESH.Pipe()
    process = _FRESH.Process(target=_answer, args=(work, data, theirs))
    process.start()
    theirs.close()  # so that a process that dies ends the waiting
    answer = ours.recv()
    process.join()
    return answer


def _answer(work: Any, data: Sequence[bytes], connection: Connection) -> None:
    connection.send(work(data))


def _costs(data: Sequence[bytes]) -> dict[str, list[float]]:
    """Seconds of processor time a clip, by way and turn."""
    from classifier.errors import ModelError
    from tests.bench import ways

    built = {}
    for name in WAYS:
        try:
            built[name] = ways.build(name)
        except ModelError as error:
            print(f"{name}: not measured. {error}", flush=True)
    costs: dict[str, list[float]] = {name: [] for name in built}
    for turn in range(TURNS + 1):  # the first one warms up
        for name, way in built.items():
            some = data[: SLOW.get(name, len(data))]
            began = time.process_time()
            way(some)
            if turn:
                costs[name].append((time.process_time() - began) / len(some))
    return costs


def _stages(data: Sequence[bytes]) -> dict[str, dict[str, float]]:
    from tests.bench import stages

    return stages.profile(data)


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {
        name: round(of(values), 3)
        for name, of in (("median", statistics.median), ("low", min), ("high", max))
    }


def _ratios(costs: dict[str, list[float]]) -> list[dict[str, Any]]:
    pairs = [pair for pair in AIMS if pair[0] in costs and pair[1] in costs]
    return [
        {"of": way, "to": other, "aim": f"{word} {aim}"}
        | _spread([a / b for a, b in zip(costs[way], costs[other], strict=True)])
        for way, other, aim, word in pairs
    ]


def _processes(data: Sequence[bytes], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Clips a second of one and of two processes in turn, and a process's greatest memory."""
    return {name: _one_and_two(name, data) for name in names}


def _one_and_two(name: str, data: Sequence[bytes], turns: int = 3) -> dict[str, Any]:
    pairs = [_FRESH.Pipe() for _ in range(2)]
    processes = [_FRESH.Process(target=_serve, args=(name, data, theirs)) for _, theirs in pairs]
    for process in processes:
        process.start()
    workers = [ours for ours, _ in pairs]
    for worker in workers:
        worker.recv()  # ready
    spells = [(_spell(workers[:1]), _spell(workers)) for _ in range(turns)]
    for worker in workers:
        worker.send(0.0)
    memory = max(worker.recv() for worker in workers)
    for process in processes:
        process.join()
    return _compared(spells) | {"peak_mb": round(memory)}


def _compared(spells: Sequence[tuple[tuple[float, float], tuple[float, float]]]) -> dict[str, Any]:
    """spells: for each turn, clips a second and processor seconds a clip, of one process and of two.

    Where other programs hold the cores, two processes gain nothing on the clock; what they cost each other (memory,
    caches, shared cores) shows in the processor time all the same.
    """
    return {
        "one_clips_per_s": _spread([one for (one, _), _ in spells]),
        "two_clips_per_s": _spread([two for _, (two, _) in spells]),
        "two_to_one": _spread([two / one for (one, _), (two, _) in spells])
        | {"aim": f"at least {TWO_PROCESSES}"},
        "two_to_one_by_cpu": _spread([2 * alone / beside for (_, alone), (_, beside) in spells]),
    }


def _spell(workers: Sequence[Connection]) -> tuple[float, float]:
    """Clips a second of all workers together, and the mean processor seconds a clip."""
    for worker in workers:
        worker.send(SPELL_S)
    rates, costs = zip(*(worker.recv() for worker in workers), strict=True)
    return sum(rates), statistics.mean(costs)


def _serve(name: str, data: Sequence[bytes], connection: Connection) -> None:
    """Hear clips for as many seconds as asked, and say how fast; asked for none, say how much memory it took."""
    from tests.bench import ways

    way = ways.build(name)
    way(data)
    connection.send("ready")
    while spell_s := connection.recv():
        began, spent, heard = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - began < spell_s:
            way(data)
            heard += len(data)
        connection.send((heard / (time.perf_counter() - began), (time.process_time() - spent) / heard))
    connection.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _print(found: dict[str, Any]) -> None:
    print(f"Load of the machine: {found['load']:.1f} on {os.cpu_count()} cores")
    print(f"Hearing: {found['clips']['count']} clips of about {found['clips']['bytes'] // 1000} kB")
    for way, ms in found["ms"].items():
        print(f"  {way:18} {ms['median']:8.1f} ms of CPU a clip   ({ms['low']:.1f} to {ms['high']:.1f})")
    for one in found["ratios"]:
        print(f"  {one['of']} : {one['to']} = {_told(one)}")
    for way, one in found["processes"].items():
        print(
            f"  {way:18} {one['one_clips_per_s']['median']:6.1f} clips/s, two processes "
            f"{one['two_clips_per_s']['median']:.1f} ({_told(one['two_to_one'])}; "
            f"by CPU time {one['two_to_one_by_cpu']['median']:.2f}), {one['peak_mb']} MB each"
        )
    for way, stages in found["stages_ms"].items():
        print(f"  {way}: " + ", ".join(f"{name} {ms:.1f} ms" for name, ms in stages.items()))


def _told(ratio: dict[str, Any]) -> str:
    return f"{ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f}; aim: {ratio['aim']})"
