"""Log-linear fusion of whatever evidence a track has, calibrated for each combination of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

EVIDENCE: tuple[str, ...] = ("features", "artist")


@dataclass(frozen=True)
class Weights:
    """logits = (sum of weight * log-probability per evidence) / temperature.

    There is no term for the genres' shares: those of a table say how it was collected, not what a library holds.
    """

    evidence: Mapping[str, float]
    temperature: float


@dataclass(frozen=True)
class Fusion:
    """Fitted weights per evidence combination ("features", "artist", "features+artist"); prior: float [K]."""

    prior: np.ndarray
    weights: Mapping[str, Weights] = field(default_factory=dict)

    def combine(self, experts: Mapping[str, np.ndarray], present: Mapping[str, np.ndarray]) -> np.ndarray:
        """Log-probabilities [n, K] from experts' log-probabilities [n, K] and where each is present, bool [n].

        A track without evidence gets the prior.
        """
        n = len(next(iter(present.values())))
        result = np.tile(np.log(self.prior), (n, 1))
        for names in combinations():
            rows = rows_with(names, present)
            if rows.any():
                given = [experts[name][rows] for name in names]
                result[rows] = self._fuse(names, given)
        return result

    def _fuse(self, names: tuple[str, ...], given: Sequence[np.ndarray]) -> np.ndarray:
        weights = self.weights[key(names)]
        logits = sum(weights.evidence[name] * expert for name, expert in zip(names, given, strict=True))
        return log_softmax(logits / weights.temperature, axis=1)


def combinations() -> tuple[tuple[str, ...], ...]:
    """Every non-empty combination of evidence, in EVIDENCE's order."""
    masks = range(1, 2 ** len(EVIDENCE))
    return tuple(tuple(name for i, name in enumerate(EVIDENCE) if mask >> i & 1) for mask in masks)


def key(names: Sequence[str]) -> str:
    """How a combination is written in files: "features+artist"; "none" without evidence."""
    return "+".join(names) or "none"


def rows_with(names: Sequence[str], present: Mapping[str, np.ndarray]) -> np.ndarray:
    """Rows that have exactly the evidence `names`, bool [n]."""
    n = len(next(iter(present.values())))
    exact = np.ones(n, bool)
    for name in EVIDENCE:
        exact &= present[name] == (name in names)
    return exact


def fit_weights(names: Sequence[str], experts: Sequence[np.ndarray], truth: np.ndarray) -> Weights:
    """Weights that minimise cross-entropy on validation rows.

    experts: one [n, K] array of log-probabilities per name; truth: bool [n, K], several true labels share a row.
    The sum of the evidence weights is 1 and the scale is the temperature. L-BFGS from equal weights; with
    several kinds a small ridge keeps them near that start where there are few rows.
    """
    stacked = np.stack(experts)  # [E, n, K]
    wanted = truth / truth.sum(1, keepdims=True)
    start = np.full(len(experts), 1.0 / len(experts))
    pull = 10.0 / (len(truth) + 10.0) if len(experts) > 1 else 0.0

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        log_p = log_softmax(np.tensordot(weights, stacked, 1), axis=1)
        slope = np.einsum("nk,enk->e", np.exp(log_p) - wanted, stacked) / len(truth)
        ridge = pull * (weights - start)
        return float(-(wanted * log_p).sum(1).mean() + 0.5 * ridge @ (weights - start)), slope + ridge

    bounds = [(0.0, None)] * len(experts)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    scale = max(float(found.sum()), 1e-3)
    evidence = {name: float(weight / scale) for name, weight in zip(names, found, strict=True)}
    return Weights(evidence, 1 / scale)
