"""The whole way with the keyboard alone: every stop is visible, and everything is reached with Tab."""

from typing import Any

import pytest

from tests.browser.conftest import WHOLE_JOB_MS, Program, shot, written
from tests.conftest import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(900)]
MOST_STOPS = 400
# What has the focus, and whether a person can see that: an outline of two pixels around something on the screen.
FOCUS = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const styles = [getComputedStyle(one), getComputedStyle(one, "::after")];
  return {
    name: one.outerHTML.slice(0, 120),
    outlined: styles.some(style => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2),
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""
HAS_FOCUS = "one => one === document.activeElement"


def go_to(page: Any, what: Any) -> None:
    """Tab until it has the focus."""
    what.wait_for(timeout=WHOLE_JOB_MS)
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement !== document.body"):
            focus = page.evaluate(FOCUS)
            assert focus["outlined"] and focus["seen"], focus
        if what.evaluate(HAS_FOCUS):
            return
    pytest.fail(f"Tab never came to {what}.")


def press(page: Any, role: str, name: str, key: str = "Enter") -> None:
    go_to(page, page.get_by_role(role, name=name).first)
    page.keyboard.press(key)


def consent(page: Any) -> None:
    """The stand-in for Spotify’s page: its look is its own."""
    page.locator("#allow").wait_for()
    while not page.locator("#allow").evaluate(HAS_FOCUS):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")


@pytest.fixture
def page(chromium: Any, own_program: Program) -> Any:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(own_program.url)
    yield page
    context.close()


def test_from_landing_to_playlists_and_back_without_a_mouse(page: Any, own_program: Program) -> None:
    press(page, "button", "Try the demo library")
    consent(page)
    press(page, "button", "Read my liked songs")
    page.get_by_role("heading", name="Your library", exact=True).wait_for(timeout=WHOLE_JOB_MS)
    press(page, "link", "Choose playlists")
    page.get_by_role("heading", name="Which genres become playlists?").wait_for()
    go_to(page, page.get_by_label("Minimum confidence"))
    page.keyboard.press("Home")
    go_to(page, page.get_by_label("Make a playlist").nth(1))
    page.keyboard.press("Space")
    press(page, "button", "Show me the plan")
    page.get_by_role("heading", name="This would change").wait_for()
    enter_on_a_tick_writes_nothing(page)
    press(page, "button", "Apply to Spotify")
    press(page, "link", "See what changed")
    assert all(written(own_program, "ada").values())
    press(page, "button", "Undo this run")
    press(page, "button", "Apply to Spotify")
    page.get_by_role("link", name="See what changed").wait_for(timeout=WHOLE_JOB_MS)
    assert not any(written(own_program, "ada").values())


def enter_on_a_tick_writes_nothing(page: Any) -> None:
    """Browsers send a form when Enter is pressed in it: that must not discard or apply the plan."""
    go_to(page, page.locator(".plan-row input[type=checkbox]").first)
    page.keyboard.press("Enter")
    page.get_by_text("Your ticks are saved.").wait_for()


def test_the_review_is_reached_and_a_word_said_with_keys(page: Any, own_program: Program) -> None:
    press(page, "button", "Try the demo library")
    consent(page)
    page.wait_for_url("**/library")
    press(page, "link", "Review")
    page.locator("#review-place .review-song").wait_for()
    page.wait_for_load_state()  # the script hears the keys
    song = page.locator("#review-place .review-song").get_attribute("data-name")
    page.keyboard.press("Enter")
    page.get_by_text("1 word of yours in this session").wait_for()
    page.keyboard.press("u")
    page.wait_for_function(
        "name => document.querySelector('#review-place .review-song').dataset.name === name", arg=song
    )
    shot(page, "keyboard-review")
