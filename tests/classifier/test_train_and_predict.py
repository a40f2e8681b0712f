import csv
import gc
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from classifier import registry
from classifier.__main__ import main
from classifier.baselines import Baseline
from classifier.data import read_table
from classifier.errors import DataError, ModelError
from classifier.fit import FitConfig
from classifier.networks import NetConfig
from classifier.predict import Example, Predictor
from classifier.splits import split
from classifier.task import build_task
from classifier.train import Cancelled, TrainConfig, train_version
from tests.classifier.synthetic import frame, table

QUICK = TrainConfig(net=NetConfig(members=2, fit=FitConfig(epochs=3, batch=128)))
ROCK = {"danceability": 0.5, "energy": 0.85, "loudness": -5.0, "tempo": 121.0}


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    folder = tmp_path_factory.mktemp("version")
    seen = []
    data = read_table(table(folder))
    trained = train_version([data], folder / "v1", QUICK, name="first", progress=seen.append)
    return trained, seen


@pytest.fixture(scope="module")
def predictor(version):
    return Predictor.load(version[0].path)


def test_training_reports_progress_and_beats_the_majority(version):
    trained, seen = version
    assert trained.labels == ("rock", "hip-hop", "classical")
    assert [round(one.done, 3) for one in seen] == sorted(round(one.done, 3) for one in seen)
    assert seen[-1].done == pytest.approx(1)
    assert seen[0].stage == "fitting the boosted trees that teach the network"
    first = next(one for one in seen if one.has_epochs)
    assert 0 <= first.valid_accuracy <= 1
    metrics = trained.metrics
    assert metrics["features"]["accuracy"] > metrics["baselines"]["majority"]["accuracy"] + 0.2


def test_the_second_pass_holds_no_model_of_the_first(tmp_path):
    def held() -> int:
        return sum(type(one) is Baseline for one in gc.get_objects())

    before, seen = held(), []

    def told(step):
        if step.stage.endswith("on all rows"):
            seen.append(held() - before)

    train_version(
        [read_table(table(tmp_path))], tmp_path / "v1", TrainConfig(model="logistic"), progress=told
    )
    assert seen == [0]


def test_the_version_describes_itself(version):
    meta = registry.read_meta(version[0].path)
    assert meta["name"] == "first"
    assert meta["data"][0]["name"] == "table.csv"
    assert len(meta["data"][0]["sha256"]) == len(meta["data_fingerprint"]) == 64
    assert meta["metrics"] == json.loads(json.dumps(version[0].metrics))
    assert meta["training"]["artists_shared_between_parts"] is False
    assert meta["training"]["tracks_without_artist"] == 0


def test_a_prediction_names_its_evidence_and_reasons(predictor):
    both, features, artist, nothing = predictor.predict(
        [
            Example("a", ROCK, ("rock band 3",)),
            Example("b", ROCK, ("nobody",)),
            Example("c", None, ("classical band 2",)),
            Example("d", None, ()),
        ]
    )
    assert (both.genre, features.genre, artist.genre) == ("rock", "rock", "classical")
    assert [one.evidence for one in (both, features, artist, nothing)] == [
        ("features", "artist"),
        ("features",),
        ("artist",),
        (),
    ]
    assert list(both.why["artist"])[0] == "rock"
    assert sum(np.exp(list(both.log_probs.values()))) == pytest.approx(1)
    assert not nothing.sure
    assert both.confidence > features.confidence > nothing.confidence


def test_votes_change_the_answer_for_that_artist_only(predictor):
    votes = {"nobody": {"classical": 20.0}}
    voted, other = predictor.predict(
        [Example("a", None, ("nobody",)), Example("b", None, ("x",))], votes=votes
    )
    assert voted.genre == "classical"
    assert other.evidence == ()


def test_order_of_named_features_and_of_tracks_does_not_matter(predictor):
    examples = [Example("a", ROCK), Example("b", dict(reversed(ROCK.items()))), Example("c", {"energy": 0.1})]
    a, b, c = predictor.predict(examples)
    assert a.log_probs == pytest.approx(b.log_probs)
    assert predictor.predict(examples[2:])[0].log_probs == pytest.approx(c.log_probs, rel=1e-4)
    assert predictor.predict([]) == []


def test_the_same_seed_gives_the_same_version(tmp_path, version):
    again = train_version([read_table(table(tmp_path))], tmp_path / "v1", QUICK)
    assert again.metrics["features"]["accuracy"] == version[0].metrics["features"]["accuracy"]


def test_a_version_without_artists_or_with_two_genres_can_be_trained(tmp_path):
    rows = frame(400, ("rock", "classical")).drop(columns="artists")
    trained = train_version([read_table(table(tmp_path, rows))], tmp_path / "v1", QUICK)
    assert trained.metrics["artist"] == {"tracks": 0, "tables": {"table.csv": {"tracks": 0}}}
    assert Predictor.load(trained.path).predict([Example("a", ROCK, ("x",))])[0].genre == "rock"


def test_evidence_that_is_never_right_often_enough_is_never_sure(tmp_path):
    rows = frame(600)
    noise = np.random.default_rng(1).permutation(rows.track_genre)
    weak = rows.assign(track_genre=noise, artists=[f"{name} band" for name in noise]).drop(columns="artists")
    trained = train_version([read_table(table(tmp_path, weak))], tmp_path / "v", QUICK)
    assert trained.metrics["features"]["sure_share"] == 0
    assert not any(one.sure for one in Predictor.load(trained.path).predict([Example("a", ROCK)]))


def test_good_artists_do_not_make_weak_features_sure(tmp_path):
    rows = frame(900)
    columns = ["danceability", "energy", "loudness", "tempo"]
    rows[columns] = rows[columns].sample(frac=1, random_state=0).to_numpy()
    trained = train_version([read_table(table(tmp_path, rows))], tmp_path / "v", QUICK)
    assert trained.metrics["artist"]["sure_share"] > 0.5
    assert trained.metrics["features"]["sure_share"] == 0
    both, alone = Predictor.load(trained.path).predict(
        [Example("a", None, ("rock band 3",)), Example("b", ROCK)]
    )
    assert both.sure
    assert not alone.sure


def test_a_song_without_evidence_goes_by_the_others_of_its_artist_alone(predictor):
    x = predictor._matrix([Example("a", ROCK), Example("b", ROCK), Example("c", None)])
    artists = [("new",), ("new",), ("new",)]
    *_, alone = predictor.predict_rows("abc", x, artists, one_library=True)
    assert alone.genre == "rock"
    assert predictor.predict_rows("c", x[2:], [("new",)], one_library=True)[0].evidence == ()


def test_one_table_says_nothing_about_artists_known_from_another(version):
    assert version[0].metrics["other_tables"]["artist"]["tracks"] == 0
    assert version[0].metrics["artist"]["tracks"] > 0


def test_artists_known_from_another_table_are_judged_by_that_table(tmp_path):
    a = read_table(table(tmp_path, frame(600), "a.csv"))
    b = read_table(table(tmp_path, frame(600, seed=1), "b.csv"))
    metrics = train_version([a, b], tmp_path / "v", QUICK).metrics
    assert metrics["other_tables"]["artist"]["tracks"] > 100
    assert metrics["other_tables"]["artist"]["accuracy"] > 0.95


def test_without_a_second_pass_the_version_knows_no_test_artist(tmp_path):
    data = read_table(table(tmp_path))
    trained = train_version([data], tmp_path / "v", replace(QUICK, refit=False))
    known = Predictor.load(trained.path).artists
    tested = split(data, "artist").test
    assert not any(known.knows(data.artists[i][0]) for i in tested)


def test_rows_of_one_track_do_not_vouch_for_each_other(tmp_path):
    rows = frame(400).assign(artists=[f"somebody {i}" for i in range(400)])
    twice = pd.concat([rows, rows], ignore_index=True)
    trained = train_version([read_table(table(tmp_path, twice), repeat=True)], tmp_path / "v", QUICK)
    assert trained.metrics["artist"]["tracks"] == 0


def test_other_artists_are_another_training(tmp_path):
    data = read_table(table(tmp_path))
    others = replace(data, artists=tuple((f"x{i}",) for i in range(len(data))))
    assert build_task([data]).fingerprint() != build_task([others]).fingerprint()


def test_the_same_training_runs_once_at_a_time(tmp_path):
    data = [read_table(table(tmp_path))]

    def again(_):
        with pytest.raises(ModelError, match="under way already"):
            train_version(data, tmp_path / "v", QUICK)

    assert train_version(data, tmp_path / "v", QUICK, progress=again).path.exists()


def test_a_training_killed_and_started_again_ends_as_if_it_had_not_been(tmp_path):
    data = [read_table(table(tmp_path, frame(300)))]
    whole = train_version(data, tmp_path / "whole", QUICK, name="v")
    for nth in (2, 5):  # once in the first pass, once more in the second
        seen = []

        def kill(step, seen=seen, nth=nth):
            seen.append(step)
            if len(seen) == nth:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train_version(data, tmp_path / "killed", QUICK, name="v", progress=kill)
        assert not (tmp_path / "killed").exists()
    again = train_version(data, tmp_path / "killed", QUICK, name="v")
    same = [(tmp_path / one / registry.WEIGHTS).read_bytes() for one in ("whole", "killed")]
    assert same[0] == same[1]
    assert again.metrics == whole.metrics
    assert again.meta["curve"] == whole.meta["curve"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["killed", "table.csv", "whole"]


def test_stopping_writes_nothing(tmp_path):
    with pytest.raises(Cancelled):
        train_version([read_table(table(tmp_path))], tmp_path / "v1", QUICK, should_stop=lambda: True)
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (frame(99), "at least 100 labelled tracks; there are 99"),
        (frame(300, ("rock",)), "at least two genres; all tracks are rock"),
        (frame(300).assign(artists="the one band"), "too few artists"),
    ],
)
def test_a_table_too_small_to_learn_from_is_refused(tmp_path, rows, words):
    with pytest.raises(DataError, match=words):
        train_version([read_table(table(tmp_path, rows))], tmp_path / "v1", QUICK)


def test_an_existing_version_is_never_overwritten(tmp_path, version):
    with pytest.raises(ModelError, match="already is a model version at v1"):
        train_version([], version[0].path, QUICK)


@pytest.mark.parametrize("name", [registry.META, registry.WEIGHTS, registry.ARTISTS])
def test_a_damaged_version_is_refused_in_a_sentence(tmp_path, version, name):
    import shutil

    copy = shutil.copytree(version[0].path, tmp_path / "copy")
    (copy / name).write_bytes(b"{}")
    with pytest.raises(ModelError, match="copy"):
        Predictor.load(copy)
    with pytest.raises(ModelError, match="not a model version"):
        Predictor.load(tmp_path / "nowhere")


def test_the_command_line_predicts_in_input_order_without_labels(tmp_path, version):
    rows = frame(30, seed=5).drop(columns=["loudness", "track_genre"])
    out = tmp_path / "out.csv"
    source = table(tmp_path, rows, "library.parquet")
    assert (
        main(["predict", "--model", str(version[0].path), "--input", str(source), "--output", str(out)]) == 0
    )
    written = list(csv.DictReader(out.open()))
    assert [row["track_id"] for row in written] == list(rows.track_id)
    chances = [float(value) for key, value in written[0].items() if key.startswith("p_")]
    assert len(chances) == 15
    assert sum(chances) == pytest.approx(1, abs=1e-4)
    assert {row["sure"] for row in written} <= {"true", "false"}


def test_the_command_line_trains_evaluates_and_refuses(tmp_path, capsys):
    source = str(table(tmp_path, frame()))
    out = str(tmp_path / "v2")
    assert main(["train", "--data", source, "--out", out, "--dry-run"]) == 0
    assert "Nothing was trained" in capsys.readouterr().out
    assert main(["train", "--data", source, "--out", out, "--epochs", "2"]) == 0
    assert "On held-out tracks, split by-artist" in capsys.readouterr().out
    assert main(["evaluate", out, "--data", source, "--split", "all", "--json"]) == 0
    assert "features only" in json.loads(capsys.readouterr().out)
    assert main(["evaluate", out, "--data", str(tmp_path / "no.csv")]) == 2
    assert capsys.readouterr().err == "no.csv cannot be read: No such file or directory.\n"
