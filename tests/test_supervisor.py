"""The program as a user starts it: real processes, real signals."""

import re
import signal
import socket
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from organizer.supervisor import environment, services, watch
from organizer.supervisor.watch import LOG_BYTES, Child, GaveUp, trim
from tests.program import Running, free_port, until

pytestmark = pytest.mark.faults
IN_TIME_S = 90  # on a machine that does much else; only what fails takes it


def survivors(family: list[psutil.Process]) -> list[psutil.Process]:
    return psutil.wait_procs(family, timeout=IN_TIME_S)[1]


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("program") / "var"


@pytest.fixture
def started(var: Path) -> Iterator[Callable[..., Running]]:
    runs: list[Running] = []

    def start(*arguments: str, directory: Path = var) -> Running:
        runs.append(Running(directory, *arguments))
        return runs[-1]

    yield start
    for run in runs:
        run.process.kill()
        run.process.wait()


def test_ctrl_c_ends_everything_and_is_no_error(started: Callable[..., Running], var: Path):
    port = free_port()
    run = started("--port", str(port))
    family = run.wait_until_ready()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
        assert answer.status == 200
    assert "password" in run.text
    assert (var / "secrets.env").stat().st_mode & 0o777 == 0o600
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(timeout=IN_TIME_S) == 0
    assert len(family) >= 8 and not survivors(family)
    assert not (var / "run" / "run.env").exists()
    assert (var / "simulator-state.json").exists()


def test_a_killed_supervisor_leaves_no_process(started: Callable[..., Running]):
    run = started("--port", str(free_port()))
    family = run.wait_until_ready()
    run.process.kill()
    assert len(family) >= 8 and not survivors(family)


def test_a_killed_page_server_comes_back_and_a_second_start_is_refused(started: Callable[..., Running]):
    port = free_port()
    run = started("--port", str(port))
    family = run.wait_until_ready()
    web = next(child for child in family if "gunicorn" in child.cmdline())
    web.kill()
    assert until(lambda: "web ended (signal 9); starting it again." in run.text, IN_TIME_S)
    assert until(lambda: services.answers(f"http://127.0.0.1:{port}/healthz"), IN_TIME_S)
    second = started("--port", str(free_port()))
    assert second.process.wait(timeout=IN_TIME_S) == 2
    assert "already runs" in second.text


def test_a_taken_port_is_named_with_the_way_out(started: Callable[..., Running], tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = started("--port", str(port), directory=tmp_path / "var")
        assert run.process.wait(timeout=IN_TIME_S) == 2
    assert run.text == f"Port {port} is taken. Choose another one: make run PORT={port + 1}\n"


def test_a_missing_catalogue_is_said_at_once(started: Callable[..., Running], tmp_path: Path):
    run = started("--catalog", "no/such.csv", directory=tmp_path / "var")
    assert run.process.wait(timeout=IN_TIME_S) == 2
    assert "no/such.csv" in run.text


def test_a_child_that_keeps_dying_ends_the_run_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(watch, "FIRST_PAUSE_S", 0.01)
    command = (sys.executable, "-c", "print('No disk left.'); raise SystemExit(1)")
    child = Child(services.Service("web", command, lambda: False), env={}, log=tmp_path / "web.log")
    said: list[str] = []
    with pytest.raises(GaveUp, match=r"No disk left\.\nweb ended 5 times in a row"):
        until(lambda: bool(child.tend(said.append)), 60)
    assert said == ["web ended (exit code 1); starting it again."] * 4


def test_a_child_started_with_nonsense_is_not_tried_again(tmp_path: Path):
    command = (sys.executable, "-c", "print('The table has no column name.'); raise SystemExit(2)")
    child = Child(services.Service("simulator", command, lambda: False), env={}, log=tmp_path / "log")
    with pytest.raises(GaveUp, match="no column name"):
        until(lambda: bool(child.tend(print)), 30)


def test_secrets_are_made_once_and_private(tmp_path: Path):
    path = tmp_path / "secrets.env"
    first = environment.load_secrets(path)
    assert environment.load_secrets(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert not re.search(r"admin|password", first.admin_password)


def test_a_large_log_is_put_aside(tmp_path: Path):
    log = tmp_path / "web.log"
    log.write_bytes(b"." * (LOG_BYTES + 1))
    assert trim(log) == log
    assert not log.exists() and (tmp_path / "web.log.1").exists()
