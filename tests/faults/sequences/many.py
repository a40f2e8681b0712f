"""Sequences by the thousand: two processes, each with a database, a Redis and a simulator of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from organizer.supervisor.children import spawn
from tests.faults import databases

ROOT = Path(__file__).resolve().parent.parent.parent.parent
PROCESSES = 2


@dataclass(frozen=True)
class Share:
    """A range of seeds, for one process."""

    number: int
    first: int
    count: int


def shares(first: int, count: int) -> list[Share]:
    each = [count // PROCESSES + (number < count % PROCESSES) for number in range(PROCESSES)]
    return [Share(number, first + sum(each[:number]), own) for number, own in enumerate(each) if own]


@dataclass
class Playing:
    """A process that plays a share, and what it has said so far."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def is_fine(self) -> bool:
        return self.process.wait() == 0 and self.said.endswith("failed []\n")


def start(share: Share, directory: Path, *, template: str, length: int) -> Playing:
    """Have a process play its share; it prints a line a sequence."""
    database = databases.create(directory, f"sequences_{os.getpid()}_{share.first}", template=template)
    env = os.environ | {
        "DATABASE_URL": database,
        "REDIS_URL": f"{os.environ['REDIS_URL'].partition('?')[0]}?db={share.number + 1}",
        "VAR_DIR": str(directory),
        "PACES": "spotify=100000/1 accounts=100000/1",
        "HTTP_TIMEOUT_S": "5",
        "LOG_LEVEL": "ERROR",
        "OMP_NUM_THREADS": "1",
    }
    numbers = ("--first", str(share.first), "--count", str(share.count), "--length", str(length))
    log = directory / f"sequences-{share.number}.log"
    command = [sys.executable, "-m", "tests.faults.sequences", *numbers]
    return Playing(spawn(command, log=log, env=env, cwd=ROOT), log)
