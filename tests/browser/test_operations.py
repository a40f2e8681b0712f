from typing import Any

import pytest

from tests.browser.conftest import Program, shot
from tests.browser.test_admin import sign_in

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


def test_the_admin_shows_living_workers_and_open_gates_on_a_phone_too(visit: Any, program: Program) -> None:
    page = visit
    sign_in(page, program)
    page.get_by_role("heading", name="Model in use").wait_for()
    page.get_by_role("link", name="Health").click()
    workers = page.locator("table.workers")
    workers.get_by_text("worker-io").wait_for()
    assert workers.get_by_text("alive").count() >= 3
    assert workers.get_by_text("silent").count() == 0
    page.set_viewport_size(PHONE)
    for address in (
        "/",
        "/health/",
        "/organizer/servicegate/",
        "/organizer/job/",
        "/organizer/spotifyaccount/",
    ):
        page.goto(f"{program.url}/admin{address}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    shot(page, "admin-accounts-phone")
