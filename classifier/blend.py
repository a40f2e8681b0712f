"""Blend: unlike models averaged, because they err on different tracks."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from classifier.baselines import Baseline
from classifier.networks import NetConfig, Networks

TREES = ("extra-trees", "lightgbm")
NET = NetConfig(members=3)


class Blend:
    """Networks and trees, each family with the same say."""

    def __init__(self, networks: Networks, trees: Mapping[str, Baseline]) -> None:
        self.networks, self.trees = networks, trees
        self.epochs = networks.epochs

    def log_probabilities(self, x: np.ndarray) -> np.ndarray:
        """x float32 [n, F], NaN for missing -> log of the mean probability, [n, K]."""
        parts = [
            self.networks.log_probabilities(x),
            *(tree.log_probabilities(x) for tree in self.trees.values()),
        ]
        return np.log(np.mean(np.exp(parts), axis=0))

    def arrays(self) -> dict[str, np.ndarray]:
        """Each part's arrays under "<part>/<name>"."""
        parts = {
            "networks": self.networks.arrays(),
            **{name: tree.arrays() for name, tree in self.trees.items()},
        }
        return {f"{part}/{name}": value for part, arrays in parts.items() for name, value in arrays.items()}

    def description(self) -> dict[str, Any]:
        return {"networks": self.networks.description()}

    @classmethod
    def restore(
        cls,
        description: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        features: tuple[str, ...],
        labels: tuple[str, ...],
    ) -> "Blend":
        """Back from `description` and `arrays`."""
        own = {
            part: {
                name.removeprefix(f"{part}/"): a for name, a in arrays.items() if name.startswith(f"{part}/")
            }
            for part in ("networks", *TREES)
        }
        networks = Networks.restore(description["networks"], own["networks"], features, labels)
        return cls(networks, {name: Baseline.restore(own[name], len(labels)) for name in TREES})
