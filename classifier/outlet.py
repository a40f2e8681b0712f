"""The outlet: the chance that a track belongs to none of the genres, learned from tracks known not to.

Twelve numbers say little about what they have never seen, so the outlet is shown other genres (outlier exposure,
Hendrycks et al., 2019). It is measured on genres that it was not shown.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from classifier.dataset import Dataset
from classifier.networks import NetConfig, Networks
from classifier.rows import Rows
from classifier.splits import Split, SplitKind, primary_artist, split
from classifier.task import Task

SIDES = ("inside", "outside")
MIN_OUTSIDE = 200
PREFIX = "outlet."
NET = NetConfig(bins=16, embedding=8, hidden=(192, 96), dropout=0.3)


def is_shown(label: str) -> bool:
    """Whether tracks of this label may be learned from while measuring; the others are for the test. By hash."""
    return int(hashlib.sha1(f"outside:{label}".encode()).hexdigest(), 16) % 2 == 0


def shown_rows(outside: Dataset, *, shown: bool) -> np.ndarray:
    """Rows whose labels are all shown (or all not), bool [n]; a track of both kinds is in neither."""
    return np.array([all(is_shown(label) == shown for label in own) for own in outside.labels], bool)


def outside_parts(task: Task, kind: SplitKind, seed: int) -> Split | None:
    """The tracks outside split as those inside are, by the same artists; None where they are too few."""
    if task.outside is None or len(task.outside) < MIN_OUTSIDE:
        return None
    return split(task.outside, kind, seed=seed)


class Outlet:
    """One small network that tells inside from outside."""

    def __init__(self, networks: Networks) -> None:
        self.networks = networks

    @classmethod
    def learn(
        cls,
        task: Task,
        inside: np.ndarray,
        outside: np.ndarray,
        *,
        seed: int,
    ) -> "Outlet":
        """Fit on the rows `inside` of the task and the rows `outside` of `task.outside`."""
        assert task.outside is not None, "only a task with tracks outside has an outlet"
        return cls(
            Networks.learn(
                _rows(task, inside, task.outside, outside),
                None,
                features=task.data.feature_names,
                labels=SIDES,
                config=NET,
                seed=seed,
            )
        )

    def chance(self, x: np.ndarray) -> np.ndarray:
        """x float32 [n, F], NaN for missing -> chance of being outside, float [n], at the shares of the tables."""
        return np.exp(self.networks.log_probabilities(x)[:, 1])

    def arrays(self) -> dict[str, np.ndarray]:
        return {PREFIX + name: value for name, value in self.networks.arrays().items()}

    @classmethod
    def restore(
        cls, description: Mapping[str, Any], arrays: Mapping[str, np.ndarray], features: tuple[str, ...]
    ) -> "Outlet":
        """Back from `networks.description` and the version's arrays."""
        own = {name.removeprefix(PREFIX): value for name, value in arrays.items() if name.startswith(PREFIX)}
        return cls(Networks.restore(description, own, features, SIDES))


def _rows(task: Task, inside: np.ndarray, strangers: Dataset, outside: np.ndarray) -> Rows:
    """Both sides as one set; on each side rare genres weigh more, or the commonest would be all that counts."""
    truth = np.zeros((len(inside) + len(outside), 2), bool)
    truth[: len(inside), 0], truth[len(inside) :, 1] = True, True
    inner = [task.labels[k] for k in task.first[inside]]
    outer = [strangers.labels[i][0] for i in outside]
    names = [primary_artist(task.data, i) for i in inside] + [primary_artist(strangers, i) for i in outside]
    return Rows(
        x=np.concatenate([task.data.x[inside], strangers.x[outside]]),
        truth=truth,
        first=truth.argmax(1),
        weight=np.concatenate([_rarity(inner), _rarity(outer)]),
        artist=np.unique(names, return_inverse=True)[1],
    )


def _rarity(labels: list[str]) -> np.ndarray:
    """One over the root of the label's number of tracks, mean 1; float [n]."""
    counts = Counter(labels)
    weight = np.array([counts[label] ** -0.5 for label in labels])
    return weight / weight.mean()
