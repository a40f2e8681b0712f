import json

import numpy as np
import pytest

from classifier.__main__ import main
from classifier.registry import read_description
from tests.classifier.refusals import refused
from tests.classifier.sound.made_clips import lists, mel, mel_file, sound_folder
from tests.classifier.synthetic import table

OWN = ("--labels", "own")


def test_a_net_is_trained_on_a_folder_and_tried_on_degraded_sound(tmp_path, capsys):
    folder, out = str(sound_folder(tmp_path / "s", 45)), str(tmp_path / "v")
    arguments = ["--data", folder, "--out", out, *OWN, "--epochs", "2", "--no-refit", "--licence", "CC0"]
    assert main(["train", "cnn", *arguments]) == 0
    assert "45 clips of 3 genres" in capsys.readouterr().out
    meta = read_description(tmp_path / "v")
    assert (meta["kind"], meta["labels"]) == ("sound", ["bell", "drum", "hiss"])
    assert meta["data"][0]["licence"] == "CC0"
    few = str(sound_folder(tmp_path / "few", 3))
    assert main(["robustness", out, "--data", few, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["clips"] == 3
    assert {"clean", "phone"} <= set(found["accuracy"])


def test_nets_are_compared_on_lists(tmp_path, capsys):
    source = mel_file(tmp_path, 60)
    names = [f"{name.split('.')[0]}/{name}" for name in mel(60)[1]]
    arguments = ["--data", str(source), "--models", "classic-ffnn", *OWN, "--seeds", "0,1"]
    arguments += ["--split-lists", str(lists(tmp_path / "l", names)), "--fixed-epochs"]
    assert main(["compare", *arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["models"]["classic-ffnn"]["accuracy"][0] > 0.8
    assert found["seeds"] == [0, 1]


def test_a_tabular_model_is_named_the_same_way(tmp_path):
    assert main(["train", "logistic", "--data", str(table(tmp_path)), "--out", str(tmp_path / "v")]) == 0
    assert read_description(tmp_path / "v")["model"]["family"] == "logistic"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "cnn", "--split", "by-album"), "split at random or by --split-lists"),
        (("train", "cnn", "--genres", "bell,polka"), "No clip is filed under polka"),
        (("train", "cnn", "--split-lists", "nowhere"), "nowhere holds 0 lists"),
        (("compare", "--models", "cnn,svc"), "cnn learn from sound and cannot be compared"),
    ],
)
def test_options_that_do_not_fit_clips_are_refused(tmp_path, capsys, arguments, words):
    command, *more = arguments
    out = ("--out", tmp_path / "v") if command == "train" else ()
    assert words in refused(capsys, command, *more, "--data", mel_file(tmp_path), *out, *OWN)


def test_too_few_clips_are_refused(tmp_path, capsys):
    source = mel_file(tmp_path, 12)
    sentence = refused(capsys, "train", "cnn", "--data", source, "--out", tmp_path / "v", *OWN)
    assert sentence.endswith("The validation part would hold 2 clips; at least 5 are needed.")


def test_lists_are_not_for_tables_and_tables_not_for_nets_that_hear(tmp_path, capsys):
    source = table(tmp_path)
    more = ("--data", source, "--out", tmp_path / "v")
    assert "--split-lists is for models that learn from sound" in refused(
        capsys, "train", *more, "--split-lists", "x"
    )
    assert "table.csv is no file of spectrograms" in refused(capsys, "train", "cnn", *more)


def test_a_version_that_hears_is_not_asked_about_tables(tmp_path, capsys):
    np.random.seed(0)
    source = mel_file(tmp_path, 60)
    arguments = ["--data", str(source), "--out", str(tmp_path / "v"), *OWN, "--epochs", "1", "--no-refit"]
    assert main(["train", "classic-ffnn", *arguments]) == 0
    capsys.readouterr()
    predict = ("predict", "--model", tmp_path / "v", "--input", table(tmp_path), "--output", "x.csv")
    assert refused(capsys, *predict) == "The model version v answers to sound, not to tables."
