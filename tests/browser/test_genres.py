"""Choosing genres: what changes while somebody looks at it, and the same without JavaScript."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from playwright.sync_api import expect

from organizer.models import SpotifyAccount, Track
from tests.browser.conftest import is_error, shot
from tests.conftest import PATIENCE_MS
from tests.organizer.browsing import signed_in
from tests.organizer.conftest import ada, fresh_clients, library  # noqa: F401

pytestmark = pytest.mark.browser


@pytest.fixture
def cookie(library: SpotifyAccount, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: F811
    """The session of somebody whose library is read and sorted."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the browser's driver keeps a loop of its own
    # Covers lie with the simulator, which this server knows nothing of.
    Track.objects.update(album_image_url="")
    return signed_in(library).cookies[configured.SESSION_COOKIE_NAME].value


@pytest.fixture
def choosing(cookie: str, page: Any, live_server: Any) -> Iterator[Any]:
    """The page that chooses genres, and every error that its console shows."""
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if is_error(said) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    enter(page.context, cookie, live_server.url)
    page.goto(f"{live_server.url}/genres")
    yield page
    assert errors == []


def enter(context: Any, cookie: str, url: str) -> None:
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": configured.SESSION_COOKIE_NAME, "value": cookie, "url": url}])


def songs(page: Any, genre: str) -> int:
    return int(re.sub(r"\D", "", page.locator(f"#count-{genre} b").inner_text()) or 0)


def ticked(page: Any) -> list[str]:
    """Genres in the order of their cards."""
    cards = page.locator(".genre-card:has(input[name^=pick_]:checked)").all()
    return [card.get_attribute("data-genre") for card in cards]


def counted(page: Any, act: Any) -> None:
    with page.expect_response("**/genres/counts"):
        act()
    expect(page.locator("#choose")).not_to_have_class(re.compile("htmx-request"))  # it is in the page


def test_counts_follow_the_form_and_cards_merge_by_dragging(choosing: Any) -> None:
    page = choosing
    first, second = ticked(page)[:2]
    before, other = songs(page, first), songs(page, second)
    counted(page, lambda: page.get_by_label("Minimum confidence").fill("0"))
    assert songs(page, first) > before
    assert page.locator("output[for=id_confidence]").inner_text() == "0 %"
    before, other = songs(page, first), songs(page, second)
    drag = page.locator(f"[data-genre={second}] .genre-head")
    target = page.locator(f"[data-genre={first}] .genre-head")
    counted(page, lambda: drag.drag_to(target))
    assert songs(page, first) == songs(page, second) == before + other
    shot(page, "genres-merged")
    counted(page, lambda: page.locator(f"[data-separate={second}]").click())
    assert (songs(page, first), songs(page, second)) == (before, other)


def test_a_genre_leaves_a_group_of_its_own_name(choosing: Any) -> None:
    page = choosing
    first, second = ticked(page)[:2]
    before, other = songs(page, first), songs(page, second)
    title = page.locator(f"[data-genre={second}]").get_attribute("data-title")
    name = page.locator(f"#id_name_{first}")
    counted(page, lambda: (name.fill(title), name.blur()))  # else the next click asks, too
    assert songs(page, first) == songs(page, second) > max(before, other)
    counted(page, lambda: page.locator(f"[data-separate={second}]").click())
    assert (songs(page, first), songs(page, second)) == (before, other)


def test_an_artist_is_found_while_typing_and_left_out(choosing: Any) -> None:
    page = choosing
    page.get_by_text("Leave out", exact=True).first.click()
    finder = page.get_by_label("Find an artist")
    finder.press_sequentially("a")
    option = page.locator("#artist-names option").first
    option.wait_for(state="attached")
    finder.fill(option.get_attribute("value"))
    counted(page, lambda: finder.press("Enter"))
    page.get_by_text("left out", exact=False).first.wait_for()
    assert page.get_by_label("Artists, one a line").input_value()


def warnings(page: Any) -> list[str]:
    """What the browser asks from now on before it leaves; it leaves all the same."""
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    return asked


def test_leaving_with_choices_that_are_not_saved_is_asked_about(choosing: Any) -> None:
    page, genre = choosing, ticked(choosing)[0]
    asked, name = warnings(page), page.locator(f"#id_name_{genre}")
    counted(page, lambda: name.fill("Mine"))
    counted(page, lambda: name.fill(""))
    page.get_by_text("Leave out", exact=True).first.click()
    page.get_by_label("Find an artist").fill("some")
    page.reload()
    assert asked == []
    counted(page, lambda: page.locator(f"#id_pick_{genre}").uncheck())
    page.reload()
    assert asked == ["beforeunload"]


def test_sending_the_choices_is_not_asked_about_but_leaving_their_mistakes_is(choosing: Any) -> None:
    page, genre = choosing, ticked(choosing)[0]
    asked = warnings(page)
    page.locator(f"#id_name_{genre}").fill("Mine")
    page.get_by_text("Put genres together").click()
    page.get_by_role("button", name="Put together").click()
    page.get_by_text("Tick two genres or more").wait_for()
    page.wait_for_load_state()  # the script asks
    assert asked == []
    page.get_by_text("Names and visibility").click()
    page.goto(page.url)
    assert asked == ["beforeunload"]


def test_from_the_genres_to_the_plan_takes_one_click_and_the_page_fits_a_phone(choosing: Any) -> None:
    page = choosing
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    shot(page, "genres-phone")
    page.get_by_role("button", name="Show me the plan").click()
    page.get_by_role("heading", name="This would change").wait_for()
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Save ticks").click()
    page.get_by_text("Your ticks are saved.").wait_for()


def test_everything_can_be_chosen_without_javascript(chromium: Any, cookie: str, live_server: Any) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    enter(context, cookie, live_server.url)
    page = context.new_page()
    page.goto(f"{live_server.url}/genres")
    page.get_by_text("Put genres together").click()
    boxes = page.locator("input[name=together]")
    one, two = boxes.nth(0).get_attribute("value"), boxes.nth(1).get_attribute("value")
    boxes.nth(0).check(), boxes.nth(1).check()
    page.get_by_label("Name of the group").fill("Both of them")
    page.get_by_role("button", name="Put together").click()
    expect(page.locator(f"#id_name_{one}")).to_have_value("Both of them")
    assert songs(page, one) == songs(page, two)
    page.get_by_text("Everything else").first.click()
    page.get_by_label("A playlist of all songs").check()
    page.get_by_role("button", name="Show the counts").click()
    expect(page.locator("#rest-count")).to_contain_text("It would hold")
    page.get_by_role("button", name="Show me the plan").click()
    expect(page.locator(".plan-name").get_by_text("Both of them")).to_have_count(1)
    expect(page.locator(".plan-name").get_by_text("Everything else")).to_have_count(1)
    context.close()
