import csv
import json

import pytest

from classifier.__main__ import main
from classifier.labels import sub_genres_of
from classifier.registry import read_meta
from tests.classifier.synthetic import frame, table


def _train(tmp_path, *more: str, rows=None, out: str = "v") -> dict:
    source = str(table(tmp_path, rows))
    assert main(["train", "--data", source, "--out", str(tmp_path / out), "--epochs", "2", *more]) == 0
    return read_meta(tmp_path / out)


def test_a_configuration_file_gives_options_and_flags_win(tmp_path):
    config = tmp_path / "run.toml"
    config.write_text('seed = 7\nmodel = "random-forest"\ngenres = ["rock", "classical"]\nno_refit = true\n')
    assert (
        main(
            [
                "train",
                str(config),
                "--data",
                str(table(tmp_path)),
                "--out",
                str(tmp_path / "v"),
                "--seed",
                "9",
            ]
        )
        == 0
    )
    meta = read_meta(tmp_path / "v")
    assert meta["config"]["seed"] == 9
    assert meta["model"]["family"] == "random-forest"
    assert meta["labels"] == ["rock", "classical"]
    assert meta["training"]["refitted_on_all_rows"] is False


@pytest.mark.parametrize(
    ("text", "words"), [("sede = 1\n", "do not exist: sede"), ("seed: 1", "cannot be read as TOML")]
)
def test_a_wrong_configuration_file_is_refused(tmp_path, capsys, text, words):
    (tmp_path / "run.toml").write_text(text)
    assert main(["train", str(tmp_path / "run.toml"), "--data", "x.csv", "--out", "v"]) == 2
    assert words in capsys.readouterr().err


def test_a_genre_that_does_not_occur_is_named(tmp_path, capsys):
    arguments = [
        "train",
        "--data",
        str(table(tmp_path)),
        "--out",
        str(tmp_path / "v"),
        "--genres",
        "rock,polka",
    ]
    assert main(arguments) == 2
    assert "No track is filed under polka; there are rock, hip-hop, classical." in capsys.readouterr().err


def test_own_labels_and_chosen_features_make_a_version_of_their_own(tmp_path):
    rows = frame().assign(
        track_genre=lambda one: "My " + one.track_genre, loud_bits=lambda one: one.loudness * 2
    )
    meta = _train(tmp_path, "--labels", "own", "--features", "energy,loud_bits", rows=rows)
    assert meta["labels"] == ["my-classical", "my-hip-hop", "my-rock"]
    assert [one["name"] for one in meta["features"]] == ["energy", "loud_bits"]
    assert meta["metrics"]["features"]["accuracy"] > 0.5


def test_a_feature_the_table_lacks_is_named(tmp_path, capsys):
    arguments = ["train", "--data", str(table(tmp_path)), "--out", "v", "--features", "energy,glitter"]
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("table.csv has no column 'glitter'; it has track_id, ")


def test_genres_with_too_few_tracks_are_left_out_and_named(tmp_path, capsys):
    rows = frame()
    rows.loc[0, "track_genre"] = "reggae"
    meta = _train(tmp_path, rows=rows)
    assert "reggae" not in meta["labels"]
    assert "left out: reggae (1)" in capsys.readouterr().out


def test_several_genres_can_be_named_for_a_track(tmp_path):
    meta = _train(tmp_path, "--genres-per-track", "2")
    assert meta["several"]["at_most"] == 2
    out = tmp_path / "out.csv"
    source = str(table(tmp_path))
    assert main(["predict", "--model", str(tmp_path / "v"), "--input", source, "--output", str(out)]) == 0
    named = [row["genres"].split(";") for row in csv.DictReader(out.open())]
    assert {len(one) for one in named} <= {1, 2}
    assert all(one[0] == row["genre"] for one, row in zip(named, csv.DictReader(out.open()), strict=True))


def _predicted(tmp_path, *more: str) -> list[dict[str, str]]:
    out = tmp_path / "out.csv"
    arguments = ["--model", str(tmp_path / "v"), "--input", str(table(tmp_path)), "--output", str(out)]
    assert main(["predict", *arguments, *more]) == 0
    return list(csv.DictReader(out.open()))


def test_the_choice_can_be_narrowed_and_the_rest_is_none_of_these(tmp_path, capsys):
    _train(tmp_path)
    wide = _predicted(tmp_path)
    narrow = _predicted(tmp_path, "--genres", "rock,hip-hop")
    assert {row["genre"] for row in narrow} == {"rock", "hip-hop"}
    for a, b in zip(wide, narrow, strict=True):
        assert float(b["p_rock"]) + float(b["p_hip-hop"]) == pytest.approx(1, abs=1e-5)
        assert float(b["other"]) >= float(a["p_classical"]) - 1e-5
        assert not (b["sure"] == "true" and float(b["other"]) > 0.5)
    arguments = ["predict", "--model", str(tmp_path / "v"), "--input", str(table(tmp_path)), "--output", "x"]
    assert main([*arguments, "--genres", "polka"]) == 2
    assert "does not know polka" in capsys.readouterr().err


def test_sub_genres_fall_back_to_their_family(tmp_path):
    styles = {"rock": "grunge", "classical": "opera", "hip-hop": "psych-rock"}
    rows = frame().assign(track_genre=lambda one: one.track_genre.map(styles))
    meta = _train(tmp_path, "--labels", "sub-genre", rows=rows)
    assert set(meta["labels"]) == set(sub_genres_of(styles.values(), "kaggle114").values())
    for row in _predicted(tmp_path):
        assert float(row["p_rock"]) + float(row["p_classical"]) == pytest.approx(1, abs=1e-4)
        assert float(row["p_rock"]) >= float(row["p_grunge"])
        assert row["genre"] in meta["labels"] or row["genre"] in ("rock", "classical")
    narrowed = _predicted(tmp_path, "--genres", "rock")
    assert all(float(row["p_rock"]) == pytest.approx(1, abs=1e-4) for row in narrowed)
    arguments = ["predict", "--model", str(tmp_path / "v"), "--input", str(table(tmp_path)), "--output"]
    assert main([*arguments, str(tmp_path / "x.csv"), "--genres", "rock,polka"]) == 2


def test_model_families_are_compared_on_the_same_tracks(tmp_path, capsys):
    arguments = [
        "compare",
        "--data",
        str(table(tmp_path)),
        "--models",
        "random-forest",
        "--split",
        "stratified",
    ]
    assert main([*arguments, "--folds", "3", "--seeds", "0,1", "--json"]) == 0
    out = capsys.readouterr().out
    found = json.loads(out[out.index("{") :])
    assert list(found["models"]) == ["dummy", "logistic", "random-forest"]
    mean, spread = found["models"]["random-forest"]["accuracy"]
    assert mean > found["models"]["dummy"]["accuracy"][0] + 0.2
    assert 0 <= spread < 0.1
    assert main(arguments) == 0
    assert "split stratified 60/20/20, artists shared between parts, seeds 0" in capsys.readouterr().out


def test_a_family_that_does_not_exist_is_refused(tmp_path, capsys):
    assert main(["compare", "--data", str(table(tmp_path)), "--models", "oracle"]) == 2
    assert "no model family 'oracle'" in capsys.readouterr().err


def test_a_report_is_written_into_the_version(tmp_path, capsys):
    _train(tmp_path, "--learning-curve")
    assert main(["report", str(tmp_path / "v")]) == 0
    page = (tmp_path / "v" / "report.html").read_text()
    assert "table.csv" in page
    assert (
        len(read_meta(tmp_path / "v")["metrics"]["learning"]) == 3
    )  # of 311 tracks, a sixteenth and an eighth are too few
