import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile
from playwright.sync_api import expect

from simulator.invented import built_in_catalogue
from simulator.previews import mp3_preview
from tests.browser.conftest import WHOLE_JOB_MS, Program, connect, shot
from tests.conftest import CHROMIUM_ARGUMENTS, PATIENCE_MS, chromium_path

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # jobs take long where much else runs
RESULT = "Songs of yours that sound like it"


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    track = next(one for one in built_in_catalogue(1).tracks if one.family == "metal")
    path = tmp_path_factory.mktemp("song") / "song.mp3"
    path.write_bytes(mp3_preview(track))
    return path


@pytest.fixture
def with_microphone(chromium: Any, song: Path) -> Iterator[Any]:
    """A page of a browser whose microphone hears the song, and whose user allows it."""
    sound, sr_hz = soundfile.read(io.BytesIO(song.read_bytes()))
    soundfile.write(song.with_suffix(".wav"), sound, sr_hz, subtype="PCM_16")
    switches = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={song.with_suffix('.wav')}",
    ]
    browser = chromium.browser_type.launch(
        executable_path=chromium_path(), args=[*CHROMIUM_ARGUMENTS, *switches]
    )
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(PATIENCE_MS)
    yield page
    browser.close()


def test_a_file_is_identified_without_javascript(chromium: Any, program: Program, song: Path) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(program.url)
    connect(page, "Cleo")
    page.goto(f"{program.url}/disconnect")  # another test of this program may have read her library
    page.get_by_role("button", name="Disconnect").click()
    page.goto(program.url)
    connect(page, "Cleo")
    page.get_by_role("button", name="Menu").click()  # a popover, which needs no script
    page.get_by_role("link", name="Identify").click()
    assert not page.get_by_role("button", name="Record ten seconds").is_visible()
    page.set_input_files("input[type=file]", song)
    page.get_by_role("button", name="Listen to it").click()
    page.get_by_role("heading", name=RESULT).wait_for(timeout=WHOLE_JOB_MS)  # the page looks again by itself
    expect(page.locator("main")).to_contain_text("not been listened to yet")
    picture = page.locator(".spectrogram img")
    assert picture.get_attribute("alt").startswith("Mel spectrogram of 30 seconds")
    page.get_by_role("link", name="Identify another song").click()
    page.get_by_role("button", name="Delete song.mp3").click()
    assert "“song.mp3” is deleted" in page.get_by_role("status").first.inner_text()
    context.close()


def test_ten_seconds_from_the_microphone_are_identified(with_microphone: Any, program: Program) -> None:
    page = with_microphone
    page.goto(program.url)
    connect(page, "Ada")
    page.goto(f"{program.url}/identify")
    button = page.get_by_role("button", name="Record ten seconds")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Recording…").wait_for()
    page.get_by_role("heading", name=RESULT).wait_for(timeout=WHOLE_JOB_MS)
    page.wait_for_load_state()
    assert "From 10 seconds of sound alone" in page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator(".spectrogram img")).to_have_js_property("naturalHeight", 128)
    shot(page, "identified")


def test_a_file_that_is_no_sound_is_explained(visit: Any, program: Program) -> None:
    connect(visit, "Ada")
    visit.goto(f"{program.url}/identify")
    page = {"name": "song.mp3", "mimeType": "audio/mpeg", "buffer": b"<!doctype html><title>No</title>"}
    visit.set_input_files("input[type=file]", page)
    visit.get_by_role("button", name="Listen to it").click()
    visit.get_by_text("The file is a web page, not audio.").wait_for(timeout=WHOLE_JOB_MS)


def test_a_microphone_that_is_not_allowed_is_explained(visit: Any, program: Program) -> None:
    connect(visit, "Ada")
    visit.goto(f"{program.url}/identify")
    visit.get_by_role("button", name="Record ten seconds").click()
    visit.locator("#record-problem").wait_for()
    assert "a file" in visit.locator("#record-problem").inner_text()
    assert visit.get_by_role("button", name="Record ten seconds").is_enabled()


def test_a_dropped_file_lands_in_the_form(visit: Any, program: Program, song: Path) -> None:
    connect(visit, "Ada")
    visit.goto(f"{program.url}/identify")
    dropped = visit.evaluate_handle(
        "size => { const list = new DataTransfer();"
        " list.items.add(new File([new Uint8Array(size)], 'dropped.mp3', { type: 'audio/mpeg' })); return list; }",
        21_000_000,
    )
    visit.dispatch_event("form.bring", "drop", {"dataTransfer": dropped})
    assert visit.evaluate("document.getElementById('id_sound').files[0].name") == "dropped.mp3"
    assert "larger than 20 MB" in visit.locator("#sound-problem").inner_text()
