"""What keeps a person from using a screen, as a browser can tell."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python

from tests.browser.world import SCREENS, World

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


class Viewer:
    """Opens the screens of a world by name."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, screen: str, width: int = 1280, language: str = "en", **device: Any) -> Any:
        page = self.world.page_of(SCREENS[screen][0], language)
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(**{"color_scheme": "light", "reduced_motion": "no-preference"} | device)
        page.goto(self.world.address(screen))
        return page


def looking(world: World) -> Iterator[Viewer]:
    """At the end nothing may have gone wrong in the console or been asked of others."""
    world.wrong.clear()
    yield Viewer(world)
    assert world.wrong == []


def violations(page: Any, rules: list[str] | None = None) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)  # by the debugger's way, which a strict CSP does not forbid
    return list(page.evaluate(VIOLATIONS, rules))


def check(page: Any) -> None:
    """One heading, nothing too wide, no room too small, nothing that axe finds, enough contrast in the dark."""
    assert page.locator("h1").count() == 1
    assert page.evaluate(OVERFLOW) == 0
    assert page.evaluate(SQUEEZED) == []
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, ["color-contrast"]) == []
