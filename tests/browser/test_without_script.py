"""JavaScript off: everything that changes something works with plain forms, and has its effect where it should."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WHOLE_JOB_MS, Program, connect, written
from tests.conftest import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(900)]
LOOK_AGAIN_MS = 500


class Plain:
    """A browser without JavaScript on a phone; pages do not follow their jobs, so it looks again."""

    def __init__(self, page: Any, program: Program) -> None:
        self.page, self.program = page, program

    def open(self, path: str) -> Any:
        self.page.goto(f"{self.program.url}/{path}")
        return self.page

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()
        self.page.wait_for_load_state()

    def wait_for(self, what: Any, path: str = "") -> None:
        """Look at the page again until it shows this."""
        for _ in range(WHOLE_JOB_MS // LOOK_AGAIN_MS):
            if what.count():
                return
            self.page.wait_for_timeout(LOOK_AGAIN_MS)
            self.open(path) if path else self.page.reload()
        pytest.fail(f"{what} never showed on {self.page.url}.")

    def apply(self) -> None:
        self.press("Apply to Spotify")
        self.wait_for(self.page.get_by_role("link", name="See what changed"))

    def said(self) -> int:
        """Songs with a word of the user's own, by the library's page."""
        self.open("library?part=own")
        return int(self.page.locator(".found p").inner_text().split()[0])


@pytest.fixture(scope="module")
def plain(chromium: Any, own_program: Program) -> Iterator[Plain]:
    """Somebody who connected, started to read, stopped it and went on, all of it with forms."""
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(own_program.url)
    connect(page)
    reading = Plain(page, own_program)
    own_program.simulator.set_fault("slow", latency_ms=1500)
    reading.press("Read my liked songs")
    reading.press("Cancel")
    reading.wait_for(page.get_by_text("You stopped it."))
    own_program.simulator.clear_faults()
    reading.press("Resume")
    reading.wait_for(page.get_by_role("heading", name="Your library", exact=True), "library")
    reading.wait_for(page.get_by_role("button", name="Read again"))  # all of it is read
    yield reading
    context.close()


def choose(plain: Plain, playlists: int) -> None:
    """A plan of the first so many genres, down to the last song."""
    page = plain.open("genres")
    page.get_by_label("Minimum confidence").fill("0")
    page.get_by_label("Smallest new playlist").fill("1")
    for place, tick in enumerate(page.get_by_label("Make a playlist").all()):
        tick.set_checked(place < playlists)


def test_genres_are_merged_and_counted_and_lead_to_a_plan(plain: Plain) -> None:
    choose(plain, 2)
    page = plain.page
    page.get_by_text("Put genres together").click()
    for place in range(2):
        page.locator("input[name=together]").nth(place).check()
    page.get_by_label("Name of the group").fill("Both together")
    plain.press("Put together")
    plain.press("Show the counts")
    expect(page.get_by_text("in “Both together”")).to_have_count(2)
    plain.press("Show me the plan")
    assert page.locator(".plan-row .plan-name").all_inner_texts() == ["Both together"]
    assert written(plain.program, "ada") == {}


def test_what_is_unticked_is_not_written(plain: Plain) -> None:
    choose(plain, 3)
    plain.press("Show me the plan")
    page, rows = plain.page, plain.page.locator(".plan-row")
    kept = rows.nth(0).locator(".plan-name").inner_text()
    left_out = rows.nth(1).locator(".plan-name").inner_text()
    rows.nth(1).locator("input[name=playlist]").uncheck()
    plain.press("Save ticks")
    assert not page.locator(".plan-row").nth(1).locator("input[name=playlist]").is_checked()
    page.get_by_text("Choose song by song").first.click()
    page.wait_for_load_state()
    songs = page.locator("input[name=item]").count()
    page.locator("input[name=item]").first.uncheck()
    plain.press("Save ticks")
    page.get_by_role("link", name="Back to the plan").click()
    plain.apply()
    playlists = written(plain.program, "ada")
    assert left_out not in playlists
    assert len(playlists[kept]) == songs - 1


def test_a_run_is_undone_and_a_version_restored(plain: Plain) -> None:
    before = written(plain.program, "ada")
    page = plain.open("history")
    page.get_by_role("link", name="Sorted your likes").first.click()
    plain.press("Undo this run")
    plain.apply()
    assert not any(written(plain.program, "ada").values())
    plain.open("history")
    page.locator(".changes a").last.click()
    plain.press("Restore this version")
    plain.apply()
    restored = {name: uris for name, uris in written(plain.program, "ada").items() if uris}
    assert restored and all(sorted(uris) == sorted(before[name]) for name, uris in restored.items())


def test_the_summary_of_what_happened_is_put_away(plain: Plain) -> None:
    page = plain.open("library")
    assert page.get_by_role("heading", name="Since your last visit").count()
    plain.press("Got it")
    assert not page.get_by_role("heading", name="Since your last visit").count()


def test_words_are_said_of_one_several_and_an_artist_and_taken_back(plain: Plain) -> None:
    assert plain.said() == 0
    page = plain.open("review")
    page.locator(".tops button").nth(1).click()
    page.get_by_label("Another genre", exact=True).select_option("shoegaze")
    page.get_by_text("Several genres", exact=True).click()
    page.get_by_label("Second genre").select_option("trance")
    plain.press("Save")
    assert plain.said() == 2
    plain.open("review").get_by_label("This counts for everything by").check()
    page.locator(".tops button").first.click()
    everything = plain.said()
    assert everything >= 3
    plain.open("review?view=grid")
    for place in range(2):
        page.locator(".review-grid input").nth(place).check()
    page.get_by_label("All ticked songs are").select_option("rock")
    plain.press("Save")
    assert plain.said() == everything + 2
    for _ in range(4):
        plain.open("review")
        plain.press("Undo")
    assert plain.said() == 0


def test_a_song_is_put_off(plain: Plain) -> None:
    plain.open("review")
    plain.press("Not now")
    assert "1 of them put off" in plain.page.locator("#progress").inner_text()


def test_settings_are_kept_and_decide_how_pages_look_and_speak(plain: Plain) -> None:
    page = plain.open("settings")
    for choice in ("Every day", "Dark", "Deutsch"):
        page.get_by_label(choice, exact=True).check()
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    plain.press("Save settings")
    plain.open("settings")
    assert page.locator("input[name=schedule][value=daily]").is_checked()
    assert page.locator("select[name=time_zone]").input_value() == "Asia/Tokyo"
    assert page.locator("html[lang=de][data-theme=dark]").count()
    page.get_by_label("English", exact=True).check()
    page.locator(".save button").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()


def test_disconnecting_forgets_everything_here_and_nothing_on_spotify(plain: Plain) -> None:
    """The last one: there is nothing to look at after it."""
    playlists = written(plain.program, "ada")
    page = plain.open("disconnect")
    plain.press("Disconnect and delete")
    plain.open("library")
    assert page.get_by_role("button", name="Try the demo library").count()
    connect(page)
    assert page.get_by_role("button", name="Read my liked songs").count()
    assert written(plain.program, "ada") == playlists
