import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from tests.conftest import PATIENCE_MS
from tests.program import Running, free_port
from tests.simulator_process import SimulatorProcess

LIKED = "150"
FEW_LIKED = "40"
WHOLE_JOB_MS = 240_000
expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Program:
    url: str
    simulator: SimulatorProcess  # control only: the program runs it
    admin_password: str


@contextmanager
def started(folder: Path, liked: str) -> Iterator[Program]:
    """The program as a newcomer gets it, on its default SQLite, with simulated libraries of so many songs."""
    running = Running(folder / "var", "--port", str(free_port()), "--liked", liked)
    try:
        running.wait_until_ready()
        yield describe(running.text)
    finally:
        running.end()


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Program]:
    with started(tmp_path_factory.mktemp("program"), LIKED) as program:
        yield program


@pytest.fixture(scope="module")
def own_program(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Program]:
    """One that nobody used before the module's tests, with few songs, so that reading takes seconds."""
    with started(tmp_path_factory.mktemp("own-program"), FEW_LIKED) as program:
        yield program


def describe(text: str) -> Program:
    """Addresses and password as the program printed them."""
    url = re.search(r"is ready: (\S+)", text)
    password = re.search(r"password (\S+)", text)
    world = re.search(r"(http://\S+)/control/", text)
    assert url and password and world, text
    simulator = SimulatorProcess()
    simulator.url = world[1]
    return Program(url[1], simulator, password[1])


@pytest.fixture
def visit(page: Any, program: Program) -> Any:
    """A fresh browser on the program's landing page, and every error that its console shows."""
    page.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if is_error(said) else None)
    page.on("response", lambda answer: errors.append(answer.url) if answer.status == 404 else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(program.url)
    yield page
    assert errors == []


def is_error(said: Any) -> bool:
    """htmx complains also of requests that are broken off: the page is left, or the next one takes over."""
    return said.type == "error" and not said.text.startswith(("htmx:afterRequest", "htmx:sendAbort"))


def connect(page: Any, user: str = "Ada") -> None:
    page.get_by_role("button", name="Try the demo library").first.click()
    page.get_by_text(user).first.click()
    page.click("#allow")
    page.wait_for_url("**/library")


def read_library(page: Any) -> None:
    """Press the button on the library's page and wait until the songs are there."""
    page.get_by_role("button", name="Read my liked songs").click()
    page.get_by_role("heading", name="Your library", exact=True).wait_for(timeout=WHOLE_JOB_MS)


def until_drawn(page: Any, program: Program) -> None:
    """Stay on the map's page until all is drawn and no job will load it anew."""
    for _ in range(WHOLE_JOB_MS // 2000):
        with suppress(PlaywrightError):  # a page that follows its job may go on just then
            page.goto(f"{program.url}/map")
            if page.locator("#map").count() and not page.locator(".job").count():
                return
        page.wait_for_timeout(2000)
    pytest.fail("The map was not drawn.")


def written(program: Program, user: str) -> dict[str, list[str]]:
    """The playlists on the simulated Spotify that were made here: their songs in order."""
    rows = program.simulator.state(user)["playlists"]
    return {row["name"]: row["uris"] for row in rows if "Made by Cratewise" in (row["description"] or "")}


def shot(page: Any, name: str) -> None:
    """A screenshot for a person to look at."""
    folder = Path("test-results")
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", full_page=True)
