"""python -m tests.classifier.fuzz: spoilt sound files through decoding and describing, in processes that may die.

Each file is made from a seed and a number, so that what is found can be repeated: --only NUMBER.
"""

import argparse
import contextlib
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from tqdm import tqdm

from classifier import features
from classifier.audio import decode
from classifier.descriptors import describe_fully
from classifier.errors import AudioError
from tests.classifier.mutations import mutated, originals

MAX_CPU_S = 5.0
PATIENCE_S = 60.0  # by the clock; then it hangs


@dataclass
class Findings:
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest_cpu_s: float = 0.0
    grown_mb: float = 0.0

    def add(self, number: int, outcome: str, cpu_s: float, grown_mb: float) -> None:
        self.outcomes[outcome if outcome in ("sound", "refused") else "fault"] += 1
        self.slowest_cpu_s, self.grown_mb = max(self.slowest_cpu_s, cpu_s), max(self.grown_mb, grown_mb)
        if outcome not in ("sound", "refused"):
            self.faults.append(f"file {number}: {outcome}")
        elif cpu_s > MAX_CPU_S:
            self.faults.append(f"file {number}: took {cpu_s:.1f} s")

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        worst = f"slowest {self.slowest_cpu_s:.2f} s of CPU, memory grew by at most {self.grown_mb:.0f} MB"
        return "\n".join([f"{self.outcomes.total():,} files: {counts}; {worst}.", *self.faults])


def judge(data: bytes, suffix: str, folder: Path, *, by_path: bool) -> str:
    """What became of one file: sound, refused, or the sentence of a fault."""
    source: bytes | Path = data
    if by_path:
        source = folder / f"sound{suffix}"
        source.write_bytes(data)
    outcomes = set()
    for window_s in (None, 3.0):
        try:
            y = decode(source, window_s=window_s)
        except AudioError as error:
            outcomes.add("refused" if str(error).endswith(".") else f"no sentence: {error}")
            continue
        outcomes.add("sound" if _is_finite(y) else "descriptors that are no numbers")
    return min(outcomes - {"sound", "refused"}, default="sound" if "sound" in outcomes else "refused")


def _is_finite(y: np.ndarray) -> bool:
    frames = features.sparse_frames(len(y))
    return bool(np.isfinite([*describe_fully(y).values(), features.log_mel(y, frames).sum()]).all())


def serve(connection: Connection, seed: int) -> None:
    """In a process of its own: numbers in, outcomes out."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)  # the decoders' own remarks
    before = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number in iter(connection.recv, None):
            data, suffix = mutated(seed, number)
            before = before or _peak_mb()
            started = time.process_time()
            outcome = judge(data, suffix, Path(folder), by_path=number % 2 == 0)
            connection.send((number, outcome, time.process_time() - started, _peak_mb() - before))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Worker:
    """One process, replaced when it dies or hangs."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.ours, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, self.seed), daemon=True)
        self.process.start()
        theirs.close()

    def judge(self, number: int) -> tuple[int, str, float, float]:
        self.ours.send(number)
        started = time.perf_counter()
        outcome = "hangs"
        with contextlib.suppress(EOFError, ConnectionResetError):
            if self.ours.poll(PATIENCE_S):
                return self.ours.recv()
        took_s = time.perf_counter() - started
        if took_s < PATIENCE_S:
            self.process.join()
            outcome = f"killed the process, exit code {self.process.exitcode}"
        self.process.kill()
        self._start()
        return number, outcome, 0.0, 0.0

    def stop(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.ours.send(None)
        self.process.join(PATIENCE_S)


@contextlib.contextmanager
def worker(seed: int) -> Iterator[Worker]:
    one = Worker(seed)
    try:
        yield one
    finally:
        one.stop()


def fuzz(numbers: range, seed: int, *, show: bool = False) -> Findings:
    originals()  # fails here and not in every process
    findings = Findings()
    with worker(seed) as one:
        for number in tqdm(numbers, unit="file", disable=not show, mininterval=1):
            findings.add(*one.judge(number))
    return findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="one file by its number")
    options = parser.parse_args()
    numbers = range(options.files) if options.only is None else range(options.only, options.only + 1)
    findings = fuzz(numbers, options.seed, show=True)
    print(findings)
    return 1 if findings.faults else 0


if __name__ == "__main__":
    sys.exit(main())
