import csv

import numpy as np
import pytest

from classifier.__main__ import main
from classifier.errors import DataError, ModelError
from classifier.sound import opinion, taggrams
from classifier.sound.expert import SoundExpert
from classifier.sound.files import sound_files
from classifier.sound.listener import load_listener
from tests.classifier.audio_samples import encoded, music


@pytest.fixture(scope="module")
def experts():
    return {accurate: SoundExpert.load(accurate=accurate) for accurate in (True, False)}


@pytest.fixture
def songs(tmp_path):
    """Two genres of made sound, a hidden file and one that is no sound."""
    for number, genre in enumerate(["jazz", "metal"]):
        (tmp_path / "songs" / genre).mkdir(parents=True)
        for take in range(2):
            sound = music(6) * (1 + np.sin(np.arange(6 * 22_050) / (500 * (number + take + 1))))
            (tmp_path / "songs" / genre / f"{take}.mp3").write_bytes(
                encoded((0.3 * sound)[:, None].astype(np.float32), "MP3", 22_050)
            )
    (tmp_path / "songs" / "jazz" / ".hidden.mp3").write_bytes(b"?")
    return tmp_path / "songs"


@pytest.mark.parametrize("accurate", [True, False])
def test_waves_of_all_lengths_are_embedded_as_each_alone(experts, accurate):
    waves = [music(3.1), music(12), music(30), music(12) * 0.5]
    together = experts[accurate].embed(waves)
    alone = np.concatenate([experts[accurate].embed([wave]) for wave in waves])
    assert together.shape == (4, opinion.WIDTH)
    assert np.allclose(together, alone, atol=1e-4, equal_nan=True)


def test_without_the_tagger_its_parts_are_missing_and_the_encoder_says_so(experts):
    (x,) = experts[False].embed([music(4)])
    assert np.isnan(x).sum() == 300 and np.isfinite(x[300:]).all()
    assert experts[False].encoder != experts[True].encoder


def test_nothing_gives_nothing(experts):
    assert experts[True].embed([]).shape == (0, opinion.WIDTH)
    assert experts[True].opinion.spoken(experts[True].embed([])) == []


def test_loudness_changes_nothing(experts):
    quiet, loud = experts[False].embed([music(8) * 0.1, music(8)])
    assert np.allclose(quiet, loud, atol=0.05, equal_nan=True)


def test_a_network_of_another_shape_is_refused(tmp_path):
    from safetensors.numpy import load_file, save_file

    for name in ("meta.json", "weights.safetensors"):
        (tmp_path / name).write_bytes((opinion.shipped_path() / name).read_bytes())
    arrays = load_file(tmp_path / "weights.safetensors")
    arrays["cnn.mean"] = arrays["cnn.mean"][:5]
    save_file(arrays, tmp_path / "weights.safetensors")
    with pytest.raises(ModelError, match="its network does not fit"):
        SoundExpert.load(tmp_path, accurate=False)


def test_predict_names_the_genre_of_every_file_of_a_folder(songs, tmp_path, capsys):
    (songs / "jazz" / "broken.mp3").write_bytes(b"<!doctype html><p>gone")
    out = tmp_path / "out.csv"
    assert main(["predict", "--input", str(songs), "--output", str(out), "--fast"]) == 0
    rows = list(csv.DictReader(out.open()))
    assert [row["track_id"] for row in rows] == ["jazz/0.mp3", "jazz/1.mp3", "metal/0.mp3", "metal/1.mp3"]
    assert all(float(row["p_latin"]) < 1e-4 and 0.1 < float(row["other"]) < 0.5 for row in rows)
    assert "jazz/broken.mp3: The file is a web page, not audio." in capsys.readouterr().err


def test_predict_takes_a_single_file(songs, tmp_path):
    out = tmp_path / "out.csv"
    assert main(["predict", "--input", str(songs / "jazz" / "0.mp3"), "--output", str(out), "--fast"]) == 0
    assert [row["track_id"] for row in csv.DictReader(out.open())] == ["0.mp3"]


def test_a_folder_without_sound_is_refused_in_a_sentence(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("la la")
    assert main(["predict", "--input", str(tmp_path), "--output", str(tmp_path / "out.csv")]) == 2
    assert "holds no sound files" in capsys.readouterr().err


def test_there_must_be_something_to_hear(tmp_path):
    with pytest.raises(DataError, match="There is no file or folder 'gone.mp3'"):
        sound_files(tmp_path / "gone.mp3")


def test_evaluate_judges_by_sound_alone_and_tells_the_likeliest_two(songs, capsys):
    assert main(["evaluate", "shipped", "--data", str(songs), "--fast"]) == 0
    assert "right family among the likeliest two: " in capsys.readouterr().out


def test_a_listener_files_clips_under_families(songs):
    filed = load_listener("shipped", accurate=False).filed(songs)
    labels = load_listener("shipped", accurate=False).labels
    assert {labels[place] for _, place in filed} == {"jazz-blues", "metal"}


def taggram_file(path, labels, patches=6, seed=0):
    rng = np.random.default_rng(seed)
    clips = [f"{label}/{label}.{i}.au" for label in labels for i in range(8)]
    x = rng.random((len(clips) * patches, 50)).astype(np.float32) * 0.2
    for row, clip in enumerate(np.repeat(clips, patches)):
        x[row, labels.index(clip.split("/")[0])] += 0.7
    np.savez(path, X=x, IDS=np.repeat(clips, patches))
    return path


def test_an_expert_is_built_from_taggrams_folders_and_a_net(songs, tmp_path, capsys):
    from classifier import registry
    from classifier.sound.recipes import RECIPES
    from classifier.sound.train import arrays_of

    net = RECIPES["cnn"].build(2)
    meta = {
        "format": registry.FORMAT,
        "kind": registry.SOUND,
        "labels": ["jazz", "metal"],
        "model": {"family": "cnn"},
        "data": [],
    }
    registry.write_files(tmp_path / "cnn", meta, {registry.WEIGHTS: arrays_of(net)})
    published = taggram_file(tmp_path / "t.npz", ["jazz", "metal", "reggae"])
    command = [
        "train",
        "expert",
        "--data",
        f"{published},{songs}",
        "--cnn",
        str(tmp_path / "cnn"),
        "--out",
        str(tmp_path / "new"),
    ]
    assert main(command) == 0
    assert "with 3 families" in capsys.readouterr().out
    built = SoundExpert.load(tmp_path / "new", accurate=True)
    assert {"jazz-blues", "metal", "reggae"} <= set(built.opinion.spoken(built.embed([music(4)]))[0])


def test_an_expert_needs_a_net_and_a_folder(tmp_path, capsys):
    published = taggram_file(tmp_path / "t.npz", ["jazz", "metal"])
    assert main(["train", "expert", "--data", str(published), "--out", str(tmp_path / "new")]) == 2
    assert "needs --cnn" in capsys.readouterr().err


def test_a_head_learns_from_taggrams(tmp_path):
    clips, origin = taggrams.read(taggram_file(tmp_path / "t.npz", ["jazz", "metal"]))
    assert (len(clips.names), origin.rows) == (16, 16)
    head = taggrams.learn_head(clips)
    x = np.array([taggrams.statistics(tags) for tags in clips.tags])
    assert [head.labels[k] for k in head.log_probabilities(x).argmax(1)] == list(clips.labels)


def test_of_a_clip_in_two_sources_one_is_kept():
    tags, layer = np.full((2, 50), 0.1, np.float32), np.ones(200, np.float32)
    one = taggrams.Taggrams(("a", "b"), ("jazz", "jazz"), (tags, tags), (None, None))
    two = taggrams.Taggrams(("b", "c"), ("jazz", "rock"), (tags * 2, tags), (layer, layer))
    both = one + two
    assert both.names == ("a", "b", "c") and both.tags[1] is tags
    assert [deep is None for deep in both.deep] == [True, False, False]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"X": np.zeros((2, 50))}, "X and IDS are needed"),
        ({"X": np.zeros((2, 50)), "IDS": np.array(["a/b"])}, "must be probabilities"),
        ({"X": np.full((1, 50), 2.0), "IDS": np.array(["a/b"])}, "must be probabilities"),
        ({"X": np.zeros((1, 50)), "IDS": np.array(["plain"])}, "is not named label/file"),
    ],
)
def test_a_file_that_holds_no_taggrams_is_refused(tmp_path, arrays, said):
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(DataError, match=said):
        taggrams.read(tmp_path / "t.npz")
