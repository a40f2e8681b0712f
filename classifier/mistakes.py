"""The wrong answers that a model was surest of: a person who hears them learns most about the model, or the labels."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

MOST = 50


def worst(
    log_p: np.ndarray,
    truth: np.ndarray,
    labels: Sequence[str],
    describe: Callable[[int], dict[str, Any]],
    most: int = MOST,
) -> list[dict[str, Any]]:
    """The surest wrong answers, the surest first, JSON-ready.

    log_p float [n, K], NaN where a label was never taught; truth bool [n, K]; `describe` says of a row what it is.
    Each has "truth" (every true label), "said" and "probability", beside what `describe` gave.
    """
    if not len(truth):
        return []
    known = np.where(np.isnan(log_p), -np.inf, log_p)
    said, chance = known.argmax(1), np.exp(known.max(1))
    wrong = np.flatnonzero(~truth[np.arange(len(truth)), said])
    surest = wrong[np.argsort(-chance[wrong], kind="stable")][:most]
    return [
        {
            **describe(int(row)),
            "truth": [labels[int(k)] for k in np.flatnonzero(truth[row])],
            "said": labels[int(said[row])],
            "probability": round(float(chance[row]), 4),
        }
        for row in surest
    ]
