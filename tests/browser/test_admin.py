from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WHOLE_JOB_MS, Program, shot
from tests.classifier.audio_samples import encoded, music
from tests.tables import write_table
from tests.zips import zipped

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # jobs take long where much else runs


def sign_in(page: Any, program: Program) -> None:
    page.goto(f"{program.url}/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(program.admin_password)
    page.get_by_role("button", name="Log in").click()


def upload(page: Any, program: Program, table: Path, name: str) -> None:
    page.goto(f"{program.url}/admin/organizer/dataset/add/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("File").set_input_files(table)
    page.get_by_label("Nothing in it comes from Spotify").check()
    page.get_by_label("Provenance").fill("Made by a test.")
    page.get_by_label("Licence").fill("MIT")
    page.get_by_role("button", name="Save", exact=True).click()


def champion(page: Any, program: Program) -> str:
    page.goto(f"{program.url}/admin/organizer/modelversion/")
    row = page.locator("#result_list tbody tr", has=page.get_by_text("in use", exact=True))
    return str(row.locator(".field-name").inner_text())


def test_upload_map_train_activate_and_go_back(visit: Any, program: Program, tmp_path: Path) -> None:
    page = visit
    sign_in(page, program)
    upload(page, program, write_table(tmp_path / "three-genres.csv", rows=600), "Three genres")
    page.get_by_text("600 rows became 600 tracks").wait_for(timeout=WHOLE_JOB_MS)
    assert page.get_by_label("edm").input_value() == "electronic"
    page.get_by_label("jazz").select_option("")
    page.get_by_role("button", name="Save the mapping").click()
    page.get_by_text("1 label without a genre: 200 rows left out.").wait_for()
    page.get_by_label("jazz").select_option("jazz-blues")
    page.get_by_role("button", name="Save the mapping").click()
    page.get_by_text("without a genre").wait_for(state="detached")
    assert "Half of the rows lie between" in page.get_by_role("img", name="Tempo").get_attribute("aria-label")
    shot(page, "data-set")

    page.get_by_role("link", name="Train on this data set").click()
    page.get_by_label("Epochs").fill("6")
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("heading", name="Confusion matrix").wait_for(timeout=WHOLE_JOB_MS)
    # Until it is compared and weighed as well, this page loads anew, and so does the next one.
    page.locator("#status").get_by_text("Done.", exact=True).wait_for(timeout=WHOLE_JOB_MS)
    shot(page, "training-run")
    for figure in ("Accuracy", "Macro-F1", "Logistic regression (baseline)"):
        expect(page.get_by_text(figure).first).to_be_visible()

    page.get_by_role("link", name="Put it into use").click()
    page.get_by_role("heading", name="What it would change").wait_for()
    page.wait_for_load_state()
    reason = page.get_by_label("Why it is to be put into use all the same")
    if reason.count():  # something speaks against it
        reason.fill("The journey goes on.")
    page.get_by_role("button", name="into use").click()
    page.get_by_text("is in use. Libraries being judged again").wait_for()
    assert champion(page, program).startswith("run-")
    shot(page, "model-versions")
    page.get_by_role("button", name="Go back to “shipped”").click()
    assert champion(page, program) == "shipped"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 a workbook", "Excel"),
        (b"artist,tempo\nX,120\n", "no label column"),
        (b"<!doctype html><p>Sign in</p>", "web page"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_reason(
    visit: Any, program: Program, tmp_path: Path, content: bytes, sentence: str
) -> None:
    sign_in(visit, program)
    table = tmp_path / "table.csv"
    table.write_bytes(content)
    upload(visit, program, table, "Not a table")
    assert sentence in visit.locator(".errorlist").first.inner_text()
    visit.goto(f"{program.url}/admin/organizer/dataset/")
    assert not visit.get_by_text("Not a table").count()


def test_a_zip_of_sound_is_heard_and_its_bad_files_are_named(
    visit: Any, program: Program, tmp_path: Path
) -> None:
    sound = encoded(music(5)[:, None], "WAV", 22_050)
    files = {"rock/a.wav": sound, "jazz/b.wav": sound, "jazz/page.mp3": b"<html>gone</html>"}
    (tmp_path / "sounds.zip").write_bytes(zipped(files))
    sign_in(visit, program)
    upload(visit, program, tmp_path / "sounds.zip", "A few sounds")
    visit.get_by_text("2 clips of 3 files can be used.").wait_for(timeout=WHOLE_JOB_MS)
    row = visit.get_by_role("row", name="jazz/page.mp3")
    assert "web page" in row.inner_text()
    assert visit.get_by_label("jazz", exact=True).input_value() == "jazz-blues"


def test_a_file_beyond_the_limit_is_told_before_it_is_sent(
    visit: Any, program: Program, tmp_path: Path
) -> None:
    huge = tmp_path / "huge.zip"
    with huge.open("wb") as file:
        file.truncate(10 * 10**9)
    sign_in(visit, program)
    visit.goto(f"{program.url}/admin/organizer/dataset/add/")
    visit.get_by_label("File").set_input_files(huge)
    assert "at most 200 MB" in visit.get_by_label("File").evaluate("field => field.validationMessage")
