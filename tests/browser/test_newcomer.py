"""A newcomer who reads nothing: from the landing page to playlists on Spotify."""

import time
from typing import Any

import pytest

from tests.browser.conftest import WHOLE_JOB_MS, Program, written
from tests.conftest import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(600)]
MOST_CLICKS = 8


class Hand:
    """Presses what is asked for, and counts."""

    def __init__(self) -> None:
        self.clicks = 0

    def press(self, what: Any, timeout_ms: int = PATIENCE_MS) -> None:
        what.click(timeout=timeout_ms)
        self.clicks += 1


def test_from_the_landing_page_to_playlists_in_at_most_eight_clicks(page: Any, own_program: Program) -> None:
    hand, began = Hand(), time.monotonic()
    page.goto(own_program.url)
    hand.press(page.get_by_role("button", name="Try the demo library"))
    hand.press(page.locator("#allow"))
    hand.press(page.get_by_role("button", name="Read my liked songs"))
    hand.press(page.get_by_role("link", name="Choose playlists"), WHOLE_JOB_MS)
    hand.press(page.get_by_role("button", name="Show me the plan"))
    hand.press(page.get_by_role("button", name="Apply to Spotify"))
    page.get_by_role("link", name="See what changed").wait_for(timeout=WHOLE_JOB_MS)
    print(f"from landing to playlists: {hand.clicks} clicks, {time.monotonic() - began:.0f} s")
    playlists = written(own_program, "ada")
    assert hand.clicks <= MOST_CLICKS
    assert playlists and all(playlists.values())
