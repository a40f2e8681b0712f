"""None of these: tracks of genres that a version was not asked to tell apart."""

import numpy as np
import pytest

from classifier.data import read_table
from classifier.fit import FitConfig
from classifier.networks import NetConfig
from classifier.outlet import is_shown, outside_parts, shown_rows
from classifier.predict import Example, Predictor
from classifier.task import build_task
from classifier.train import TrainConfig, train_version
from tests.classifier.synthetic import frame, table

SHOWN, HELD_BACK = (
    next(f"style {i}" for i in range(99) if is_shown(f"style-{i}") == which) for which in (True, False)
)
CONFIG = TrainConfig(genres=("rock", "hip-hop"), net=NetConfig(fit=FitConfig(epochs=4)))


def _rows(tmp_path):
    """Rock and hip-hop inside; outside two styles that both sound like classical music."""
    rows = frame(1500)
    quiet = np.flatnonzero(rows.track_genre == "classical")
    rows.loc[quiet[::2], "track_genre"] = SHOWN
    rows.loc[quiet[1::2], "track_genre"] = HELD_BACK
    return read_table(table(tmp_path, rows), level="own")


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outlet")
    return train_version([_rows(folder)], folder / "v", CONFIG)


def test_tracks_of_other_genres_are_outside_and_split_by_the_same_artists(tmp_path):
    task = build_task([_rows(tmp_path)], CONFIG.genres)
    assert task.labels == ("hip-hop", "rock") or task.labels == ("rock", "hip-hop")
    assert len(task.data) + len(task.outside) == 1500
    parts = outside_parts(task, "artist", 0)
    names = [{task.outside.artists[i] for i in rows} for rows in (parts.train, parts.valid, parts.test)]
    assert not (names[0] & names[1] or names[0] & names[2] or names[1] & names[2])


def test_no_label_is_both_shown_and_tested(tmp_path):
    outside = build_task([_rows(tmp_path)], CONFIG.genres).outside
    shown, kept = (shown_rows(outside, shown=which) for which in (True, False))
    assert not {outside.labels[i] for i in np.flatnonzero(shown)} & {
        outside.labels[i] for i in np.flatnonzero(kept)
    }


def test_only_tracks_of_labels_held_back_are_tested(tmp_path, version):
    task = build_task([_rows(tmp_path)], CONFIG.genres)
    test = outside_parts(task, "artist", 0).test
    held_back = [i for i in test if task.outside.labels[i] == (HELD_BACK.replace(" ", "-"),)]
    shown = [i for i in test if i not in held_back]
    assert len(held_back) != len(shown)  # or the count would not tell them apart
    assert version.metrics["unknown"]["tracks_tested"]["outside"] == len(held_back)


def test_a_genre_never_shown_is_known_to_be_none_of_these(version):
    unknown = version.metrics["unknown"]
    assert unknown["auroc"] > 0.9
    assert unknown["labels_exposed"] == [SHOWN.replace(" ", "-")]
    assert unknown["labels_tested"] == [HELD_BACK.replace(" ", "-")]


def test_a_song_of_another_genre_is_probably_none_of_these_and_not_sure(version):
    quiet = {"danceability": 0.2, "energy": 0.12, "loudness": -24.0, "tempo": 88.0}
    loud = {"danceability": 0.5, "energy": 0.85, "loudness": -5.0, "tempo": 121.0}
    predictor = Predictor.load(version.path)
    strange, usual = predictor.predict([Example("a", quiet), Example("b", loud)])
    assert strange.other > 0.5 > usual.other
    assert not strange.sure


def test_a_known_artist_is_reason_enough_to_belong(version):
    quiet = {"danceability": 0.2, "energy": 0.12, "loudness": -24.0, "tempo": 88.0}
    known = Predictor.load(version.path).predict([Example("a", quiet, ("rock band 3",))])[0]
    assert known.other == 0


def test_without_tracks_outside_there_is_no_outlet(tmp_path):
    trained = train_version([read_table(table(tmp_path))], tmp_path / "v", TrainConfig(net=CONFIG.net))
    assert "unknown" not in trained.metrics
    assert Predictor.load(trained.path).predict([Example("a", {"energy": 0.1})])[0].other == 0
