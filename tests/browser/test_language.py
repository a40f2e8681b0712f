from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Program, shot
from tests.conftest import PATIENCE_MS

pytestmark = pytest.mark.browser
PAGES = (
    "library",
    "genres",
    "plan",
    "review",
    "identify",
    "jobs",
    "history",
    "settings",
    "link",
    "privacy",
    "terms",
)


@pytest.fixture
def berlin(page: Any, program: Program) -> Iterator[Any]:
    """A German phone, signed in."""
    phone = page.context.browser.new_context(
        locale="de-DE", timezone_id="Europe/Berlin", viewport={"width": 390, "height": 844}
    )
    page = phone.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(program.url)
    page.get_by_role("button", name="Demo-Bibliothek ausprobieren").first.click()
    page.get_by_text("Ada").first.click()
    page.click("#allow")
    page.wait_for_url("**/library")
    yield page
    phone.close()


def test_a_german_phone_is_spoken_to_in_german_by_its_own_clock(berlin: Any, program: Program) -> None:
    for path in PAGES:
        berlin.goto(f"{program.url}/{path}")
        assert berlin.locator("html").get_attribute("lang") == "de"
        shot(berlin, f"german-{path}")
        assert berlin.evaluate("document.documentElement.scrollWidth") <= 390, path
    cookies = {cookie["name"]: cookie["value"] for cookie in berlin.context.cookies()}
    assert cookies["time_zone"] == "Europe/Berlin"


def test_the_switch_at_the_foot_changes_the_language(visit: Any) -> None:
    visit.get_by_role("button", name="Deutsch").click()
    expect(visit.locator("html")).to_have_attribute("lang", "de")
    visit.get_by_role("button", name="English").click()
    expect(visit.locator("html")).to_have_attribute("lang", "en")
