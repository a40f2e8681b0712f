"""Every model family: learning, answering, saving, loading."""

from dataclasses import replace

import numpy as np
import pytest

from classifier import baselines, models
from classifier.baselines import SKOPS, Baseline
from classifier.errors import DataError, ModelError
from classifier.fit import FitConfig
from classifier.labels import FEATURE_NAMES
from classifier.model_names import MODELS
from classifier.models import Learner
from classifier.networks import NetConfig, Networks
from classifier.rows import Rows

LABELS = ("rock", "pop", "latin")
LONG = ("trees",)
FEW = NetConfig(members=2, fit=FitConfig(epochs=8, batch=64))


def _rows(n: int = 300, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 3, n)
    x = rng.random((n, len(FEATURE_NAMES))).astype(np.float32)
    for name in ("key", "mode", "time_signature", "explicit"):
        x[:, FEATURE_NAMES.index(name)] = 1
    x[:, FEATURE_NAMES.index("energy")] = first / 2 + rng.normal(0, 0.1, n)
    truth = np.eye(3, dtype=bool)[first]
    truth[:10, 0] = True  # some tracks have two genres
    return Rows(x, truth, first, np.ones(n), np.arange(n) // 4)


def _learn(name: str, rows: Rows) -> models.Model:
    learner = Learner.named(name)
    learner = Learner(name, FEW) if learner.net else learner
    return learner.learn(rows, _rows(100, 1), features=FEATURE_NAMES, labels=LABELS)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] if name in LONG else []) for name in MODELS]
)
def test_a_family_learns_answers_with_probabilities_and_survives_saving(name):
    rows, unseen = _rows(), _rows(80, 2)
    unseen.x[0, :] = np.nan
    model = _learn(name, rows)
    log_p = model.log_probabilities(unseen.x)
    assert np.allclose(np.exp(log_p).sum(1), 1, atol=1e-5)
    right = (log_p.argmax(1) == unseen.first).mean()
    assert right < 0.6 if name == "dummy" else right > 0.6
    again = models.restore(name, model.description(), model.arrays(), FEATURE_NAMES, LABELS)
    assert np.allclose(again.log_probabilities(unseen.x), log_p)


def test_a_forest_of_many_tracks_has_fewer_trees(monkeypatch):
    monkeypatch.setattr(baselines, "WHOLE", 299)
    monkeypatch.setattr(baselines, "TREES_BY_TRACKS", 3_100)
    forest = _learn("extra-trees", _rows(300)).pipeline["model"]
    assert (len(forest.estimators_), forest.min_samples_leaf) == (10, 5)


@pytest.mark.parametrize("name", ["svc", "logistic", "random-forest"])
def test_a_genre_that_never_occurs_is_all_but_ruled_out(name):
    rows = _rows()
    kept = rows.first < 2
    only = replace(
        rows, x=rows.x[kept], truth=rows.truth[kept], first=rows.first[kept], weight=rows.weight[kept]
    )
    model = _learn(name, only)
    assert model.log_probabilities(rows.x)[:, 2].max() < -15


@pytest.mark.parametrize("name", ["svc", "knn"])
def test_units_do_not_matter_to_models_that_measure_distances(name):
    rows, unseen = _rows(), _rows(80, 2)
    scale = np.where(np.array(FEATURE_NAMES) == "tempo", 200.0, 1.0).astype(np.float32)
    scaled = replace(rows, x=rows.x * scale)
    a, b = _learn(name, rows), _learn(name, scaled)
    assert np.allclose(a.log_probabilities(unseen.x), b.log_probabilities(unseen.x * scale), atol=1e-2)


def test_an_unknown_family_is_refused_by_name():
    with pytest.raises(DataError, match="no model family 'oracle'; known are mlp"):
        Learner.named("oracle")
    with pytest.raises(ModelError, match="family 'oracle'"):
        models.restore("oracle", {}, {}, FEATURE_NAMES, LABELS)


def test_a_file_with_foreign_parts_is_not_loaded():
    from skops import io

    class Stranger:
        pass

    foreign = Stranger()
    Stranger.__module__, Stranger.__qualname__ = "os", "system"
    content = np.frombuffer(io.dumps({"model": np.random.RandomState(0), "x": foreign}), np.uint8)
    with pytest.raises(ModelError, match="unexpected parts"):
        Baseline.restore({SKOPS: content}, 3)


class _Killed(Exception):
    pass


def _networks(folder, on_epoch=None) -> Networks:
    return Networks.learn(
        _rows(),
        _rows(100, 1),
        features=FEATURE_NAMES,
        labels=LABELS,
        config=FEW,
        seed=3,
        on_epoch=on_epoch,
        checkpoints=folder,
    )


@pytest.mark.parametrize("when", [1, 9, *(pytest.param(when, marks=pytest.mark.long) for when in (4, 8, 13))])
def test_killed_after_any_epoch_training_ends_as_if_it_had_not_been(tmp_path, when):
    whole = _networks(None)
    seen = []

    def kill(*step):
        seen.append(step)
        if len(seen) == when:
            raise _Killed

    with pytest.raises(_Killed):
        _networks(tmp_path, kill)
    resumed = []
    again = _networks(tmp_path, lambda *step: resumed.append(step))
    last = {stage: (stage, epoch) for stage, epoch, *_ in seen}
    again_told = [step for step in resumed if step[:2] in {one[:2] for one in seen}]
    assert {step[:2] for step in again_told} <= set(
        last.values()
    )  # told once more, so that a curve has no gap
    assert set(again_told) <= set(seen)  # but not done twice: the very same figures
    assert whole.arrays().keys() == again.arrays().keys()
    assert all(np.array_equal(value, again.arrays()[key]) for key, value in whole.arrays().items())


def test_a_damaged_checkpoint_means_starting_over(tmp_path):
    (tmp_path / "network 1 of 2.pt").write_bytes(b"half a fi")
    assert np.array_equal(
        _networks(tmp_path).arrays()["0.body.0.weight"], _networks(None).arrays()["0.body.0.weight"]
    )
