"""Networks: several TabularMLPs of one shape whose probabilities are averaged; learning, saving, loading."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from classifier import teacher
from classifier.evaluate import accuracy_any, macro_f1
from classifier.fit import FitConfig, fit
from classifier.nets import MLPConfig, TabularMLP, log_probabilities
from classifier.rows import Rows

Epoch = Callable[[str, int, float, tuple[float, float] | None], None]
# With more genres the teacher, a tree per genre and round, would take longer than the networks.
MAX_TAUGHT = 40


@dataclass(frozen=True)
class NetConfig:
    """Shape and fit of the members. The defaults were chosen on artist fold 3 of the two large public tables."""

    members: int = 1
    bins: int = 24  # 0: standardised numbers instead of piecewise-linear embeddings
    embedding: int = 12
    hidden: tuple[int, ...] = (512, 256)
    dropout: float = 0.4
    fit: FitConfig = FitConfig()
    drop_rows: float = 0.3  # share of rows whose features are dropped at random
    drop_share: float = 0.5  # at most this share of such a row's features
    teacher_share: float = 0.7  # of the wanted answer that comes from `teacher.answers` instead of the labels


LABELS_ONLY = NetConfig(drop_rows=0, teacher_share=0.0, fit=FitConfig(epochs=30, patience=30))

# The network of earlier projects as they describe it: 256-128, ReLU, batch norm, dropout .2, Adam, standardised
# inputs. Nothing is dropped from its inputs, for nothing was missing there.
CLASSIC = NetConfig(
    bins=0,
    embedding=4,
    hidden=(256, 128),
    dropout=0.2,
    drop_rows=0,
    teacher_share=0.0,
    fit=FitConfig(epochs=60, batch=64, learning_rate=1e-3, one_cycle=False, weight_decay=0, patience=10),
)


class Networks:
    """Fitted members; `epochs` are those whose weights they keep."""

    def __init__(self, nets: list[TabularMLP], epochs: list[int]) -> None:
        self.nets = [net.eval() for net in nets]
        self.epochs = epochs

    @classmethod
    def learn(
        cls,
        rows: Rows,
        valid: Rows | None,
        *,
        features: tuple[str, ...],
        labels: tuple[str, ...],
        config: NetConfig,
        seed: int = 0,
        epochs: list[int] | None = None,
        on_epoch: Epoch | None = None,
        checkpoints: Path | None = None,
    ) -> "Networks":
        """Fit the members. With `valid` each keeps its best epoch; without it, it runs `epochs` (one per member).

        `checkpoints` is a directory: killed and called again with the same arguments, fitting goes on.
        """
        shape = MLPConfig(
            features, labels, bins=config.bins, embedding=config.embedding, hidden=config.hidden,
            dropout=config.dropout,
        )  # fmt: skip
        wanted = _wanted(rows, config.teacher_share, seed, checkpoints, is_last=valid is None)
        nets, kept = [], []
        for member in range(config.members):
            torch.manual_seed(seed * 1000 + member)
            net = TabularMLP(shape)
            net.fit_normalisation(rows.x)
            stage = f"network {member + 1} of {config.members}" + ("" if valid else " on all rows")
            epoch = fit(
                net,
                rows.x,
                wanted,
                rows.weight,
                config=config.fit,
                seed=seed * 1000 + member,
                disturb=partial(_drop, config),
                score=partial(_scores, valid) if valid else None,
                report=partial(on_epoch, stage) if on_epoch else None,
                stop_after=epochs[member] if epochs else None,
                checkpoint=checkpoints / f"{stage}.pt" if checkpoints else None,
            )
            nets.append(net)
            kept.append(epoch)
        return cls(nets, kept)

    def log_probabilities(self, x: np.ndarray) -> np.ndarray:
        """x float32 [n, F], NaN for missing -> log-probabilities float32 [n, K]."""
        return log_probabilities(self.nets, x)

    def arrays(self) -> dict[str, np.ndarray]:
        """The members' parameters under "<member>.<name>"."""
        return {
            f"{i}.{key}": value.numpy()
            for i, net in enumerate(self.nets)
            for key, value in net.state_dict().items()
        }

    def description(self) -> dict[str, Any]:
        shape = {
            key: value
            for key, value in asdict(self.nets[0].config).items()
            if key not in ("feature_names", "labels")
        }
        return {"net": shape, "members": len(self.nets), "epochs": self.epochs}

    @classmethod
    def restore(
        cls,
        description: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        features: tuple[str, ...],
        labels: tuple[str, ...],
    ) -> "Networks":
        """Back from `description` and `arrays`."""
        shape = {**description["net"], "hidden": tuple(description["net"]["hidden"])}
        config = MLPConfig(features, labels, **shape)
        nets = [_net(config, arrays, f"{member}.") for member in range(description["members"])]
        return cls(nets, list(description.get("epochs", [])))


def _drop(
    config: NetConfig, x: torch.Tensor, wanted: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    return drop_features(x, config.drop_rows, config.drop_share, generator), wanted


def drop_features(x: torch.Tensor, rows: float, most: float, generator: torch.Generator) -> torch.Tensor:
    """x [n, F] where a share of the `rows` lost at most the share `most` of its cells to NaN.

    So that missing columns degrade the answer gently.
    """
    chance = torch.rand(len(x), 1, generator=generator) * most
    chance = torch.where(torch.rand(len(x), 1, generator=generator) < rows, chance, torch.zeros(()))
    return torch.where(torch.rand(x.shape, generator=generator) < chance, torch.nan, x)


def is_taught(teacher_share: float, n_labels: int) -> bool:
    """Whether boosted trees are fitted before the networks: minutes on a large table."""
    return teacher_share > 0 and n_labels <= MAX_TAUGHT


def _wanted(
    rows: Rows, teacher_share: float, seed: int, checkpoints: Path | None, *, is_last: bool
) -> np.ndarray:
    """What a network is to answer, float [n, K], rows summing to 1."""
    truth = rows.truth / rows.truth.sum(1, keepdims=True)
    if not is_taught(teacher_share, rows.truth.shape[1]):
        return truth
    keep_at = checkpoints / f"teacher{' on all rows' if is_last else ''}.npy" if checkpoints else None
    return (1 - teacher_share) * truth + teacher_share * teacher.answers(rows, seed, keep_at)


def _net(config: MLPConfig, arrays: Mapping[str, np.ndarray], prefix: str) -> TabularMLP:
    net = TabularMLP(config)
    state = {
        key.removeprefix(prefix): torch.from_numpy(a) for key, a in arrays.items() if key.startswith(prefix)
    }
    net.load_state_dict(state)
    return net


def _scores(valid: Rows, net: Any) -> tuple[float, float]:
    log_p = log_probabilities([net], valid.x)
    return accuracy_any(log_p, valid.truth), macro_f1(log_p, valid.truth, valid.first)


def changed(config: NetConfig, *, epochs: int | None = None, members: int | None = None) -> NetConfig:
    """The same with another number of epochs or members."""
    chosen = replace(config.fit, epochs=epochs or config.fit.epochs)
    return replace(config, fit=chosen, members=members or config.members)
