"""What any model has to beat: always the commonest genre, and logistic regression."""

import numpy as np

from classifier.dataset import Dataset
from classifier.labels import FEATURES

MAX_ROWS = 20_000  # logistic regression has long converged by then


def majority(truth: np.ndarray, n: int) -> np.ndarray:
    """Log-probabilities [n, K] of always answering with the training rows' label shares; truth bool [m, K]."""
    share = (truth.sum(0) + 1) / (truth.sum() + truth.shape[1])
    return np.tile(np.log(share), (n, 1))


def logistic(train: Dataset, first: np.ndarray, test: Dataset, n_labels: int, seed: int) -> np.ndarray:
    """Log-probabilities [n, K] on `test` of a logistic regression on standardised numbers and one-hot categories.

    first: int [m], one label per training track; labels that never occur get a tiny probability.
    """
    from sklearn.linear_model import LogisticRegression

    rows = np.random.default_rng(seed).permutation(len(train))[:MAX_ROWS]
    x, new = _design(train.x[rows], train.x[rows]), _design(test.x, train.x[rows])
    model = LogisticRegression(max_iter=300).fit(x, first[rows])
    log_p = np.full((len(test), n_labels), np.log(1e-9))
    log_p[:, model.classes_] = model.predict_log_proba(new)
    return log_p


def _design(x: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """x [n, F] as a design matrix: means and deviations come from `reference`, missing numbers become the mean."""
    columns = []
    for place, feature in enumerate(FEATURES):
        values = x[:, place]
        if feature.kind == "number":
            known = reference[:, place][~np.isnan(reference[:, place])]
            mean, deviation = (known.mean(), known.std() or 1.0) if len(known) else (0.0, 1.0)
            columns.append(np.nan_to_num((values - mean) / deviation)[:, None])
        else:
            columns.append(values[:, None] == np.arange(feature.low, feature.high + 1))
    return np.concatenate(columns, axis=1).astype(np.float64)
