"""An admin gets a better model, or thinks so: from a table or sounds to what a user's next plan shows, and back."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError

from tests.browser.conftest import WHOLE_JOB_MS, Program, connect, read_library, shot
from tests.browser.test_admin import sign_in, upload
from tests.classifier.sound.made_clips import sound_folder
from tests.conftest import PATIENCE_MS
from tests.tables import write_table
from tests.zips import zipped

pytestmark = [pytest.mark.browser, pytest.mark.long]
CLASSIFIED = "Sorting again with another model"
SOUNDS = {"bell": "classical", "drum": "electronic", "hiss": "ambient"}


@pytest.fixture(scope="module")
def ada(chromium: Any, own_program: Program) -> Iterator[Any]:
    """A user with a library, rules and a plan."""
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(own_program.url)
    connect(page)
    read_library(page)
    page.goto(f"{own_program.url}/genres")
    page.get_by_label("Minimum confidence").fill("0")
    page.get_by_role("button", name="Show me the plan").click()
    page.get_by_role("heading", name="This would change").wait_for()
    yield page
    page.context.close()


@pytest.fixture
def admin(chromium: Any, own_program: Program) -> Iterator[Any]:
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    sign_in(page, own_program)
    yield page
    page.context.close()


def next_plan(page: Any, program: Program) -> list[str]:
    """What a new plan says of each playlist: its name, how many songs come, and some of them."""
    page.goto(f"{program.url}/plan")
    page.get_by_role("button", name="Make a new plan").click()
    page.get_by_role("heading", name="This would change").wait_for(timeout=WHOLE_JOB_MS)
    page.wait_for_load_state()
    return sorted(page.locator(".plan-row").all_inner_texts())


def wait_until_judged(page: Any, program: Program, times: int) -> None:
    """The library was judged again so many times since it was first read."""
    page.goto(f"{program.url}/jobs")
    for _ in range(120):
        done = page.locator(".done-list li", has_text=CLASSIFIED).filter(has_text="Done")
        if done.count() >= times and not page.get_by_role("heading", name="Running").count():
            return
        page.wait_for_timeout(1000)
        with suppress(PlaywrightError):  # a page that follows its job may go on just then
            page.reload()
    raise AssertionError(page.locator("main").inner_text())


def table(folder: Path) -> Path:
    """600 tracks under three labels, one of which no taxonomy knows."""
    path = write_table(folder / "tracks.csv", rows=600)
    path.write_text(path.read_text().replace(",jazz,", ",smoky cellar,"))
    return path


def add_table(page: Any, program: Program, folder: Path, name: str) -> None:
    upload(page, program, table(folder), name)
    page.get_by_text("1 label without a genre: 200 rows left out.").wait_for(timeout=WHOLE_JOB_MS)
    page.get_by_label("smoky cellar").select_option("jazz-blues")
    page.get_by_role("button", name="Save the mapping").click()
    page.get_by_text("without a genre").wait_for(state="detached")


def train(page: Any, family: str, **fields: str) -> str:
    """Start a training on the data set whose page is open; the version's name when all is done."""
    page.get_by_role("link", name="Train on this data set").click()
    page.locator(f"input[name=family][value={family}]").check()
    for label, value in fields.items():
        page.get_by_label(label.capitalize()).fill(value)
    page.get_by_role("button", name="Start training").click()
    page.locator("#status").get_by_text("Done.", exact=True).wait_for(timeout=WHOLE_JOB_MS)
    page.reload()
    return str(page.get_by_text("This made the model version").inner_text().split("“")[1].split("”")[0])


def promote(page: Any, name: str) -> None:
    """By way of the comparison and the preview, which are there when a training ends."""
    page.get_by_role("link", name="Put it into use").click()
    page.get_by_role("link", name="Side by side with what is in use").click()
    page.get_by_role("heading", name="Per genre").wait_for()
    shot(page, f"comparison-{name}")
    page.go_back()
    page.get_by_role("link", name="See which").click()
    page.locator(".headline").wait_for()
    shot(page, f"impact-{name}")
    page.go_back()
    if page.get_by_label("Why it is to be put into use").count():
        page.get_by_label("Why it is to be put into use").fill("To see what it does.")
    page.get_by_role("button", name=f"Put “{name}” into use").click()
    page.get_by_text(f"In use: {name}.").wait_for()


def go_back(page: Any, program: Program) -> None:
    page.goto(f"{program.url}/admin/organizer/modelversion/")
    page.get_by_role("button", name="Go back to").first.click()
    page.locator(".messagelist .success").wait_for()


def test_a_table_a_network_and_what_a_plan_makes_of_them(
    admin: Any, ada: Any, own_program: Program, tmp_path: Path
) -> None:
    before = next_plan(ada, own_program)
    add_table(admin, own_program, tmp_path, "Three genres")
    name = train(admin, "mlp", epochs="6")
    assert admin.get_by_role("img", name="Validation accuracy").count()
    shot(admin, "training-run")
    promote(admin, name)
    wait_until_judged(ada, own_program, 1)
    assert next_plan(ada, own_program) != before
    go_back(admin, own_program)
    wait_until_judged(ada, own_program, 2)
    assert next_plan(ada, own_program) == before


@pytest.mark.parametrize("family", ["random-forest", "svc"])
def test_the_same_with_families_that_learn_in_one_go(
    admin: Any, own_program: Program, tmp_path: Path, family: str
) -> None:
    add_table(admin, own_program, tmp_path, f"For {family}")
    name = train(admin, family)
    assert admin.get_by_text("there is no learning curve to draw").count()
    promote(admin, name)
    go_back(admin, own_program)
    admin.get_by_text("In use: shipped.").first.wait_for()


def test_folders_of_sound_and_a_net_that_hears(
    admin: Any, ada: Any, own_program: Program, tmp_path: Path
) -> None:
    before = next_plan(ada, own_program)
    folder = sound_folder(tmp_path / "sounds", 105, seconds=3.0)  # a fifth is held out, and 20 can judge
    files = {f"{path.parent.name}/{path.name}": path.read_bytes() for path in folder.rglob("*.wav")}
    (tmp_path / "sounds.zip").write_bytes(zipped(files))
    upload(admin, own_program, tmp_path / "sounds.zip", "Bells, drums and noise")
    admin.get_by_text("105 clips").first.wait_for(timeout=WHOLE_JOB_MS)
    for label, genre in SOUNDS.items():
        admin.get_by_label(label, exact=True).select_option(genre)
    admin.get_by_role("button", name="Save the mapping").click()
    name = train(admin, "cnn")
    promote(admin, name)
    go_back(admin, own_program)
    assert next_plan(ada, own_program) == before
