"""`make endure`: random sequences by the thousand (N=20000), or the one of a seed again (SEED=123)."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests import services
from tests.faults.sequences import many

LENGTH = 6
TELL_EVERY_S = 20.0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seed", type=int)
    wishes = parser.parse_args()
    first, count = (wishes.seed, 1) if wishes.seed is not None else (wishes.first, wishes.count)
    services.start()
    directory = Path(tempfile.mkdtemp(prefix=f"{services.PREFIX}{os.getpid()}-endure-", dir="/tmp"))
    try:
        return _play(directory, first, count)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        services.pytest_unconfigure()


def _play(directory: Path, first: int, count: int) -> int:
    import django

    django.setup()
    from tests.faults import databases

    template = databases.create_migrated(directory, "endure")
    parts = many.shares(first, count)
    playing = [many.start(part, directory, template=template, length=LENGTH) for part in parts]
    started, told = time.monotonic(), 0.0
    while any(one.process.poll() is None for one in playing):
        time.sleep(1)
        if time.monotonic() - told > TELL_EVERY_S:
            told = time.monotonic()
            _tell(playing, count, told - started)
    for one in playing:
        print("".join(line for line in one.said.splitlines(keepends=True) if not line.startswith("·")))
    return 0 if all(one.is_fine for one in playing) else 1


def _tell(playing: list[many.Playing], count: int, seconds: float) -> None:
    said = "".join(one.said for one in playing)
    done, failed = said.count("\n· ") + said.startswith("· "), said.count("SEED ")
    print(f"{done} of {count} sequences in {seconds:.0f} s, {failed} failed", flush=True)


if __name__ == "__main__":
    sys.exit(main())
