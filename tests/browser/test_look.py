"""The frame of every page in a real browser: on a phone, in the user's theme, with nothing out of reach."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WHOLE_JOB_MS, Program, connect, shot
from tests.conftest import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # jobs take long where much else runs
PHONE = {"width": 390, "height": 844}
NAV = ["Library", "Genres", "Plan", "Review", "Identify", "Jobs", "History", "Settings"]
# What is under 44 px although it is pressed with a finger; links inside of sentences are exempt (WCAG 2.5.8).
SMALL = """() => [...document.querySelectorAll("button, summary, input, select, nav a, .button, .out, .who a")]
  .filter(one => one.checkVisibility() && !one.closest(".sr-only, .tick") && !one.matches("[type=checkbox], [type=radio]"))
  .map(one => [one.textContent.trim() || one.name, one.getBoundingClientRect()])
  .filter(([, box]) => box.width && box.height < 43.5).map(([text]) => text)"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PAGE_COLOUR = "getComputedStyle(document.body).backgroundColor"


def background(page: Any) -> int:
    """How light the page is: the sum of its three channels."""
    return sum(
        int(part) for part in page.evaluate(PAGE_COLOUR).removeprefix("rgb(").removesuffix(")").split(",")
    )


def test_from_landing_to_playlists_on_a_phone_in_eight_presses(visit: Any, program: Program) -> None:
    page = visit
    program.simulator.like(user="cleo", uris=program.simulator.state("ada")["liked"][:60])
    page.set_viewport_size(PHONE)
    assert page.evaluate(OVERFLOW) == 0
    page.get_by_role("button", name="Try the demo library").click()
    page.get_by_text("Cleo").first.click()
    page.click("#allow")
    page.get_by_role("button", name="Read my liked songs").click()
    page.get_by_role("heading", name="Your library", exact=True).wait_for(timeout=WHOLE_JOB_MS)
    page.get_by_role("link", name="Choose playlists").click()
    page.get_by_label("Make a playlist").first.check()
    page.get_by_role("button", name="Show me the plan").click()
    page.get_by_role("button", name="Apply to Spotify").click()
    page.get_by_role("link", name="See what changed").wait_for(timeout=WHOLE_JOB_MS)
    made = [
        one
        for one in program.simulator.state("cleo")["playlists"]
        if "Cratewise" in (one["description"] or "")
    ]
    assert len(made) == 1 and made[0]["uris"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_the_frame_scrolls_sideways_or_has_small_targets(
    visit: Any, program: Program, scheme: str
) -> None:
    page = visit
    page.emulate_media(color_scheme=scheme)
    connect(page, "Ben")
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        for path in ("jobs", "link", "disconnect", "privacy", "terms", "demo"):
            page.goto(f"{program.url}/{path}")
            shot(page, f"look-{path}-{width}-{scheme}")
            assert page.evaluate(OVERFLOW) == 0, path
            assert page.evaluate(SMALL) == [], path


def test_the_menu_of_a_phone_holds_everything_and_closes_with_escape(visit: Any, program: Program) -> None:
    page = visit
    page.set_viewport_size(PHONE)
    connect(page, "Ben")
    assert page.get_by_role("link", name="Settings", exact=True).count() == 0
    page.get_by_role("button", name="Menu").press("Enter")
    for name in NAV:
        assert page.get_by_role("link", name=name, exact=True).is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.menu') !== null")
    page.keyboard.press("Escape")
    assert page.get_by_role("link", name="Settings", exact=True).count() == 0
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Jobs", exact=True).click()
    page.get_by_role("heading", name="Jobs").wait_for()


def test_the_skip_link_comes_first_and_leads_to_the_content(visit: Any) -> None:
    visit.keyboard.press("Tab")
    skip = visit.get_by_role("link", name="Skip to the content")
    assert skip.evaluate("one => one === document.activeElement")
    skip.press("Enter")
    expect(visit.locator("#main")).to_be_focused()


def test_the_theme_follows_the_device_unless_the_user_chose(visit: Any, program: Program) -> None:
    page = visit
    page.emulate_media(color_scheme="light")
    light = background(page)
    logo = page.locator(".spotify-logo .on-light")
    assert logo.is_visible()
    page.emulate_media(color_scheme="dark")
    assert background(page) < light / 3
    assert not logo.is_visible() and page.locator(".spotify-logo .on-dark").is_visible()
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert background(page) == light and logo.is_visible()


def test_the_logo_is_as_large_as_spotify_asks(visit: Any) -> None:
    box = visit.locator(".spotify-logo .on-light").bounding_box()
    padding = visit.locator(".spotify-logo").evaluate("one => parseFloat(getComputedStyle(one).paddingRight)")
    assert box["width"] >= 70
    assert padding >= box["height"] / 2  # clear space of half the icon's height


def test_staff_see_a_set_up_in_which_all_is_well(visit: Any, program: Program) -> None:
    page = visit
    page.goto(f"{program.url}/setup")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(program.admin_password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Set-up").wait_for()
    page.wait_for_load_state()
    for _ in range(PATIENCE_MS // 1000):  # the clock's first sign of life comes some seconds after the start
        if page.get_by_text("Everything is as it should be.").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    page.get_by_text("Everything is as it should be.").wait_for()
    shot(page, "look-setup")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{program.url}/spotify/callback"


def test_motion_is_left_out_for_those_who_ask(visit: Any) -> None:
    visit.emulate_media(reduced_motion="reduce")
    running = "document.querySelector('.button').computedStyleMap().get('transition-duration').toString()"
    assert visit.evaluate(running) == "0s"
