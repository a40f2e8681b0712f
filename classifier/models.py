"""Model families by name: everything that learns from named features and answers with log-probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from classifier import blend
from classifier.baselines import RECIPES, Baseline
from classifier.blend import Blend
from classifier.errors import DataError, ModelError
from classifier.model_names import MODELS
from classifier.networks import CLASSIC, LABELS_ONLY, Epoch, NetConfig, Networks
from classifier.rows import Rows

BLEND = "blend"
NETS: Mapping[str, NetConfig] = {
    "mlp": NetConfig(),
    "mlp-labels": LABELS_ONLY,
    "classic-mlp": CLASSIC,
    BLEND: blend.NET,
}


class Model(Protocol):
    """A fitted model. `arrays` and `description` together restore it."""

    def log_probabilities(self, x: np.ndarray) -> np.ndarray:
        """x float32 [n, F] with NaN for missing -> log-probabilities [n, K]."""

    def arrays(self) -> dict[str, np.ndarray]:
        """What goes into the weights file."""

    def description(self) -> dict[str, Any]:
        """What else `restore` needs, JSON-ready."""


@dataclass(frozen=True)
class Learner:
    """A model family with its settings; `net` is for the networks and None for all others."""

    name: str
    net: NetConfig | None

    @classmethod
    def named(cls, name: str) -> "Learner":
        """The family with its defaults; DataError names the known ones."""
        if name not in MODELS:
            raise DataError(f"There is no model family {name!r}; known are {', '.join(MODELS)}.")
        return cls(name, NETS.get(name))

    def learn(
        self,
        rows: Rows,
        valid: Rows | None = None,
        *,
        features: tuple[str, ...],
        labels: tuple[str, ...],
        seed: int = 0,
        epochs: list[int] | None = None,
        on_epoch: Epoch | None = None,
        checkpoints: Path | None = None,
    ) -> Model:
        """Fit on `rows`. Networks stop early by `valid`, or run `epochs`, one number for each of them."""
        if self.net is None:
            if on_epoch:
                on_epoch(self.name + ("" if valid else " on all rows"), 0, float("nan"), None)
            return Baseline.learn(self.name, rows, features=features, seed=seed)
        networks = Networks.learn(
            rows,
            valid,
            features=features,
            labels=labels,
            config=self.net,
            seed=seed,
            epochs=epochs,
            on_epoch=on_epoch,
            checkpoints=checkpoints,
        )
        if self.name != BLEND:
            return networks
        trees = {name: Baseline.learn(name, rows, features=features, seed=seed) for name in blend.TREES}
        return Blend(networks, trees)


def restore(
    name: str,
    description: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    features: tuple[str, ...],
    labels: tuple[str, ...],
) -> Model:
    """A saved model of the family `name`; ModelError for a family this program does not know."""
    if name in NETS and name != BLEND:
        return Networks.restore(description, arrays, features, labels)
    if name == BLEND:
        return Blend.restore(description, arrays, features, labels)
    if name in RECIPES:
        return Baseline.restore(arrays, len(labels))
    raise ModelError(f"The model version is of the family {name!r}, which this program does not know.")
