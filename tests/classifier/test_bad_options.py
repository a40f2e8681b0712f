"""Options, places and versions that cannot be used: one sentence, exit code 2, nothing written."""

import signal
import subprocess
import sys
import time

import pytest

from classifier.__main__ import INTERRUPTED, USAGE_ERROR, main
from classifier.commands import evaluate
from classifier.data import read_unlabelled
from tests.classifier.refusals import ROWS, TEXT, refused, rows_with, train_refused, written
from tests.classifier.synthetic import frame, table


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("nowhere.csv", "nowhere.csv cannot be read: No such file"),
        ("a\0b", "is no file name"),
        ("a" * 5000, "cannot be read: File name too long"),
        ("", "--data names no table"),
        ("table.csv,,table.csv", "a comma too many"),
        (".", "holds no sound files; they belong into one sub-folder per genre"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, capsys, monkeypatch, data, words):
    monkeypatch.chdir(tmp_path)
    table(tmp_path, ROWS)
    assert words in refused(capsys, "train", "--data", data, "--out", "v")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--label-column", "mood"), "no label column: looked for 'mood', found track_id, artists"),
        (("--features", "energy,artists"), "row 1, column artists: 'hip-hop band 1' is not a number"),
        (("--features", ","), "--features names no column"),
        (("--genres", "rock,polka"), "No track is filed under polka"),
        (("config.toml",), "configuration file comes first"),
    ],
)
def test_options_that_do_not_fit_the_table_are_refused(tmp_path, capsys, more, words):
    assert words in train_refused(tmp_path, capsys, ROWS, *more)


@pytest.mark.parametrize(
    ("command", "flag", "value"),
    [
        *(("train", flag, "0") for flag in ("--epochs", "--members", "--genres-per-track")),
        *(("train", "--seed", value) for value in ("-1", "x", str(2**70))),
        *(("train", "--genre-balance", value) for value in ("nan", "-1", "1e9")),
        *(("compare", "--folds", value) for value in ("1", "-1", "x")),
        *(("compare", "--seeds", value) for value in ("x", "", "-1", "0,,1")),
        ("compare", "--members", "-2"),
    ],
)
def test_numbers_out_of_bounds_are_refused_before_anything_is_read(capsys, command, flag, value):
    out = ["--out", "v"] if command == "train" else []
    with pytest.raises(SystemExit) as left:
        main([command, "--data", "nowhere.csv", *out, flag, value])
    assert left.value.code == USAGE_ERROR
    assert f"argument {flag}: " in capsys.readouterr().err.splitlines()[-1]


def test_a_comparison_that_a_split_cannot_carry_is_refused(tmp_path, capsys):
    path = table(tmp_path, ROWS.assign(artists="ABBA"))
    compare = ("compare", "--models", "dummy", "--data", path)
    assert "too few artists" in refused(capsys, *compare)
    assert "leave --folds out" in refused(capsys, *compare, "--split", "by-fold", "--folds", 3)
    assert "there are 3" in refused(capsys, *compare[:-1], table(tmp_path, ROWS.iloc[:3], "three.csv"))


@pytest.mark.parametrize(
    ("out", "words"),
    [("table.csv/v", "is not a directory"), ("/proc/v", "cannot be written"), ("here", "another name")],
)
def test_a_place_that_no_version_can_be_written_to_is_refused(tmp_path, capsys, monkeypatch, out, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    path = table(tmp_path, ROWS)
    assert words in refused(capsys, "train", "--data", path, "--out", out, "--model", "dummy")


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    folder = tmp_path_factory.mktemp("version")
    path = table(folder, frame(300))
    assert main(["train", "--data", str(path), "--out", str(folder / "v"), "--model", "logistic"]) == 0
    return folder / "v"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (ROWS[["track_id"]], "neither a feature column nor an artist column"),
        (ROWS.iloc[:0], "has a header but no rows"),
        (rows_with("energy", 7), "row 5, column energy: 7 is outside 0 to 1"),
    ],
)
def test_a_table_that_cannot_be_predicted_is_refused(tmp_path, capsys, version, content, words):
    path = written(tmp_path, content)
    out = tmp_path / "out.csv"
    assert words in refused(capsys, "predict", "--model", version, "--input", path, "--output", out)
    assert not out.exists()


def test_equal_ids_are_predicted_row_by_row(tmp_path, version):
    path = written(tmp_path, "track_id,energy\na,0.1\na,0.9\n")
    assert read_unlabelled(path).track_ids == ("a", "a")
    out = tmp_path / "out.csv"
    assert main(["predict", "--model", str(version), "--input", str(path), "--output", str(out)]) == 0
    assert len(out.read_text().splitlines()) == 3


@pytest.mark.parametrize("out", ["", "nowhere/out.csv", "table.csv/out.csv", "table.csv"])
def test_predictions_go_only_where_they_can(tmp_path, capsys, monkeypatch, version, out):
    monkeypatch.chdir(tmp_path)
    path = table(tmp_path, ROWS)
    sentence = refused(capsys, "predict", "--model", version, "--input", path, "--output", out)
    assert "give --output" in sentence
    assert path.read_text() == TEXT


def test_a_table_of_other_genres_or_of_known_artists_alone_is_not_judged(tmp_path, capsys, version):
    metal = table(tmp_path, ROWS.assign(track_genre="metal"), "metal.csv")
    sentence = refused(capsys, "evaluate", version, "--data", metal, "--split", "all")
    assert sentence == "No track of metal.csv has one of the version's genres: rock, hip-hop, classical."
    known = table(tmp_path, frame(300))
    assert "try --split all" in refused(capsys, "evaluate", version, "--data", known)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("weights.safetensors", b"short"),
        ("meta.json", b'{"format": 2'),
        ("meta.json", b"[]"),
        ("meta.json", b'{"format": 2, "name": 1, "labels": [], "features": [{}], "model": {}, "fusion": {}, '
                      b'"artists": {}, "threshold": 1}'),
    ],
)  # fmt: skip
def test_a_damaged_version_is_refused(tmp_path, capsys, version, file, content):
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for one in version.iterdir():
        (damaged / one.name).write_bytes(content if one.name == file else one.read_bytes())
    path = table(tmp_path, ROWS)
    assert "version damaged" in refused(capsys, "evaluate", damaged, "--data", path, "--split", "all")
    predict = ("predict", "--model", damaged, "--input", path, "--output", tmp_path / "out.csv")
    assert "version damaged" in refused(capsys, *predict)


def test_a_directory_that_is_no_version_has_no_report(tmp_path, capsys):
    assert refused(capsys, "report", tmp_path).endswith("is not a model version: it has no meta.json.")


def test_an_interrupted_training_says_so_and_keeps_what_it_has_learnt(tmp_path):
    path = table(tmp_path, frame(600))
    command = [sys.executable, "-m", "classifier", "train", "--data", str(path), "--out", str(tmp_path / "v")]
    # Tests that run in the background of a shell are deaf to SIGINT, and so would be their children.
    process = subprocess.Popen(
        [*command, "--epochs", "400"],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not list(tmp_path.glob(".v.unfinished/*/*")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1].splitlines()[-1].startswith("Stopped. The same command started again")
    assert process.returncode == INTERRUPTED
    assert list(tmp_path.glob(".v.unfinished/*/*")) and not (tmp_path / "v").exists()


def test_an_interruption_while_a_library_is_imported_is_one_too(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(evaluate, "run", makes_a_class_whose_part_raises(KeyboardInterrupt))
    assert main(["evaluate", str(tmp_path), "--data", "table.csv"]) == INTERRUPTED
    assert capsys.readouterr().err == "Stopped.\n"


def test_a_mistake_while_a_library_is_imported_is_not_hidden(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate, "run", makes_a_class_whose_part_raises(ValueError))
    with pytest.raises(RuntimeError):
        main(["evaluate", str(tmp_path), "--data", "table.csv"])


def makes_a_class_whose_part_raises(error):
    class Part:
        def __set_name__(self, owner, name):
            raise error

    return lambda options: type("Library", (), {"part": Part()})
