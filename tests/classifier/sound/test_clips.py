import numpy as np
import pytest

from classifier import features
from classifier.errors import DataError
from classifier.sound.clips import (
    as_bytes,
    columns_of,
    hear,
    read_clips,
    split_by_lists,
    split_random,
)
from classifier.sound.nets import COLUMNS, decibels
from tests.classifier.sound.made_clips import GENRES, clips, lists, mel, mel_file, sound_folder


def test_a_file_of_spectrograms_becomes_clips_of_full_length(tmp_path):
    found = read_clips(mel_file(tmp_path, 12), licence="made here")
    assert found.mel.shape == (12, 128, COLUMNS)
    assert np.array_equal(found.mel[:, :, 200:], found.mel[:, :, : COLUMNS - 200])  # short ones repeat
    assert found.genres == GENRES
    assert found.names[0] == "bell/bell.00000"
    assert found.provenance.licence == "made here"
    assert len(found.provenance.sha256) == 64


def test_a_folder_of_sound_becomes_the_same_spectrograms(tmp_path):
    found = read_clips(sound_folder(tmp_path / "s", 6))
    assert found.mel.shape == (6, 128, COLUMNS)
    assert found.labels == ("bell", "bell", "drum", "drum", "hiss", "hiss")
    assert found.names[1] == "bell/bell.00003"
    assert found.truth.argmax(1).tolist() == [0, 0, 1, 1, 2, 2]


def test_what_is_heard_is_the_spectrogram_at_every_third_frame_or_so():
    wave = np.random.default_rng(0).normal(size=22_050 * 31).astype(np.float32)
    heard, whole = hear(wave), features.log_mel(wave)
    assert heard.shape == (128, COLUMNS)
    assert np.abs(decibels(heard).numpy() - whole[:, columns_of(10_000)]).max() < 0.16  # half a byte
    assert columns_of(10_000)[[0, 1, 386]].tolist() == [1, 5, 1289]
    assert as_bytes(np.array([-80.0, 0.0])).tolist() == [0, 255]


def test_genres_can_be_chosen_and_labels_mapped_to_families(tmp_path):
    made, _ = mel(4)
    names = np.array(["hiphop.1", "jazz.1", "blues.1", "disco.1"])
    np.savez(tmp_path / "f.npz", mel=made, name=names)
    assert read_clips(tmp_path / "f.npz", level="family").genres == ("hip-hop", "jazz-blues", "rnb-soul")
    own = read_clips(tmp_path / "f.npz")
    assert own.only(("jazz", "blues")).genres == ("blues", "jazz")
    with pytest.raises(DataError, match="No clip is filed under polka; there are blues, disco"):
        own.only(("polka",))


def test_a_random_split_holds_every_clip_once_and_follows_its_seed():
    data = clips(100, columns=64)
    one = split_random(data, 1)
    assert (len(one.train), len(one.valid), len(one.test)) == (70, 10, 20)
    assert np.array_equal(one.everything, np.arange(100))
    assert not np.array_equal(one.test, split_random(data, 2).test)


def test_lists_say_what_is_trained_on(tmp_path):
    data = clips(45, columns=64)
    parts = split_by_lists(data, lists(tmp_path / "l", list(data.names)))
    assert (len(parts.train), len(parts.valid), len(parts.test)) == (27, 9, 9)
    few = data.only(("bell", "drum"))
    assert len(split_by_lists(few, tmp_path / "l").train) == 18


def test_one_clip_that_is_not_there_is_passed_over(tmp_path):
    data = clips(45, columns=64)
    folder = lists(tmp_path / "l", [*data.names, "bell/bell.99999"])
    assert len(split_by_lists(data, folder).everything) == 45


def _broken_file(folder, **arrays):
    made, names = mel(6, 70)
    given = {key: value for key, value in {"mel": made, "name": names, **arrays}.items() if value is not None}
    np.savez(folder / "f.npz", **given)
    return folder / "f.npz"


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"name": None}, r"f\.npz lacks name; it holds mel"),
        ({"mel": np.zeros((6, 96, 70), np.uint8)}, r"uint8 of shape \[6, 96, 70\]; uint8 \[clips, 128"),
        ({"mel": np.zeros((6, 128, 70), np.float32)}, "is float32"),
        ({"mel": np.zeros((0, 128, 70), np.uint8)}, r"shape \[0, 128"),
        ({"name": ["a.1"]}, "6 spectrograms but 1 names"),
        ({"name": ["a.1"] * 6}, r"holds a\.1 more than once"),
        ({"name": np.array([{}] * 6, object)}, "no file of spectrograms"),
    ],
)
def test_a_wrong_file_of_spectrograms_is_refused(tmp_path, arrays, words):
    with pytest.raises(DataError, match=words):
        read_clips(_broken_file(tmp_path, **arrays))


def test_what_is_no_file_of_spectrograms_is_refused(tmp_path):
    (tmp_path / "f.npz").write_bytes(b"PK\x03\x04 and no more")
    np.save(tmp_path / "one.npy", np.zeros(3))
    for name, words in {"f.npz": "no file of", "one.npy": "no file of", "no.npz": "No such file"}.items():
        with pytest.raises(DataError, match=words):
            read_clips(tmp_path / name)


def test_a_file_that_is_no_sound_is_named_or_skipped(tmp_path):
    folder = sound_folder(tmp_path / "s", 6)
    (folder / "bell" / "broken.wav").write_bytes(b"RIFF")
    with pytest.raises(DataError, match="bell/broken.wav: "):
        read_clips(folder)
    found = read_clips(folder, on_bad_row="skip")
    assert len(found) == 6
    assert "1 unusable files were skipped; the first is bell/broken.wav" in " ".join(found.sentences())


def test_lists_that_do_not_fit_are_refused(tmp_path):
    data = clips(45, columns=64)
    with pytest.raises(DataError, match=r"l holds 0 lists train_\*\.txt; one is needed"):
        split_by_lists(data, tmp_path / "l")
    folder = lists(tmp_path / "l", list(data.names))
    test = folder / "test_filtered.txt"
    test.write_text(test.read_text() + "".join(f"bell/gone.{i}.wav\n" for i in range(9)))
    with pytest.raises(DataError, match="name 9 clips that made does not hold, such as bell/gone.0"):
        split_by_lists(data, folder)
    test.write_text((folder / "train_filtered.txt").read_text())
    with pytest.raises(DataError, match="more than once"):
        split_by_lists(data, folder)
