"""The review’s page as its tests use it: by keys, and by what it shows."""

from typing import Any

from tests.browser.conftest import Program

NEXT_CARD = "was => document.querySelector('#review-place .review-song').dataset.track !== was"
ARRIVED = "words => Number(document.querySelector('#progress').innerText.match(/(\\d+) words? of yours/)?.[1]) === words"


def open_review(page: Any, own_program: Program) -> None:
    page.goto(f"{own_program.url}/review")
    until_others_are_here(page)


def until_others_are_here(page: Any) -> None:
    """The way to the next card and back: it waits for the cards, as words need not."""
    key(page, "ArrowRight")
    key(page, "ArrowLeft")


def here(page: Any) -> str:
    return str(page.locator("#review-place .review-song").get_attribute("data-track"))


def title(page: Any) -> str:
    return str(page.locator("#review-place .review-song").get_attribute("data-name"))


def words(page: Any) -> int:
    """Words said in this session, as the page tells them."""
    text = page.locator("#progress").inner_text()
    return int(text.split(" word")[0].rsplit(" ", 1)[-1]) if " of yours" in text else 0


def key(page: Any, name: str) -> None:
    """Press it and wait for the next card."""
    before = here(page)
    page.keyboard.press(name)
    page.wait_for_function(NEXT_CARD, arg=before)


def arrived(page: Any, count: int) -> None:
    page.wait_for_function(ARRIVED, arg=count)


def undo_all(page: Any) -> None:
    """Leave the library as it was for the next test."""
    while words(page):
        page.evaluate("document.querySelector('#review-left').dataset.isOld = ''")
        page.keyboard.press("u")
        page.wait_for_function("() => !document.querySelector('#review-left[data-is-old]')")
