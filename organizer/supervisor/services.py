"""The processes that make up Cratewise, and how each tells that it is ready."""

import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from organizer.supervisor import broker

LOCAL = "127.0.0.1"
CELERY = (sys.executable, "-m", "celery", "-A", "organizer.celery:app")
WORKER = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO")

# Where the kernel groups processes by session (CONFIG_SCHED_AUTOGROUP), what is nice yields within its own session only,
# and the session as a whole has to be told.
NICE = ("sh", "-c", '{ echo 10 >/proc/self/autogroup; } 2>/dev/null; exec nice -n 10 "$@"', "nice")
TRAINED_KB = 300_000  # resident: more than an idle child has, less than one that has loaded torch


@dataclass(frozen=True)
class Service:
    name: str
    command: tuple[str, ...]
    is_ready: Callable[[], bool]
    env: dict[str, str] = field(default_factory=dict)


def own_broker(directory: Path) -> Service:
    return Service("broker", broker.command(directory), lambda: broker.answers(directory))


def simulator(*, port: int, catalog: str, liked: int | None, var: Path, log: Path) -> Service:
    state = var / "simulator-state.json"
    options = ["--port", str(port), "--log", str(log), "--state", str(state)]
    options += ["--catalog", catalog] if catalog else []
    options += ["--liked", str(liked)] if liked is not None else []
    command = (sys.executable, "-m", "simulator", *options)
    return Service("simulator", command, lambda: answers(f"http://{LOCAL}:{port}/healthz"))


def web(port: int) -> Service:
    """One process with threads: pages wait for the database and for Spotify, not for the processor."""
    pool = ("--workers", "1", "--worker-class", "gthread", "--threads", "8", "--graceful-timeout", "3")
    bind = ("--bind", f"{LOCAL}:{port}", "--no-control-socket")
    command = (sys.executable, "-m", "gunicorn", "organizer.wsgi:application", *bind, *pool)
    return Service("web", command, lambda: answers(f"http://{LOCAL}:{port}/healthz"))


def worker_io(run: Path) -> Service:
    """Talks to Spotify and its neighbours: four threads, since they mostly wait."""
    pool = ("-Q", "io", "-P", "threads", "-c", "4", "-n", "worker-io@%h")
    return _celery("worker-io", ("worker", *pool, *WORKER), run)


def worker_ml(run: Path) -> Service:
    """Listens and classifies in one child process: a crash or a time-out there leaves the worker alive."""
    pool = ("-Q", "ml", "-P", "prefork", "-c", "1", "-n", "worker-ml@%h")
    return _celery("worker-ml", ("worker", *pool, *WORKER), run)


def worker_train(run: Path) -> Service:
    """Trains, checks data sets and compares versions, behind everything else that wants the processor.

    A child that has grown is replaced after its task, so that an idle worker holds no model.
    """
    pool = ("-Q", "train", "-P", "prefork", "-c", "1", "-n", "worker-train@%h")
    small = ("--max-memory-per-child", str(TRAINED_KB))
    service = _celery("worker-train", ("worker", *pool, *small, *WORKER), run)
    return replace(service, command=(*NICE, *service.command))


def beat(run: Path) -> Service:
    return _celery("beat", ("beat", "--pidfile", "", "--loglevel", "INFO"), run)


def _celery(name: str, arguments: tuple[str, ...], run: Path) -> Service:
    ready_file = run / f"{name}.ready"
    env = {"READY_FILE": str(ready_file), "REMAP_SIGTERM": "SIGQUIT"}  # SIGTERM: stop within seconds
    return Service(name, (*CELERY, *arguments), ready_file.exists, env)


def answers(url: str) -> bool:
    """Whether a plain GET is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False
