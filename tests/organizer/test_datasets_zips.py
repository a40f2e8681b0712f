"""What a zip may be: everything else is refused from its list of contents, and nothing is ever written elsewhere."""

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.errors import DataError
from organizer.training import archives
from tests import zips

GB = 1_000_000_000


def look(content: bytes) -> archives.Listing:
    return archives.look_over(io.BytesIO(content), "sounds.zip")


def refused(content: bytes) -> str:
    with pytest.raises(DataError) as caught:
        look(content)
    return str(caught.value)


@pytest.mark.parametrize(
    "names",
    [
        ["rock/a.mp3", "jazz/a.mp3"],
        ["gtzan/rock/a.mp3", "gtzan/jazz/a.mp3"],  # the folder itself was packed
        ["rock/a.mp3", "jazz/a.mp3", "README.txt", "__MACOSX/rock/._a.mp3", "rock/.DS_Store"],
    ],
)
def test_folders_of_sound_are_listed_whatever_lies_beside_them(names: list[str]) -> None:
    listing = look(zips.zipped(dict.fromkeys(names, b"x")))
    assert [sound.title for sound in listing.sounds] == ["jazz/a.mp3", "rock/a.mp3"]
    assert [listing.stored_as(place) for place in (0, 1)] == ["00000.mp3", "00001.mp3"]


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ([], "empty zip"),
        (["rock/"], "no sound files"),
        (["rock/a.txt", "jazz/b.pdf"], "no sound files"),
        (["a.mp3"], "outside of any folder: a.mp3"),
        (["rock/a.mp3", "b.mp3"], "outside of any folder: b.mp3"),
        (["rock/a.mp3", "rock/live/b.mp3"], "folders within folders: rock/live/b.mp3"),
        (["[Content_Types].xml", "xl/workbook.xml"], "Excel workbook"),
        (["../rock/a.mp3"], "leads elsewhere"),
        (["rock/../../a.mp3"], "leads elsewhere"),
        (["rock/./a.mp3"], "leads elsewhere"),
        (["rock//a.mp3"], "leads elsewhere"),
        (["/etc/a.mp3"], "absolute path"),
        (["C:/music/a.mp3"], "absolute path"),
        (["rock\\a.mp3"], "backslash"),
        (["..\\..\\a.mp3"], "backslash"),
        (["rock/a\n.mp3"], "cannot be written"),
        (["rock/\u202egpm.mp3"], "cannot be written"),
        (["rock/" + "a" * 300 + ".mp3"], "longer than 250"),
        (["rock/a.mp3", "../outside.txt"], "leads elsewhere"),  # though it would not even be unpacked
    ],
)
def test_zips_without_folders_of_sound_or_with_names_that_lead_elsewhere_are_refused(
    names: list[str], why: str
) -> None:
    assert why in refused(zips.zipped(dict.fromkeys(names, b"x")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_name_twice_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for content in (b"one", b"two"):
            archive.writestr("rock/a.mp3", content)
    assert "'rock/a.mp3' is there 2 times" in refused(packed.getvalue())


def fifo() -> bytes:
    info = zipfile.ZipInfo("rock/b.mp3")
    info.create_system, info.external_attr = 3, 0o010666 << 16
    return zips.with_entry(info)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: zips.symlink("rock/b.mp3", "/etc/passwd"), "symbolic link"),
        (lambda: zips.symlink("rock", "/etc"), "symbolic link"),
        (fifo, "no ordinary file"),
        (zips.encrypted, "encrypted"),
        (lambda: zips.zipped({"rock/a.mp3": b"x"}, zipfile.ZIP_LZMA), "method that is not read"),
        (lambda: zips.zipped({"rock/a.mp3": b"x"}, zipfile.ZIP_BZIP2), "method that is not read"),
        (lambda: zips.renamed("rock/abc.mp3", b"rock/\xe4\xf6\xfc.mp3"), "not UTF-8"),
        (lambda: zips.renamed("rock/abc.mp3", b"rock/a\x00c.mp3"), "cannot be written"),
        (lambda: b"PK\x03\x04 not really", "damaged"),
        (lambda: zips.zipped({"rock/a.mp3": b"x"})[:-30], "damaged"),
        (lambda: zips.lying_directory(2**31), "damaged"),
        (lambda: zips.overlapping(900), "overlap"),
        (lambda: zips.zipped({f"rock/{n}.mp3": b"" for n in range(10_001)}), "10,001 files; at most 10,000"),
    ],
)
def test_zips_made_to_harm_are_refused(make: Callable[[], bytes], why: str) -> None:
    assert why in refused(make())


def test_a_bomb_is_refused_without_being_expanded() -> None:
    bomb = zips.zipped({f"rock/{n}.mp3": bytes(40 * 2**20) for n in range(3)})
    tracemalloc.start()
    assert "100 times its size" in refused(bomb)
    assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    tracemalloc.stop()


def test_limits_on_one_file_and_on_all_together(settings: object) -> None:
    settings.DATASET_UNPACKED_MAX_BYTES = GB
    assert "more than 64 MB" in refused(zips.lying_size(100 * 2**20, b"x"))
    assert "4,000 MB; at most 1,000 MB" in refused(zips.lying_size(4 * GB, b"x"))


def test_a_file_that_lies_about_its_size_is_called_damaged_and_never_written_beyond_it(
    tmp_path: Path,
) -> None:
    archive = tmp_path / "zip"
    archive.write_bytes(zips.lying_size(10, bytes(5_000_000)))
    listing = archives.look_over(archive, "zip")
    assert archives.unpack(archive, listing, tmp_path / "audio", lambda done: None) == {
        0: "The zip is damaged at this file."
    }
    assert list((tmp_path / "audio").iterdir()) == []


def test_a_damaged_file_does_not_spoil_the_others(tmp_path: Path) -> None:
    content = zips.zipped({"rock/a.mp3": b"A" * 500, "rock/b.mp3": b"B" * 500}, zipfile.ZIP_STORED)
    archive = tmp_path / "zip"
    archive.write_bytes(content.replace(b"A" * 500, b"A" * 499 + b"!"))
    listing = archives.look_over(archive, "zip")
    assert list(archives.unpack(archive, listing, tmp_path / "audio", lambda done: None)) == [0]
    assert (tmp_path / "audio" / "00001.mp3").read_bytes() == b"B" * 500


NAMES = st.one_of(
    st.text(max_size=30),
    st.lists(
        st.sampled_from(["..", ".", "", "rock", "a.mp3", "C:", "\\", "/", "~", "b.WAV", "\0", "…"]),
        max_size=5,
    ).map("/".join),
)


def _zip_of(names: list[str], is_link: bool) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo("x")
            info.filename = info.orig_filename = name  # past what ZipInfo would put right
            if is_link:
                info.create_system, info.external_attr = 3, 0o120777 << 16
            archive.writestr(info, b"/etc/passwd")
    return packed.getvalue()


@settings(max_examples=150, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=4, unique=True), st.booleans())
def test_whatever_the_names_nothing_is_written_outside_the_folder(names: list[str], is_link: bool) -> None:
    try:
        content = _zip_of(names, is_link)
    except (UnicodeEncodeError, ValueError):
        return  # no zip can hold that name
    with TemporaryDirectory() as where:
        root = Path(where)
        archive, folder = root / "up.zip", root / "datasets" / "1" / "audio"
        archive.write_bytes(content)
        try:
            listing = archives.look_over(archive, "up.zip")
        except DataError:
            assert list(root.rglob("*")) == [archive]
            return
        archives.unpack(archive, listing, folder, lambda done: None)
        outside = [path for path in root.rglob("*") if path.is_file() and path.parent != folder]
        assert outside == [archive]
        assert not any(path.is_symlink() for path in folder.iterdir())
