"""More than one genre a track: which of the likely ones to file it under, at most k."""

from dataclasses import dataclass

import numpy as np

from classifier.evaluate import set_metrics

GRID = np.linspace(0.1, 0.6, 26)


@dataclass(frozen=True)
class Several:
    """The likeliest genre and up to `at_most` - 1 others of probability `least` or more."""

    at_most: int = 1
    least: float = 1.0

    def choose(self, log_p: np.ndarray) -> np.ndarray:
        """log_p [n, K] -> bool [n, K], one to `at_most` genres a row."""
        rank = (-log_p).argsort(1, kind="stable").argsort(1, kind="stable")
        return (rank == 0) | ((rank < self.at_most) & (np.exp(log_p) >= self.least))

    @classmethod
    def fit(cls, log_p: np.ndarray, truth: np.ndarray, at_most: int) -> "Several":
        """The `least` with the best mean F1 per track; truth bool [n, K], rows that nothing was learned from."""
        if at_most == 1:
            return cls()
        tried = [cls(at_most, float(least)) for least in GRID]
        return max(tried, key=lambda one: set_metrics(one.choose(log_p), truth)["example_f1"])
