import numpy as np
import pytest

from classifier.importance import permutation_importance

RNG = np.random.default_rng(0)
X = RNG.normal(size=(1000, 3))
TRUTH = np.stack([X[:, 1] > 0, X[:, 1] <= 0], axis=1)


def _by_the_sign_of_the_second(x):
    return np.stack([x[:, 1], -x[:, 1]], axis=1)


def _importance(score_fn, x=X, truth=TRUTH, **settings):
    return permutation_importance(score_fn, x, truth, ("noise", "signal", "ballast"), **settings)


def test_only_the_feature_that_decides_is_important_and_it_comes_first():
    first, *others = _importance(_by_the_sign_of_the_second, rounds=3)
    assert first["feature"] == "signal"
    assert first["drop"] == pytest.approx(50, abs=5)
    assert 0 < first["spread"] < 5
    assert [(one["drop"], one["spread"]) for one in others] == [(0, 0), (0, 0)]


def test_unknown_cells_travel_with_the_permutation():
    x = np.where(X > 0, X, np.nan)
    seen = []

    def known_or_not(part):
        seen.append(np.isnan(part).sum(0))
        return np.stack([~np.isnan(part[:, 1]), np.isnan(part[:, 1])], axis=1).astype(float)

    assert _importance(known_or_not, x=x, rounds=2)[0]["drop"] == pytest.approx(50, abs=5)
    assert np.ptp(seen, axis=0).tolist() == [0, 0, 0]


def test_the_same_seed_gives_the_same_figures_and_the_input_is_left_alone():
    before = X.copy()
    runs = [_importance(_by_the_sign_of_the_second, rounds=2, seed=seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    assert (before == X).all()


def test_a_cap_on_the_rows_bounds_the_cost():
    sizes = []

    def counting(part):
        sizes.append(len(part))
        return _by_the_sign_of_the_second(part)

    _importance(counting, rounds=2, max_rows=100)
    assert sizes == [100] * 7


def test_a_column_too_many_is_refused():
    with pytest.raises(ValueError, match="3 features are named"):
        _importance(_by_the_sign_of_the_second, x=X[:, :2])
