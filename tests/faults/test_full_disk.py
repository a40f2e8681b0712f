"""The disk below SQLite, the default database, fills up in the middle of a phase: the job waits, says why, goes on."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.matrix import is_fit_for_people
from tests.faults.protocol import DISK, Protocol
from tests.simulator_process import ROOT, SimulatorProcess

pytestmark = pytest.mark.faults
PHASES = ("sync", "plan", "write")
QUICK = "write"


def key_of(phase: str) -> tuple[str, str, str]:
    return "full disk", phase, "SQLite"


@pytest.fixture(scope="module")
def protocol() -> Iterator[Protocol]:
    kept = Protocol(DISK, [key_of(phase) for phase in PHASES])
    yield kept
    kept.write()


@pytest.mark.parametrize(
    "phase", [QUICK, *(pytest.param(one, marks=pytest.mark.long) for one in PHASES if one != QUICK)]
)
def test_a_full_disk_loses_nothing(
    simulator_process: SimulatorProcess, protocol: Protocol, tmp_path: Path, phase: str
) -> None:
    simulator_process.reset()
    env = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'small.sqlite3'}",
        "REDIS_URL": f"{os.environ['REDIS_URL'].partition('?')[0]}?db=5",
        "SIMULATOR_URL": simulator_process.url,
        "FEATURE_PROVIDERS": ",",
        "PREVIEW_PROVIDERS": ",",
        "VAR_DIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "tests.faults.small_disk", phase, simulator_process.url]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    said = done.stdout.splitlines()[-1]
    assert is_fit_for_people(said), said
    protocol.note(key_of(phase), "database or disk is full", "waits and goes on by itself", [said])
