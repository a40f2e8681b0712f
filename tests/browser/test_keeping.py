import zipfile
from typing import Any

import pytest

from tests.browser.conftest import WHOLE_JOB_MS, Program, connect, shot, written

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # jobs take long where much else runs


def read_and_write(page: Any, program: Program) -> None:
    """What the journey did, if it did not come before."""
    if not page.get_by_role("button", name="Read my liked songs").count():
        return
    page.get_by_role("button", name="Read my liked songs").click()
    page.get_by_role("heading", name="Your library", exact=True).wait_for(timeout=WHOLE_JOB_MS)
    page.goto(f"{program.url}/genres")
    page.get_by_label("Minimum confidence").fill("20")
    page.get_by_label("Smallest new playlist").fill("1")
    page.get_by_label("Make a playlist").first.check()
    page.get_by_role("button", name="Show me the plan").click()
    apply(page)


def apply(page: Any) -> None:
    page.get_by_role("button", name="Apply to Spotify").click()
    page.get_by_text("Done", exact=False).first.wait_for(timeout=WHOLE_JOB_MS)


def test_settings_history_undo_and_taking_everything_along(
    visit: Any, program: Program, tmp_path: Any
) -> None:
    page = visit
    connect(page, "Ada")
    read_and_write(page, program)
    assert any(written(program, "ada").values())

    page.goto(f"{program.url}/settings")
    page.get_by_label("Every day").check()
    page.get_by_role("button", name="Save settings").click()
    page.get_by_text("Next run").wait_for()
    shot(page, "settings")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export everything").click()
    download.value.save_as(tmp_path / "export.zip")
    assert "cratewise.json" in zipfile.ZipFile(tmp_path / "export.zip").namelist()
    page.get_by_label("Bring an export back").set_input_files(tmp_path / "export.zip")
    page.get_by_role("button", name="Import").click()
    page.get_by_role("heading", name="Brought back", exact=True).wait_for()

    page.goto(f"{program.url}/history")
    shot(page, "history")
    page.get_by_role("link", name="Sorted your likes").first.click()
    page.get_by_role("button", name="Undo this run").click()
    apply(page)
    assert not any(written(program, "ada").values())
    page.goto(f"{program.url}/history")
    page.get_by_text("Undid the run").first.wait_for()
