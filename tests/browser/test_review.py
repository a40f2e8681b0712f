"""The review as a person uses it: fifty songs by keys, without waiting, and what happens when the network fails."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import LIKED, WHOLE_JOB_MS, Program, connect, shot, started
from tests.browser.reviewing import (
    arrived,
    here,
    key,
    open_review,
    title,
    undo_all,
    until_others_are_here,
    words,
)
from tests.conftest import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # jobs take long where much else runs


@pytest.fixture(scope="module")
def own_program(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Program]:
    """With enough songs that fifty of them want a word."""
    with started(tmp_path_factory.mktemp("review"), LIKED) as program:
        yield program


@pytest.fixture(scope="module")
def reader(chromium: Any, own_program: Program) -> str:
    """Somebody whose library has been read."""
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(own_program.url)
    connect(page, "Ada")
    page.get_by_role("button", name="Read my liked songs").click()
    page.get_by_role("heading", name="Your library", exact=True).wait_for(timeout=WHOLE_JOB_MS)
    context.close()
    return "Ada"


@pytest.fixture
def page(chromium: Any, own_program: Program, reader: str) -> Iterator[Any]:
    """The review, in a session of its own."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(own_program.url)
    connect(page, reader)
    open_review(page, own_program)
    yield page
    context.close()
    assert errors == []


# From the key press to the frame that shows the next card, in the page's own time.
CLOCK = """() => {
  window.waits = [];
  let pressed = 0;
  document.addEventListener("keydown", () => { pressed = performance.now(); }, true);
  new MutationObserver(() => requestAnimationFrame(() => window.waits.push(performance.now() - pressed)))
    .observe(document.querySelector("#review-place"), { childList: true });
}"""


def test_fifty_songs_take_fifty_keys_and_every_word_arrives(page: Any, own_program: Program) -> None:
    page.evaluate(CLOCK)
    for press in range(50):
        key(page, "2" if press % 3 == 0 else "Enter")
    arrived(page, 50)
    waits = sorted(page.evaluate("waits"))
    print(f"key to next card: p50 {waits[25]:.0f} ms, p95 {waits[47]:.0f} ms, longest {waits[-1]:.0f} ms")
    assert len(waits) == 50  # one card a key
    page.goto(f"{own_program.url}/review")
    assert words(page) == 50
    undo_all_by_form(page, 3)


def undo_all_by_form(page: Any, steps: int) -> None:
    """After loading the page anew, undo goes on with the steps that the server remembers."""
    for _ in range(steps):
        before = words(page)
        with page.expect_navigation():
            page.keyboard.press("u")
        assert words(page) == before - 1


def test_a_genre_is_typed_and_several_are_chosen(page: Any) -> None:
    page.keyboard.press("g")
    page.keyboard.type("deep ho")
    assert page.get_by_role("option").first.inner_text().startswith("Deep house")
    key(page, "Enter")
    page.keyboard.press("m")
    page.keyboard.press("1")
    page.keyboard.press("g")
    page.keyboard.type("bossa")
    page.keyboard.press("Enter")
    assert page.get_by_role("button", name="Save").inner_text().endswith(", Bossa nova")
    shot(page, "review-several")
    key(page, "Enter")
    arrived(page, 2)
    page.keyboard.press("ArrowLeft")
    assert "Bossa nova" in page.locator(".said").inner_text()
    undo_all(page)


def test_a_genre_that_does_not_exist_is_told(page: Any) -> None:
    before = here(page)
    page.keyboard.press("g")
    page.keyboard.type("polkacore")
    page.keyboard.press("Enter")
    page.locator("#announcer", has_text="No genre is called “polkacore”.").wait_for(state="attached")
    assert here(page) == before


def test_keys_are_ignored_while_typing_and_with_modifiers(page: Any) -> None:
    before = here(page)
    page.keyboard.press("Control+Enter")
    page.keyboard.press("g")
    page.keyboard.type("uas?1")
    assert page.get_by_role("combobox").input_value() == "uas?1"
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    assert (here(page), words(page)) == (before, 0)


def test_the_whole_artist_and_undo_of_several_steps(page: Any) -> None:
    first = here(page)
    page.keyboard.press("a")
    assert page.get_by_label("everything by").is_checked()
    key(page, "Enter")
    key(page, "3")
    arrived(page, 2)
    for _ in range(2):
        with page.expect_response("**/review/undo"):
            page.keyboard.press("u")
    page.wait_for_function("() => !document.querySelector('#progress').innerText.includes('of yours')")
    assert here(page) == first


def test_not_now_and_back_and_forth(page: Any) -> None:
    first = title(page)
    key(page, "s")
    second = here(page)
    key(page, "ArrowRight")
    key(page, "ArrowLeft")
    assert here(page) == second
    page.keyboard.press("u")
    assert title(page) == first


def test_a_word_that_does_not_arrive_is_told_and_sent_again(page: Any, own_program: Program) -> None:
    key(page, "Enter")
    arrived(page, 1)
    page.context.set_offline(True)
    lost = title(page)
    key(page, "Enter")
    page.get_by_role("alert").get_by_text(lost).wait_for()
    shot(page, "review-offline")
    assert "There is no connection." in page.get_by_role("alert").inner_text()
    page.keyboard.press("ArrowRight")
    assert title(page) == lost
    page.context.set_offline(False)
    arrived(page, 2)
    page.get_by_role("alert").wait_for(state="hidden")
    assert title(page) == lost
    assert "You said:" in page.locator("#review-place .said").inner_text()
    undo_all(page)


def test_a_server_that_fails_loses_no_word(page: Any) -> None:
    page.route("**/review/*", lambda route: route.fulfill(status=500, body="broken"))
    said = set()
    for _ in range(3):
        said.add(here(page))  # a song that was put back may come again
        key(page, "Enter")
    page.get_by_role("alert").get_by_text("The server had a problem.").wait_for()
    page.unroute("**/review/*")
    page.get_by_role("button", name="Send again").click()
    arrived(page, len(said))
    undo_all(page)


def test_a_word_said_anew_before_the_first_arrived_is_undone_step_by_step(page: Any) -> None:
    page.route("**/review/*", lambda route: route.fulfill(status=500, body="broken"))
    song, alert = title(page), page.get_by_role("alert")
    key(page, "1")
    alert.get_by_text("The server had a problem.").wait_for()
    key(page, "ArrowRight")
    assert title(page) == song
    key(page, "2")
    alert.get_by_text("2 words of yours").wait_for()
    page.unroute("**/review/*")
    page.get_by_role("button", name="Send again").click()
    arrived(page, 1)
    for said_still in (True, False):
        with page.expect_response("**/review/undo") as undone:
            page.keyboard.press("u")
        assert undone.value.ok and title(page) == song
        assert page.locator("#review-place .said").is_visible() is said_still
    alert.wait_for(state="hidden")


def test_a_word_that_fails_before_other_songs_are_here_keeps_its_song(
    page: Any, own_program: Program
) -> None:
    held: list[Any] = []
    page.route("**/review/*", lambda route: route.fulfill(status=500, body="broken"))
    page.route("**/review/cards*", lambda route: held.append(route))
    page.goto(f"{own_program.url}/review")
    song = title(page)
    page.keyboard.press("1")
    page.get_by_role("alert").get_by_text("The server had a problem.").wait_for()
    held[0].continue_()
    until_others_are_here(page)
    assert title(page) == song
    page.unroute_all()
    page.get_by_role("button", name="Send again").click()
    arrived(page, 1)
    undo_all(page)


def test_after_the_session_has_ended_the_word_waits(page: Any) -> None:
    cookies = page.context.cookies()
    page.context.clear_cookies()
    key(page, "Enter")
    page.get_by_role("alert").get_by_text("not signed in any more").wait_for()
    page.context.add_cookies(cookies)
    page.get_by_role("button", name="Send again").click()
    arrived(page, 1)
    undo_all(page)


def test_a_word_is_not_written_for_whoever_signed_in_meanwhile(page: Any, own_program: Program) -> None:
    mine = page.context.cookies()
    page.context.clear_cookies()
    key(page, "Enter")
    page.get_by_role("alert").get_by_text("not signed in any more").wait_for()
    other = page.context.new_page()
    other.set_default_timeout(PATIENCE_MS)
    other.goto(own_program.url)
    connect(other, "Ben")
    other.close()
    page.get_by_role("button", name="Send again").click()
    page.get_by_role("alert").get_by_text("Somebody else is signed in now").wait_for()
    page.context.clear_cookies()
    page.context.add_cookies(mine)
    page.get_by_role("button", name="Send again").click()
    arrived(page, 1)
    undo_all(page)


def test_a_word_is_sent_once_even_if_the_key_is_held(page: Any) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.keyboard.down("Enter")
    page.keyboard.down("Enter")  # repeats
    page.keyboard.up("Enter")
    arrived(page, 1)
    assert len(sent) == 1
    undo_all(page)


def test_the_help_holds_the_focus_and_gives_it_back(page: Any) -> None:
    page.get_by_role("button", name="Keys").focus()
    page.keyboard.press("?")
    shot(page, "review-keys")
    for _ in range(5):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    before = here(page)
    page.keyboard.press("s")
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    assert page.evaluate("document.activeElement.id") == "help-open"
    assert here(page) == before


def test_single_keys_can_be_switched_off(page: Any, own_program: Program) -> None:
    page.keyboard.press("?")
    page.get_by_label("Use these keys").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    before = here(page)
    page.keyboard.press("s")
    assert here(page) == before


def test_space_plays_real_sound_and_stops_it(page: Any, own_program: Program) -> None:
    for _ in range(10):
        heard = page.expect_response("**/preview")
        with heard as answer:
            page.keyboard.press("Space")
        if answer.value.ok:
            break
        key(page, "ArrowRight")
    button = page.locator("#review-place [data-play]")
    page.wait_for_function("() => document.querySelector('audio').currentTime > 0.3")
    assert button.get_attribute("aria-pressed") == "true"
    page.keyboard.press("Space")
    assert button.get_attribute("aria-pressed") == "false"


def test_everything_works_without_javascript(chromium: Any, own_program: Program, reader: str) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(own_program.url)
    connect(page, reader)
    page.goto(f"{own_program.url}/review")
    page.locator(".tops button").nth(1).click()
    page.get_by_label("Another genre", exact=True).select_option("shoegaze")
    page.locator("#several-plain summary").click()
    page.get_by_label("Second genre").select_option("trance")
    page.get_by_role("button", name="Save").click()
    assert "is Shoegaze, Trance now." in page.get_by_role("status").first.inner_text()
    assert words(page) == 2
    page.get_by_role("button", name="Not now").click()
    assert "1 of them put off" in page.locator("#progress").inner_text()
    for _ in range(2):
        page.get_by_role("button", name="Undo").click()
        page.goto(f"{own_program.url}/review")
    assert words(page) == 0
    page.goto(f"{own_program.url}/review?view=grid")
    for place in range(3):
        page.locator(".review-grid input").nth(place).check()
    page.get_by_label("All ticked songs are").select_option("rock")
    page.get_by_role("button", name="Save").click()
    assert "3 songs are Rock now." in page.get_by_role("status").first.inner_text()
    page.get_by_role("button", name="Undo").click()
    context.close()


def test_many_songs_are_ticked_at_once(page: Any, own_program: Program) -> None:
    page.goto(f"{own_program.url}/review?view=grid")
    boxes = page.locator(".review-grid input")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    assert page.locator(".review-grid input:checked").count() == 4
    page.get_by_role("button", name="Tick all or none").click()
    assert page.locator(".review-grid input:checked").count() == boxes.count()
    shot(page, "review-grid")
