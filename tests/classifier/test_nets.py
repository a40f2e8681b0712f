import numpy as np
import pytest
import torch

from classifier.fit import FitConfig, fit
from classifier.labels import FEATURE_NAMES
from classifier.nets import MLPConfig, TabularMLP, log_probabilities
from classifier.networks import drop_features
from classifier.task import row_weights

LABELS = ("rock", "pop")
PLAIN = MLPConfig(FEATURE_NAMES, LABELS, bins=0)


def _rows(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.random((n, len(FEATURE_NAMES))).astype(np.float32)
    x[:, [FEATURE_NAMES.index(name) for name in ("key", "mode", "time_signature", "explicit")]] = 1
    pop = x[:, FEATURE_NAMES.index("energy")] + x[:, FEATURE_NAMES.index("valence")] > 1
    return x, np.stack([~pop, pop], axis=1)


@pytest.mark.parametrize("config", [MLPConfig(FEATURE_NAMES, LABELS), PLAIN])
def test_a_network_learns_and_answers_with_probabilities(config):
    x, truth = _rows()
    torch.manual_seed(0)
    net = TabularMLP(config)
    net.fit_normalisation(x)
    fit(net, x, truth, np.ones(len(x)), config=FitConfig(epochs=12, batch=64), seed=0)
    log_p = log_probabilities([net], x)
    assert (log_p.argmax(1) == truth.argmax(1)).mean() > 0.85
    assert np.allclose(np.exp(log_p).sum(1), 1, atol=1e-5)


def test_all_values_missing_still_gives_an_answer():
    net = TabularMLP(MLPConfig(FEATURE_NAMES, LABELS))
    log_p = log_probabilities([net], np.full((3, len(FEATURE_NAMES)), np.nan, np.float32))
    assert np.isfinite(log_p).all()


def test_normalisation_comes_from_the_given_rows_and_ignores_missing_values():
    x, _ = _rows()
    x[::2, FEATURE_NAMES.index("tempo")] = np.nan
    net = TabularMLP(PLAIN)
    net.fit_normalisation(x)
    place = net.number_places.index(FEATURE_NAMES.index("tempo"))
    assert float(net.numbers.mean[place]) == pytest.approx(
        np.nanmean(x[:, FEATURE_NAMES.index("tempo")]), rel=1e-5
    )


def test_an_unexpected_category_is_treated_as_unknown_and_does_not_crash():
    net = TabularMLP(MLPConfig(FEATURE_NAMES, LABELS))
    x, _ = _rows(2)
    x[:, FEATURE_NAMES.index("key")] = 99
    assert np.isfinite(log_probabilities([net], x)).all()


def test_features_are_dropped_from_about_the_wanted_share_of_rows():
    x = torch.zeros(4000, 14)
    dropped = drop_features(x, 0.3, 0.5, torch.Generator().manual_seed(0))
    assert 0.2 < torch.isnan(dropped).any(1).float().mean() < 0.31


def test_the_best_validation_epoch_is_kept():
    x, truth = _rows(100)
    scores = iter([0.5, 0.9, 0.1, 0.1])
    seen = []

    def score(net):
        seen.append({name: value.clone() for name, value in net.state_dict().items()})
        return next(scores), 0.0

    net = TabularMLP(PLAIN)
    config = FitConfig(epochs=4, patience=2)
    assert fit(net, x, truth, np.ones(100), config=config, seed=0, score=score) == 2
    assert torch.equal(net.state_dict()["body.0.weight"], seen[1]["body.0.weight"])


def test_rare_genres_weigh_more_within_their_table():
    truth = np.array([[True, False]] * 9 + [[False, True]])
    flat = row_weights(truth, np.zeros(10, int), 0.0)
    balanced = row_weights(truth, np.zeros(10, int), 1.0)
    assert np.allclose(flat, 1)
    assert balanced[9] == pytest.approx(9 * balanced[0])
    assert balanced.mean() == pytest.approx(1)
