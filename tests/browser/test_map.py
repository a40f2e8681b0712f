"""The map in a real browser: chosen by pointer and keys, zoomed, searched."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Program, connect, read_library, shot, until_drawn
from tests.conftest import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # jobs take long where much else runs
# As large as its place on the page: then it is drawn, too.
FITTED = """() => {
  const canvas = document.querySelector("canvas");
  return canvas.width === Math.round(canvas.clientWidth * devicePixelRatio);
}"""
# What came of pressing Enter: sound that plays, or a sentence about why there is none.
HEARD = """() => document.querySelector("#map-song [data-play][aria-pressed=true]:not([aria-busy])") ? "sound"
  : document.querySelector("#map-song .play-problem") ? "nothing" : "" """


@pytest.fixture
def map_page(page: Any, own_program: Program) -> Any:
    page.set_default_timeout(PATIENCE_MS)
    page.goto(own_program.url)
    connect(page)
    if page.get_by_role("button", name="Read my liked songs").count():
        read_library(page)
    until_drawn(page, own_program)
    page.wait_for_selector(".map-zoom:not([hidden])")
    page.wait_for_function(FITTED)
    return page


def test_keys_go_from_song_to_song_and_enter_plays(map_page: Any) -> None:
    map_page.locator("canvas").focus()
    map_page.keyboard.press("ArrowRight")
    map_page.wait_for_selector("#map-song .track-title")
    first = map_page.locator("#map-song .track-title").inner_text()
    map_page.keyboard.press("ArrowDown")
    map_page.wait_for_function(
        "first => document.querySelector('#map-song .track-title').innerText !== first", arg=first
    )
    for key in ("ArrowLeft", "ArrowUp", "ArrowRight"):
        map_page.keyboard.press(key)
    shot(map_page, "map")


def test_enter_plays_the_chosen_song(map_page: Any) -> None:
    """Not every song has a preview: the next one is tried."""
    map_page.locator("canvas").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp") * 3:
        map_page.keyboard.press(key)
        map_page.wait_for_timeout(500)
        map_page.evaluate("document.querySelector('#map-song .play-problem')?.remove()")
        map_page.keyboard.press("Enter")
        if map_page.wait_for_function(HEARD).json_value() == "sound":
            return
    pytest.fail("none of twelve songs could be heard")


def test_an_answer_that_was_overtaken_changes_nothing(map_page: Any) -> None:
    """Of two for the same song, the first one asked for comes last."""
    asked, answered = [], []

    def overtaken(route: Any) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            map_page.wait_for_function("() => document.querySelector('#map-song [data-play]')")
            map_page.evaluate("document.querySelector('#map-song').firstElementChild.dataset.mark = ''")
        route.continue_()

    map_page.route("**/*?panel", overtaken)
    map_page.locator("canvas").focus()
    with map_page.expect_event("requestfinished", lambda one: both(answered, one)):
        map_page.keyboard.press("ArrowRight")
        map_page.keyboard.press("Enter")
    assert len(asked) == 2 and asked[0] == asked[1]
    assert map_page.locator("#map-song [data-mark]").count() == 1


def both(answered: list[str], finished: Any) -> bool:
    if finished.url.endswith("?panel"):
        answered.append(finished.url)
    return len(answered) == 2


def test_a_click_opens_the_song_under_it(map_page: Any) -> None:
    """Somewhere on a grid over the whole map there is one."""
    size = map_page.locator("canvas").bounding_box()
    for step in range(400):
        across, down = (step % 20 + 0.5) / 20, (step // 20 + 0.5) / 20
        map_page.locator("canvas").click(
            position={"x": across * size["width"], "y": down * size["height"]}, force=True
        )
        if "#song-" in map_page.url:
            break
    map_page.wait_for_selector("#map-song .track-title")


def test_what_is_found_is_chosen(map_page: Any) -> None:
    map_page.locator("#map-q").fill("a")
    map_page.get_by_role("button", name="Find").click()
    map_page.wait_for_selector("#map-song .track-title")
    expect(map_page).to_have_url(re.compile("#song-"))


def test_words_that_nothing_has_say_so(map_page: Any) -> None:
    map_page.locator("#map-q").fill("zzzz qqqq")
    map_page.keyboard.press("Enter")
    map_page.get_by_text("No song on the map matches.").first.wait_for()


def test_zooming_changes_the_picture_and_everything_can_be_shown_again(map_page: Any) -> None:
    picture = "document.querySelector('canvas').toDataURL()"
    before = map_page.evaluate(picture)
    map_page.get_by_role("button", name="Zoom in").click()
    assert map_page.evaluate(picture) != before
    map_page.get_by_role("button", name="Show everything").click()
    assert map_page.evaluate(picture) == before


def test_without_script_the_genres_lead_to_the_songs(map_page: Any, own_program: Program) -> None:
    plain = map_page.context.browser.new_context(
        java_script_enabled=False, storage_state=map_page.context.storage_state()
    )
    page = plain.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{own_program.url}/map")
    page.locator(".map-legend a").first.click()
    assert "/library?genre=" in page.url
    plain.close()
