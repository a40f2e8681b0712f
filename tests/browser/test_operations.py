from typing import Any

import pytest

from tests.browser.checks import violations
from tests.browser.conftest import Program, shot
from tests.browser.test_admin import sign_in

pytestmark = pytest.mark.browser
EVERYDAY = (
    "/",
    "/health/",
    "/organizer/servicegate/",
    "/organizer/job/",
    "/organizer/spotifyaccount/",
    "/organizer/dataset/",
    "/organizer/dataset/add/",
    "/organizer/trainingrun/",
    "/organizer/trainingrun/add/",
    "/organizer/modelversion/",
    "/admin/logentry/",
)
PHONE = {"width": 390, "height": 844}


def test_the_admin_shows_living_workers_and_open_gates_on_a_phone_too(visit: Any, program: Program) -> None:
    page = visit
    sign_in(page, program)
    page.get_by_role("heading", name="Model in use").wait_for()
    page.get_by_role("link", name="Health").click()
    workers = page.locator("table.workers")
    workers.get_by_text("worker-io").wait_for()
    page.wait_for_load_state()
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_admin_can_be_used_by_everybody(visit: Any, program: Program, scheme: str) -> None:
    page = visit
    page.emulate_media(color_scheme=scheme)
    sign_in(page, program)
    page.get_by_role("heading", name="Model in use").wait_for()
    for address in EVERYDAY:
        page.goto(f"{program.url}/admin{address}")
        assert violations(page) == [], address
