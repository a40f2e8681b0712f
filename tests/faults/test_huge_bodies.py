"""10 GB sent to addresses that expect no file: refused while they come, and never put on the disk."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from organizer.supervisor import services
from tests.faults.program import Processes
from tests.organizer.conftest import link
from tests.program import free_port
from tests.simulator_process import SimulatorProcess

pytestmark = pytest.mark.faults
FIRST = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a.bin"\r\n\r\n'
PIECE = bytes(64 * 2**10)
MOST = 64 * 2**20  # more than all buffers on the way hold
LENGTHS = {"declared": "Content-Length: 10000000000", "undeclared": "Transfer-Encoding: chunked"}
# 0: the connection ended before the answer was read.
ANSWERS = {"declared": (0, 413), "undeclared": (0, 302, 403)}


@pytest.fixture(scope="module")
def web(program: Processes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The pages as they are served, and where they would put a file."""
    folder, port = tmp_path_factory.mktemp("temp"), free_port()
    web = services.web(port)
    program.start(web, env={"TMPDIR": str(folder), "PUBLIC_URL": f"http://{services.LOCAL}:{port}"})
    yield port, folder
    program.kill(web)


def files(folder: Path) -> set[Path]:
    """gunicorn keeps an empty one open as its sign of life."""
    return {path for path in folder.rglob("*") if path.is_file() and path.stat().st_size}


def send(port: int, head: str, is_chunked: bool, folder: Path) -> tuple[int, int, set[Path]]:
    """Send as much as is taken: the answer's status, how many bytes went, and what lay in the folder meanwhile."""
    sent, seen = 0, set()
    with socket.create_connection((services.LOCAL, port), 30) as connection:
        connection.sendall(head.encode())
        try:
            for piece in (FIRST, *[PIECE] * (MOST // len(PIECE))):
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if is_chunked else piece)
                sent, seen = sent + len(piece), seen | files(folder)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it reads no more
        return sent, status(connection), seen


def status(connection: socket.socket) -> int:
    """Of the answer, if it still came before the connection's end; else 0."""
    try:
        return int(connection.recv(4096).split()[1])
    except (ConnectionResetError, IndexError):
        return 0


@pytest.mark.parametrize("path", ["/settings", "/admin/login/"])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("user", ["", "cleo"])
def test_nothing_is_stored_of_a_body_that_nobody_wants(
    web: tuple[int, Path], world: SimulatorProcess, path: str, length: str, user: str
) -> None:
    (port, folder), browser = web, Client()
    if user:
        browser.force_login(link(user, world).user)
    cookies = [f"csrftoken={'a' * 32}", *(f"{name}={one.value}" for name, one in browser.cookies.items())]
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {'; '.join(cookies)}\r\n{LENGTHS[length]}\r\n"
    head += "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    sent, answer, seen = send(port, head, length == "undeclared", folder)
    assert seen == set()
    assert sent < MOST
    assert answer in ANSWERS[length]
