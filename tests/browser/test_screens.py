"""Every screen, on a phone and a desk, light and dark: nothing that keeps a person from using it."""

from collections.abc import Iterator
from typing import Any

import pytest

from simulator.invented import built_in_catalogue
from simulator.previews import mp3_preview
from tests.browser.checks import (
    CHOOSE_THEME,
    LONGEST_MOTION,
    OVERFLOW,
    SQUEEZED,
    WIDTHS,
    check,
    looking,
    violations,
)
from tests.browser.conftest import Program
from tests.browser.world import MAIN, SCREENS, World, prepare

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def world(chromium: Any, own_program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    song = tmp_path_factory.mktemp("song") / "song.mp3"
    song.write_bytes(mp3_preview(built_in_catalogue(1).tracks[0]))
    with World(own_program, chromium) as world:
        prepare(world, song)
        yield world


@pytest.fixture
def look(world: World) -> Iterator[Any]:
    yield from looking(world)


@pytest.mark.parametrize("width", WIDTHS, ids=WIDTHS.get)
@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_can_be_used_by_everybody(look: Any, screen: str, width: int) -> None:
    check(look(screen, width))


@pytest.mark.parametrize("screen", SCREENS)
def test_longer_words_find_room_on_a_phone(look: Any, screen: str) -> None:
    page = look(screen, 390, language="de")
    assert page.locator("html").get_attribute("lang") == "de"
    assert page.evaluate(OVERFLOW) == 0
    assert page.evaluate(SQUEEZED) == []


@pytest.mark.parametrize(("device", "chosen"), [("dark", "light"), ("light", "dark")])
@pytest.mark.parametrize("screen", MAIN[1:])
def test_the_contrast_suffices_in_a_theme_that_is_not_the_devices(
    look: Any, screen: str, device: str, chosen: str
) -> None:
    page = look(screen, color_scheme=device)
    page.evaluate(CHOOSE_THEME, chosen)
    assert violations(page, ["color-contrast"]) == []


@pytest.mark.parametrize("screen", MAIN)
def test_the_main_screens_keep_every_rule_in_german_and_in_the_dark(look: Any, screen: str) -> None:
    assert violations(look(screen, language="de", color_scheme="dark")) == []
    assert violations(look(screen, color_scheme="dark")) == []
    assert violations(look(screen, language="de")) == []


@pytest.mark.parametrize("screen", MAIN)
def test_nothing_moves_for_those_who_ask_for_less(look: Any, screen: str) -> None:
    page = look(screen, reduced_motion="reduce")
    assert page.evaluate(LONGEST_MOTION) <= 0.01
