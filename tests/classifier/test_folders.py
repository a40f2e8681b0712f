import numpy as np
import pytest

from classifier.errors import DataError
from classifier.folders import list_clips, read_folder
from tests.classifier.audio_samples import encoded, tone


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "songs"
    for genre in ("Rock", "hip hop"):
        (root / genre).mkdir(parents=True)
        for i in range(2):
            (root / genre / f"{i}.flac").write_bytes(encoded(tone(3 + i, channels=1), "FLAC"))
    (root / "Rock" / "notes.txt").write_text("not sound")
    (root / "Rock" / ".hidden.mp3").write_text("not sound")
    return root


def test_a_folder_per_genre_becomes_described_tracks(folder):
    seen = []
    data = read_folder(folder, on_clip=lambda done, total: seen.append((done, total)))
    assert data.labels == (("rock",), ("rock",), ("hip-hop",), ("hip-hop",))
    assert data.track_ids[0] == "Rock/0.flac"
    assert "mfcc_01_mean" in data.feature_names
    assert np.isfinite(data.x).all()
    assert seen[-1] == (4, 4)


def test_a_file_that_is_no_sound_is_named_or_left_out_and_reported(folder):
    (folder / "Rock" / "page.mp3").write_text("<html>Not found</html>")
    with pytest.raises(DataError, match="Rock/page.mp3: "):
        read_folder(folder)
    data = read_folder(folder, on_bad_row="skip")
    assert len(data) == 4
    assert [bad.column for bad in data.report.bad_rows] == ["Rock/page.mp3"]


def test_folders_that_name_no_known_genre_are_named(folder):
    (folder / "Rock").rename(folder / "Zorkcore")
    with pytest.raises(DataError, match="'Zorkcore'"):
        read_folder(folder)
    assert {label for own in read_folder(folder, level="own").labels for label in own} == {
        "zorkcore",
        "hip-hop",
    }


def test_a_folder_without_sound_is_refused(tmp_path):
    (tmp_path / "rock").mkdir()
    (tmp_path / "rock" / "readme.txt").write_text("nothing")
    with pytest.raises(DataError, match="holds no sound files"):
        list_clips(tmp_path)
    with pytest.raises(DataError, match="nowhere is not a folder"):
        list_clips(tmp_path / "nowhere")
