"""python -m organizer.supervisor: the whole program in one terminal, until Ctrl-C."""

import argparse
import fcntl
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from organizer.supervisor import broker, environment, services
from organizer.supervisor.environment import ROOT, Secrets
from organizer.supervisor.program import Program, Refused, Stopped, manage
from organizer.supervisor.watch import USAGE_ERROR, GaveUp


@dataclass(frozen=True)
class Plan:
    """What this run is: the demo with a simulated Spotify, or the user's own instance."""

    var: Path
    port: int
    catalog: str
    liked: int | None
    configured: dict[str, str]
    secrets: Secrets

    @property
    def is_demo(self) -> bool:
        return "SPOTIFY_CLIENT_ID" not in self.configured

    @property
    def public_url(self) -> str:
        return self.configured.get("PUBLIC_URL", f"http://{services.LOCAL}:{self.port}").rstrip("/")


def main(given: list[str] | None = None) -> int:
    options = _arguments(given)
    if options.catalog and not Path(options.catalog).is_file():
        say(f"There is no file {options.catalog} to read the simulated songs from.")
        return USAGE_ERROR
    configured = environment.configured()
    var = Path(configured.get("VAR_DIR", ROOT / "var")).resolve()
    if options.demo:
        configured, var = environment.without_own_instance(configured), var / "demo"
    for folder in (var, var / "log", var / "run"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _lock(var / "supervisor.lock")
    if lock is None:
        say(f"Cratewise already runs from {var}. Stop it first: Ctrl-C in its terminal.")
        return USAGE_ERROR
    with lock:
        if not environment.is_free(options.port):
            say(f"Port {options.port} is taken. Choose another one: make run PORT={options.port + 1}")
            return USAGE_ERROR
        secrets = environment.load_secrets(var / "secrets.env")
        return _run(Plan(var, options.port, options.catalog, options.liked, configured, secrets))


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m organizer.supervisor", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--demo", action="store_true", help="the demo, apart from an instance of your own")
    parser.add_argument("--catalog", default="", help="demo: CSV or Parquet table with the simulated songs")
    parser.add_argument("--liked", type=int, help="demo: how many songs the simulated user likes")
    return parser.parse_args(given)


def say(text: str) -> None:
    print(text, flush=True)


def _lock(path: Path) -> TextIO | None:
    """An open, locked file, or None when another supervisor has it. The lock goes with the process."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _run(plan: Plan) -> int:
    """Start everything, watch it, stop it; the exit code."""
    program = Program(logs=plan.var / "log", say=say)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, program.ask_to_stop)
    with ExitStack() as stack:
        try:
            _start(plan, program, stack)
            program.watch()
        except Stopped:
            say("Stopping …")
        except (GaveUp, Refused, broker.NoBroker) as problem:
            say(str(problem))
            return 1
    say("Stopped.")
    return 0


def _start(plan: Plan, program: Program, stack: ExitStack) -> None:
    started = time.monotonic()
    run = plan.var / "run"
    say("Starting Cratewise with a simulated Spotify …" if plan.is_demo else "Starting Cratewise …")
    simulator_port = environment.remembered_port(plan.var / "simulator.port") if plan.is_demo else 0
    redis_url = _redis_url(plan, program, stack)
    stack.callback(program.stop)
    env = _child_environment(plan, redis_url, simulator_port)
    environment.write_private(run / "run.env", _made_up(plan, env))  # lets manage.py find the running program
    stack.callback((run / "run.env").unlink, missing_ok=True)
    if plan.is_demo:
        log = program.log("simulator-requests")
        simulator = services.simulator(
            port=simulator_port, catalog=plan.catalog, liked=plan.liked, var=plan.var, log=log
        )
        program.start(simulator, env)
    program.run_once("prepare", manage("prepare"), env)
    say("  database and static files are up to date")
    one_thread = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", **env}
    program.start(services.web(plan.port), env)
    program.start(services.worker_io(run), env)
    program.start(services.worker_ml(run), one_thread)
    program.start(services.worker_train(run), one_thread)
    program.start(services.beat(run), env)
    say("  web, three workers and the clock are starting")
    program.wait_until_ready()
    say(_ready_text(plan, simulator_port, time.monotonic() - started))


def _redis_url(plan: Plan, program: Program, stack: ExitStack) -> str:
    """The configured broker, or one of our own in a directory that goes with it."""
    if "REDIS_URL" in plan.configured:
        return plan.configured["REDIS_URL"]
    directory = Path(tempfile.mkdtemp(prefix="cratewise-"))  # not in var/: sockets need a short path
    stack.callback(shutil.rmtree, directory, ignore_errors=True)
    program.start(services.own_broker(directory), plan.configured)
    return broker.url(directory)


def _child_environment(plan: Plan, redis_url: str, simulator_port: int) -> dict[str, str]:
    """Whatever is configured wins over what is made up here, except for the simulator's address."""
    made_up = {
        "SECRET_KEY": plan.secrets.secret_key,
        "TOKEN_KEYS": plan.secrets.token_keys,
        "PUBLIC_URL": plan.public_url,
        "REDIS_URL": redis_url,
        "C_FORCE_ROOT": "1",  # Celery's warning about root is about pickle, which is not used
        "PYTHONUNBUFFERED": "1",
    }
    env = {**made_up, **plan.configured, "VAR_DIR": str(plan.var), "SIMULATOR_URL": ""}
    if plan.is_demo:
        env["SIMULATOR_URL"] = f"http://{services.LOCAL}:{simulator_port}"
        env["DEMO_ADMIN_PASSWORD"] = plan.secrets.admin_password
        # Of its own, so that simulated accounts never mix with real ones.
        env |= environment.DEMO_APP  # before those in .env, which settings read too
        env.setdefault("DATABASE_URL", f"sqlite:///{plan.var / 'demo.sqlite3'}")
    return env


def _made_up(plan: Plan, env: dict[str, str]) -> dict[str, str]:
    names = ["SECRET_KEY", "TOKEN_KEYS", "PUBLIC_URL", "REDIS_URL", "SIMULATOR_URL", "DATABASE_URL"]
    return {name: env[name] for name in names if name in env and name not in os.environ}


def _ready_text(plan: Plan, simulator_port: int, took_s: float) -> str:
    lines = ["", f"Cratewise is ready: {plan.public_url}   (after {took_s:.1f} s; Ctrl-C stops it)"]
    if plan.is_demo:
        lines += [
            f"  admin pages      {plan.public_url}/admin/   user admin, password {plan.secrets.admin_password}",
            f"  simulated world  http://{services.LOCAL}:{simulator_port}/control/",
            "  your own Spotify: put SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET into .env (see .env.example)",
        ]
    lines.append(f"  set-up check     {plan.public_url}/setup   (for staff; or: manage.py doctor)")
    return "\n".join([*lines, f"  logs             {plan.var / 'log'}", ""])


if __name__ == "__main__":
    sys.exit(main())
