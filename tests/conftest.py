"""Fixtures for everybody. The servers themselves are started by tests/services.py, before Django."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth import get_user_model
from django.db import connections
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

# No example fails for the time that it takes: this machine may do much else. CI's own profile says the same.
hypothesis_settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("patient")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


PATIENCE_MS = 60_000  # with a page on a machine that does much else; only what fails takes it
# The longest files of each tier, which begin before the tier's others: no core then waits long for the last of them.
LONGEST = (
    "tests/faults/test_every_fault.py",
    "tests/faults/test_killed_trainer.py",
    "tests/faults/test_kills.py",
    "tests/faults/test_property.py",
    "tests/browser/test_screens.py",
    "tests/browser/test_without_script.py",
    "tests/browser/test_review.py",
    "tests/browser/test_main_screens.py",
    "tests/browser/test_admin.py",
    "tests/browser/test_map.py",
    "tests/browser/test_journey.py",
    "tests/browser/test_look.py",
    "tests/browser/test_operations.py",
    "tests/browser/test_identify.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, then those that break things, then those that drive a browser."""

    def rank(item: pytest.Item) -> tuple[int, int]:
        tier = 2 if item.get_closest_marker("browser") else 1 if item.get_closest_marker("faults") else 0
        file = item.nodeid.partition("::")[0]
        return tier, LONGEST.index(file) if file in LONGEST else len(LONGEST)

    items.sort(key=rank)


@pytest.fixture
def redis_client(settings: Any) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushall()
    yield client
    client.flushall()
    client.close()


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from tests.simulator_process import SimulatorProcess

    with SimulatorProcess("--liked", "160") as process:
        yield process


@pytest.fixture
def simulator(simulator_process: Any, settings: Any, redis_client: redis.Redis) -> Any:
    """The running stand-in for Spotify, Deezer, iTunes and ReccoBeats, as new, with the settings pointing at it."""
    simulator_process.reset()
    simulator_process.point(settings)
    return simulator_process


@pytest.fixture
def account(db: None, settings: Any) -> Any:
    """A user with a linked account whose token is good for an hour."""
    from organizer.models import SpotifyAccount

    now = timezone.now()
    return SpotifyAccount.objects.create(
        user=get_user_model().objects.create_user("ada", password="ada's password"),
        account_id="account-ada",
        spotify_id="ada",
        display_name="Ada",
        access_token="access-ada",
        refresh_token="refresh-ada",
        token_expires_at=now + timedelta(hours=1),
        granted_scopes=settings.SPOTIFY_SCOPES,
        authorized_at=now,
    )


def chromium_path() -> str:
    """The browser's path. Without one the test is skipped, but never where CI promises a browser."""
    candidates = [os.environ.get("CHROMIUM"), "/usr/bin/chromium", shutil.which("chromium")]
    for path in candidates:
        if path and Path(path).exists():
            return path
    why = "No Chromium was found: install it (apt install chromium) or name it in CHROMIUM."
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
        # Playwright's event loop runs in this thread, and Django keeps connections made meanwhile for it alone: without
        # it nobody could close them, and the database that they lead to could not be dropped.
        connections.close_all()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()
