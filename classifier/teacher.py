"""Gradient boosting as the networks' teacher: what it would say of tracks whose artists it has not seen."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from classifier.rows import Rows

PARTS = 3
ROUNDS = 75
SETTINGS: dict[str, Any] = {
    "objective": "multiclass", "learning_rate": 0.08, "num_leaves": 48, "min_data_in_leaf": 40,
    "feature_fraction": 0.7, "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 5.0, "max_bin": 127,
    "deterministic": True, "verbose": -1,
}  # fmt: skip


def answers(rows: Rows, seed: int, keep_at: Path | None = None) -> np.ndarray:
    """Probabilities float32 [n, K]: each third of the artists is answered for by trees grown on the other two.

    Soft answers carry which genres a track could also have been, which its labels do not say; learning from both
    calibrates a network better than from labels alone (Hinton et al., 2015). `keep_at` is read if it exists, and
    written otherwise, so that a training taken up again does not ask twice.
    """
    if keep_at and keep_at.exists():
        return np.load(keep_at)
    part = np.random.default_rng(seed).permutation(int(rows.artist.max()) + 1)[rows.artist] % PARTS
    chances = np.zeros(rows.truth.shape, np.float32)
    for k in range(PARTS):
        chances[part == k] = _grow(rows, part != k, seed + k).predict(rows.x[part == k])
    if keep_at:
        unfinished = keep_at.with_suffix(".part.npy")
        np.save(unfinished, chances)
        os.replace(unfinished, keep_at)
    return chances


def _grow(rows: Rows, chosen: np.ndarray, seed: int) -> Any:
    import lightgbm

    place, label = np.nonzero(rows.truth & chosen[:, None])
    weight = rows.weight[place] / rows.truth[place].sum(1)
    settings = SETTINGS | {"seed": seed, "num_class": rows.truth.shape[1]}
    return lightgbm.train(settings, lightgbm.Dataset(rows.x[place], label, weight=weight), ROUNDS)
