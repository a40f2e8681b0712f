"""Workers' signs of life, against a real Valkey and a real worker."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from organizer import classify, health, network, vitals
from tests.organizer.signs import GONE, sign
from tests.program import until

ROOT = Path(__file__).parent.parent.parent


def test_a_process_notes_its_memory_and_the_models_that_it_holds(redis_client: Any) -> None:
    class Model:
        pass

    model = vitals.held("run-7", Model())
    vitals.Reporter("ml@here", vitals.CHILD, ["ml"]).note()
    (one,) = vitals.read(redis_client)
    assert one.is_alive and one.pid == os.getpid() and one.queues == ["ml"]
    assert one.rss_bytes and one.rss_bytes > 10_000_000
    assert "run-7" in [loaded.name for loaded in one.models]
    del model
    assert "run-7" not in [loaded.name for loaded in vitals.models_in_memory()]


def test_the_predictor_in_memory_is_named(db: None, redis_client: Any) -> None:
    classify._predictor.cache_clear()
    classify.predictor(classify.champion())
    assert "shipped" in [loaded.name for loaded in vitals.models_in_memory()]


def test_who_is_silent_is_missed_until_another_takes_the_place(redis_client: Any) -> None:
    sign("ml@here", "ml", ago_s=vitals.SILENT_S + 5, pid=1)
    assert [one.is_alive for one in vitals.read(redis_client)] == [False]
    sign("ml@here", "ml", pid=2)
    assert [one.pid for one in vitals.read(redis_client)] == [2]


def test_a_new_process_clears_away_what_it_replaces(redis_client: Any) -> None:
    sign("ml@here", "ml", ago_s=vitals.SILENT_S + 5, pid=1)
    sign("old@there", "io", ago_s=vitals.KEPT_S + 5, pid=2)
    sign("io@here", "io", pid=3)
    vitals.Reporter("ml@here", vitals.MAIN, ["ml"])._forget_former()
    assert redis_client.hkeys(vitals.KEY) == [b"io@here/3"]


def test_notes_of_another_version_are_left_aside(redis_client: Any) -> None:
    redis_client.hset(vitals.KEY, mapping={"a/1": "{}", "b/2": "no json", "c/3": '{"models": 1}'})
    assert vitals.read(redis_client) == []


def test_noting_without_redis_disturbs_nobody(settings: Any) -> None:
    settings.REDIS_URL = GONE
    network.reset()
    reporter = vitals.Reporter("io@here", vitals.MAIN, ["io"])
    reporter.task_done()
    assert reporter.tasks == 1


@pytest.fixture
def worker(redis_client: Any, db: None, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real one, of the queue `train`, with a pool of one process."""
    pool = ["-Q", "train", "-P", "prefork", "-c", "1", "-n", "trainer@test"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    command = [sys.executable, "-m", "celery", "-A", "organizer.celery:app", "worker", *pool, *quiet]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "C_FORCE_ROOT": "1"}
        )
    yield process
    process.kill()
    process.wait()


def test_a_real_worker_shows_itself_and_its_child_and_is_missed_when_killed(
    worker: subprocess.Popen[bytes], redis_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown() -> dict[str, vitals.Vitals]:
        return {one.role: one for one in vitals.read(redis_client) if one.worker == "trainer@test"}

    assert until(lambda: {vitals.MAIN, vitals.CHILD} <= shown().keys(), 60)
    found = shown()
    assert found[vitals.MAIN].pid == worker.pid and found[vitals.MAIN].queues == ["train"]
    assert found[vitals.CHILD].pid != worker.pid
    assert "train" in health.snapshot().served
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    monkeypatch.setattr(vitals, "SILENT_S", 0.5)
    assert until(lambda: not any(one.is_alive for one in shown().values()), 10)
    assert "train" not in health.snapshot().served
