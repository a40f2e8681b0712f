"""How much each named feature matters to a trained model: what is lost when its column is shuffled."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from classifier.evaluate import accuracy_any

MAX_ROWS = 4000  # one standard error of an accuracy is then below .8 points


def permutation_importance(
    score_fn: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    truth: np.ndarray,
    feature_names: Sequence[str],
    *,
    rounds: int = 5,
    seed: int = 0,
    max_rows: int = MAX_ROWS,
) -> list[dict[str, Any]]:
    """Accuracy lost without each feature, the greatest loss first (Breiman, 2001, section 10).

    score_fn: float [m, F] -> log-probabilities [m, K]; x float [n, F], NaN where unknown; truth bool [n, K]. Of more
    than `max_rows` tracks a seeded sample is judged, so the cost is at most (rounds * F + 1) * max_rows answers.
    A column is shuffled whole: unknown values move with it, so knowing *whether* a value is there counts too.

    Returns
    -------
    list
        {"feature", "drop", "spread"}: mean and standard deviation over the rounds, in percentage points of accuracy.
        Features that stand in for each other share their loss, so a small drop does not mean a useless feature.

    Raises
    ------
    ValueError
        `x` has no rows, or not one column for each feature name.
    """
    if not len(x) or x.shape[1] != len(feature_names):
        raise ValueError(f"{len(feature_names)} features are named; the tracks have shape {x.shape}.")
    rng = np.random.default_rng(seed)
    if len(x) > max_rows:
        sample = rng.choice(len(x), max_rows, replace=False)
        x, truth = x[sample], truth[sample]
    whole = accuracy_any(score_fn(x), truth)
    result = []
    for column, name in enumerate(feature_names):
        drops = [100 * (whole - _without(score_fn, x, truth, column, rng)) for _ in range(rounds)]
        result.append({"feature": name, "drop": float(np.mean(drops)), "spread": float(np.std(drops))})
    return sorted(result, key=lambda one: -one["drop"])


def _without(
    score_fn: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    truth: np.ndarray,
    column: int,
    rng: np.random.Generator,
) -> float:
    shuffled = x.copy()
    shuffled[:, column] = rng.permutation(x[:, column])
    return accuracy_any(score_fn(shuffled), truth)
