"""Linear heads: from what a network says of a clip to families. numpy alone, so that scoring needs no network."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from classifier.hearing import normalised


@dataclass(frozen=True)
class Head:
    """log_softmax((x - mean) / scale @ weights + bias); mean and scale [E], weights [E, K], bias [K]."""

    labels: tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    def log_probabilities(self, x: np.ndarray) -> np.ndarray:
        """x float [n, E] -> [n, K]."""
        return normalised((x - self.mean) / self.scale @ self.weights + self.bias)

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """What a weights file holds of it, under `name`."""
        parts = ("mean", "scale", "weights", "bias")
        return {f"{name}.{part}": getattr(self, part).astype(np.float32) for part in parts}

    @classmethod
    def plain(cls, weight: np.ndarray, bias: np.ndarray, labels: tuple[str, ...]) -> "Head":
        """A network's last layer, weight [K, E] and bias [K], as a head."""
        width = weight.shape[1]
        return cls(labels, np.zeros(width, np.float32), np.ones(width, np.float32), weight.T, bias)

    @classmethod
    def restore(cls, arrays: Mapping[str, np.ndarray], name: str, labels: tuple[str, ...]) -> "Head":
        """Back from `arrays`; KeyError where one is missing."""
        return cls(labels, *(arrays[f"{name}.{part}"] for part in ("mean", "scale", "weights", "bias")))


def learn(x: np.ndarray, labels: np.ndarray, penalty: float) -> Head:
    """Multinomial logistic regression on standardised x [n, E]; labels str [n], an L2 penalty as in scikit-learn's 1 / C."""
    from sklearn.linear_model import LogisticRegression

    mean, scale = x.mean(0), np.maximum(x.std(0), 1e-6)
    model = LogisticRegression(C=1 / penalty, max_iter=5000).fit((x - mean) / scale, labels)
    weights, bias = model.coef_.T, model.intercept_
    if weights.shape[1] == 1:  # two labels share one column
        weights, bias = np.hstack([-weights, weights]) / 2, np.array([-bias[0], bias[0]]) / 2
    return Head(tuple(map(str, model.classes_)), mean, scale, weights, bias)


def gathered(
    log_p: np.ndarray, labels: tuple[str, ...], families: Mapping[str, str]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """log_p [n, K] of `labels` added up by family, [n, F], and the families; labels without one are left out."""
    found = tuple(dict.fromkeys(families[label] for label in labels if label in families))
    columns = [[k for k, label in enumerate(labels) if families.get(label) == family] for family in found]
    return normalised(np.stack([np.logaddexp.reduce(log_p[:, ks], axis=1) for ks in columns], axis=1)), found
