import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.program import Running, free_port
from tests.simulator_process import SimulatorProcess

LIKED = "150"


@dataclass(frozen=True)
class Program:
    url: str
    simulator: SimulatorProcess  # control only: the program runs it
    admin_password: str


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Program]:
    """The program as a newcomer gets it, on its default SQLite, with a simulated library."""
    running = Running(
        tmp_path_factory.mktemp("program") / "var", "--port", str(free_port()), "--liked", LIKED
    )
    try:
        running.wait_until_ready()
        yield describe(running.text)
    finally:
        running.process.terminate()
        running.process.wait(20)


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
    page.set_default_timeout(15_000)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("response", lambda answer: errors.append(answer.url) if answer.status == 404 else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(program.url)
    yield page
    assert errors == []


def connect(page: Any, user: str = "Ada") -> None:
    page.get_by_role("button", name="Try the demo library").first.click()
    page.get_by_text(user).first.click()
    page.click("#allow")
    page.wait_for_url("**/library")


def shot(page: Any, name: str) -> None:
    """A screenshot for a person to look at."""
    folder = Path("test-results")
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", full_page=True)
