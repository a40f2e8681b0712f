"""Every screen, on a phone and a desk, light and dark: nothing that keeps a person from using it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest

from simulator.invented import built_in_catalogue
from simulator.previews import mp3_preview
from tests.browser.conftest import Program
from tests.browser.world import SCREENS, World, prepare

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]
WIDTHS = {390: "phone", 1280: "desk"}
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
# Serious and critical violations, each with the first places where it is. `rules` None: all that axe has.
VIOLATIONS = """rules => axe.run(document, { resultTypes: ["violations"], preload: false, ...(rules && { runOnly: rules }) })
  .then(found => found.violations.filter(one => ["serious", "critical"].includes(one.impact))
    .map(one => `${one.id}: ${one.nodes.slice(0, 3).map(node => node.target + " " + node.failureSummary).join("; ")}`))"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Texts that take more lines than they have words: too little room, so that words are broken. Addresses may be.
SQUEEZED = """() => {
  const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
  while (texts.nextNode()) {
    const text = texts.currentNode, words = text.data.trim().split(/[\\s-]+/);
    range.selectNodeContents(text);
    if (words[0] && !text.parentElement.closest("code") && range.getClientRects().length > words.length) found.push(text.data.trim());
  }
  return found;
}"""
# Seconds of the longest transition or animation of anything on the page, its drawn parts included.
LONGEST_MOTION = """() => Math.max(...[...document.querySelectorAll("*")].flatMap(one => ["", "::before", "::after"].flatMap(part => {
  const style = getComputedStyle(one, part);
  return [...style.transitionDuration.split(","), ...style.animationDuration.split(",")].map(parseFloat);
})))"""
# As the page comes to somebody who chose a theme in the settings.
CHOOSE_THEME = """theme => {
  document.documentElement.dataset.theme = theme;
  document.querySelector("meta[name=color-scheme]").content = theme;
}"""

MAIN = ["landing", "library", "map", "genres", "plan-offers", "review", "review-grid", "jobs", "settings"]
OTHERS = [screen for screen in SCREENS if screen not in MAIN]
LONG = pytest.mark.long


@pytest.fixture(scope="module")
def world(chromium: Any, own_program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    song = tmp_path_factory.mktemp("song") / "song.mp3"
    song.write_bytes(mp3_preview(built_in_catalogue(1).tracks[0]))
    world = World(own_program, chromium)
    prepare(world, song)
    yield world
    for page in world.pages.values():
        page.context.close()


@pytest.fixture
def look(world: World) -> Iterator[Any]:
    """Open a screen by name; at the end nothing may have gone wrong in the console or been asked of others."""
    world.wrong.clear()

    def open_screen(screen: str, width: int = 1280, language: str = "en", **device: Any) -> Any:
        page = world.page_of(SCREENS[screen][0], language)
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(**{"color_scheme": "light", "reduced_motion": "no-preference"} | device)
        page.goto(world.address(screen))
        return page

    yield open_screen
    assert world.wrong == []


def violations(page: Any, rules: list[str] | None = None) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)  # by the debugger's way, which a strict CSP does not forbid
    return list(page.evaluate(VIOLATIONS, rules))


@pytest.mark.parametrize("width", WIDTHS, ids=WIDTHS.get)
@pytest.mark.parametrize("screen", MAIN + [pytest.param(one, marks=LONG) for one in OTHERS])
def test_every_screen_can_be_used_by_everybody(look: Any, screen: str, width: int) -> None:
    page = look(screen, width)
    assert page.locator("h1").count() == 1
    assert page.evaluate(OVERFLOW) == 0
    assert page.evaluate(SQUEEZED) == []
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, ["color-contrast"]) == []


@LONG
@pytest.mark.parametrize("screen", SCREENS)
def test_longer_words_find_room_on_a_phone(look: Any, screen: str) -> None:
    page = look(screen, 390, language="de")
    assert page.locator("html").get_attribute("lang") == "de"
    assert page.evaluate(OVERFLOW) == 0
    assert page.evaluate(SQUEEZED) == []


@LONG
@pytest.mark.parametrize(("device", "chosen"), [("dark", "light"), ("light", "dark")])
@pytest.mark.parametrize("screen", MAIN[1:])
def test_the_contrast_suffices_in_a_theme_that_is_not_the_devices(
    look: Any, screen: str, device: str, chosen: str
) -> None:
    page = look(screen, color_scheme=device)
    page.evaluate(CHOOSE_THEME, chosen)
    assert violations(page, ["color-contrast"]) == []


def test_the_checker_sees_what_is_wrong(look: Any) -> None:
    page = look("privacy")
    page.evaluate("document.querySelector('main').append(new Image(9, 9))")
    page.evaluate("document.querySelector('h1').style.color = '#999'")
    assert [found.split(":")[0] for found in violations(page)] == ["color-contrast", "image-alt"]
    page.evaluate(
        "document.querySelector('main').append(Object.assign(document.createElement('p'),"
        " { textContent: 'no room', style: 'width: 1ch; overflow-wrap: anywhere' }))"
    )
    assert page.evaluate(SQUEEZED) == ["no room"]


@LONG
@pytest.mark.parametrize("screen", MAIN)
def test_nothing_moves_for_those_who_ask_for_less(look: Any, screen: str) -> None:
    page = look(screen, reduced_motion="reduce")
    assert page.evaluate(LONGEST_MOTION) <= 0.01
