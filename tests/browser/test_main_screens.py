"""The screens that people use most, as all of them in test_screens.py, in a world that is quickly made."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.checks import SQUEEZED, WIDTHS, check, looking, violations
from tests.browser.conftest import Program
from tests.browser.world import MAIN, World, prepare_main

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def world(chromium: Any, own_program: Program) -> Iterator[World]:
    with World(own_program, chromium) as world:
        prepare_main(world)
        yield world


@pytest.fixture
def look(world: World) -> Iterator[Any]:
    yield from looking(world)


@pytest.mark.parametrize("width", WIDTHS, ids=WIDTHS.get)
@pytest.mark.parametrize("screen", MAIN)
def test_the_main_screens_can_be_used_by_everybody(look: Any, screen: str, width: int) -> None:
    check(look(screen, width))


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
