from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WHOLE_JOB_MS, Program, connect, shot, written
from tests.conftest import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # jobs take long where much else runs


def planned(page: Any) -> dict[str, int]:
    page.get_by_role("heading", name="This would change").wait_for()
    page.wait_for_load_state()
    rows = page.locator(".plan-row").all()
    return {
        row.locator(".plan-name").inner_text(): int(row.locator(".badge.good").inner_text().strip("+"))
        for row in rows
        if row.locator(".badge.good").count()
    }


def test_from_the_landing_page_to_playlists_and_back_for_a_correction(visit: Any, program: Program) -> None:
    page = visit
    connect(page, "Ada")
    page.get_by_role("button", name="Read my liked songs").click()
    page.get_by_role("heading", name="Your library", exact=True).wait_for(timeout=WHOLE_JOB_MS)
    shot(page, "library")

    page.goto(f"{program.url}/genres")
    page.get_by_label("Minimum confidence").fill("30")
    ticks = page.get_by_label("Make a playlist")
    for place, tick in enumerate(ticks.all()):
        tick.set_checked(place < 3)
    names = page.get_by_label("Playlist name")
    names.nth(1).fill("Both together")
    names.nth(2).fill("Both together")
    page.get_by_role("button", name="Show me the plan").click()
    plan = planned(page)
    shot(page, "plan")
    assert "Both together" in plan and len(plan) == 2
    assert written(program, "ada") == {}

    page.get_by_role("button", name="Apply to Spotify").click()
    page.get_by_text("Done", exact=False).first.wait_for(timeout=WHOLE_JOB_MS)
    playlists = written(program, "ada")
    assert {name: len(uris) for name, uris in playlists.items()} == plan
    assert all(len(uris) == len(set(uris)) for uris in playlists.values())

    page.goto(f"{program.url}/review")
    page.locator(".review-card .tops button").first.click()
    page.get_by_text("1 word of yours").wait_for()
    shot(page, "review")

    page.goto(f"{program.url}/plan")
    page.get_by_role("button", name="Make a new plan").click()
    page.wait_for_load_state()
    assert written(program, "ada") == playlists


def test_every_write_works_without_javascript(chromium: Any, program: Program) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(program.url)
    connect(page, "Ben")
    page.get_by_role("button", name="Read my liked songs").click()
    for _ in range(WHOLE_JOB_MS // 1000):
        page.goto(f"{program.url}/library")
        if page.get_by_role("button", name="Read again").count():  # all of it is read
            break
        page.wait_for_timeout(1000)
    page.goto(f"{program.url}/genres")
    page.get_by_label("Minimum confidence").fill("20")
    page.get_by_label("Smallest new playlist").fill("1")
    page.get_by_label("Make a playlist").first.check()
    page.get_by_role("button", name="Show me the plan").click()
    plan = planned(page)
    page.get_by_role("button", name="Apply to Spotify").click()
    for _ in range(WHOLE_JOB_MS // 500):
        if {name: len(uris) for name, uris in written(program, "ben").items()} == plan:
            break
        page.wait_for_timeout(500)
    else:
        pytest.fail("The playlists are not what the plan said.")
    page.goto(f"{program.url}/disconnect")
    page.get_by_role("button", name="Disconnect").click()
    page.goto(f"{program.url}/library")
    assert page.get_by_role("button", name="Try the demo library").count()
    context.close()


def test_denying_consent_is_a_friendly_sentence(visit: Any, program: Program) -> None:
    visit.get_by_role("button", name="Try the demo library").first.click()
    visit.click("#deny")
    expect(visit.get_by_role("status").or_(visit.get_by_role("alert")).first).to_be_attached()
    assert "Traceback" not in visit.content()
