"""Choosing genres: what changes while somebody looks at it, and the same without JavaScript."""

import re
from typing import Any

import pytest

from tests.browser.conftest import Program, connect, shot
from tests.browser.test_journey import WHOLE_JOB_MS

pytestmark = pytest.mark.browser


def read_library(page: Any, program: Program) -> None:
    """Only the first test has to; without JavaScript the page is asked again and again."""
    button = page.get_by_role("button", name="Read my liked songs")
    if button.count():
        button.click()
    heading = page.get_by_role("heading", name="Your library", exact=True)
    for _ in range(WHOLE_JOB_MS // 1000):
        if heading.count():
            return
        page.wait_for_timeout(1000)
        page.goto(f"{program.url}/library")
    pytest.fail("The library was not read in time.")


def open_genres(page: Any, program: Program) -> None:
    connect(page, "Cleo")
    read_library(page, program)
    page.goto(f"{program.url}/genres")


def songs(page: Any, genre: str) -> int:
    return int(re.sub(r"\D", "", page.locator(f"#count-{genre} b").inner_text()) or 0)


def ticked(page: Any) -> list[str]:
    """Genres in the order of their cards."""
    cards = page.locator(".genre-card:has(input[name^=pick_]:checked)").all()
    return [card.get_attribute("data-genre") for card in cards]


def counted(page: Any, act: Any) -> None:
    with page.expect_response("**/genres/counts"):
        act()
    page.wait_for_timeout(100)  # for htmx to put it into the page


def test_counts_follow_the_form_and_cards_merge_by_dragging(visit: Any, program: Program) -> None:
    page = visit
    open_genres(page, program)
    first, second = ticked(page)[:2]
    before, other = songs(page, first), songs(page, second)
    counted(page, lambda: page.get_by_label("Minimum confidence").fill("0"))
    assert songs(page, first) > before
    assert page.locator("output[for=id_confidence]").inner_text() == "0 %"
    before, other = songs(page, first), songs(page, second)
    drag = page.locator(f"[data-genre={second}] .genre-head")
    counted(page, lambda: drag.drag_to(page.locator(f"[data-genre={first}]")))
    assert songs(page, first) == songs(page, second) == before + other
    shot(page, "genres-merged")
    counted(page, lambda: page.locator(f"[data-separate={second}]").click())
    assert (songs(page, first), songs(page, second)) == (before, other)


def test_an_artist_is_found_while_typing_and_left_out(visit: Any, program: Program) -> None:
    page = visit
    open_genres(page, program)
    page.get_by_text("Leave out", exact=True).first.click()
    finder = page.get_by_label("Find an artist")
    finder.press_sequentially("a")
    option = page.locator("#artist-names option").first
    option.wait_for(state="attached")
    finder.fill(option.get_attribute("value"))
    counted(page, lambda: finder.press("Enter"))
    page.get_by_text("left out", exact=False).first.wait_for()
    assert page.get_by_label("Artists, one a line").input_value()


def test_from_the_genres_to_the_plan_takes_one_click_and_the_page_fits_a_phone(
    visit: Any, program: Program
) -> None:
    page = visit
    open_genres(page, program)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    shot(page, "genres-phone")
    page.get_by_role("button", name="Show me the plan").click()
    page.get_by_role("heading", name="This would change").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Save ticks").click()
    page.get_by_text("Your ticks are saved.").wait_for()


def test_everything_can_be_chosen_without_javascript(chromium: Any, program: Program) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(program.url)
    open_genres(page, program)
    page.get_by_text("Put genres together").click()
    boxes = page.locator("input[name=together]")
    one, two = boxes.nth(0).get_attribute("value"), boxes.nth(1).get_attribute("value")
    boxes.nth(0).check(), boxes.nth(1).check()
    page.get_by_label("Name of the group").fill("Both of them")
    page.get_by_role("button", name="Put together").click()
    assert page.locator(f"#id_name_{one}").input_value() == "Both of them"
    assert songs(page, one) == songs(page, two)
    page.get_by_text("Everything else").first.click()
    page.get_by_label("A playlist of all songs").check()
    page.get_by_role("button", name="Show the counts").click()
    assert "It would hold" in page.locator("#rest-count").inner_text()
    page.get_by_role("button", name="Show me the plan").click()
    assert page.locator(".plan-name").get_by_text("Both of them").count() == 1
    assert page.locator(".plan-name").get_by_text("Everything else").count() == 1
    context.close()
