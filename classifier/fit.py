"""The fit loop: AdamW, one-cycle schedule, early stopping, random feature dropping; knows no particular model."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn


class Cancelled(Exception):
    """The caller asked to stop; nothing was written."""


@dataclass(frozen=True)
class Progress:
    """One finished epoch, for a progress bar or a job's page."""

    stage: str
    epoch: int
    epochs: int
    train_loss: float
    valid_accuracy: float | None  # None while fitting on all rows
    valid_macro_f1: float | None
    done: float  # share of the whole training, 0 to 1


@dataclass(frozen=True)
class FitConfig:
    """How one network is fitted."""

    epochs: int = 20
    batch: int = 1024
    learning_rate: float = 4e-3
    weight_decay: float = 0.02
    patience: int = 6
    drop_rows: float = 0.3  # share of rows whose features are dropped at random
    drop_share: float = 0.5  # at most this share of such a row's features


Score = Callable[[nn.Module], tuple[float, float]]
Report = Callable[[int, float, tuple[float, float] | None], None]


def drop_features(x: torch.Tensor, config: FitConfig, generator: torch.Generator) -> torch.Tensor:
    """x [n, F] with cells of some rows replaced by NaN, so that missing columns degrade the answer gently."""
    chance = torch.rand(len(x), 1, generator=generator) * config.drop_share
    chance = torch.where(
        torch.rand(len(x), 1, generator=generator) < config.drop_rows, chance, torch.zeros(())
    )
    return torch.where(torch.rand(x.shape, generator=generator) < chance, torch.nan, x)


def fit(
    net: nn.Module,
    x: np.ndarray,
    truth: np.ndarray,
    weight: np.ndarray,
    *,
    config: FitConfig,
    seed: int,
    score: Score | None = None,
    report: Report | None = None,
    stop_after: int | None = None,
) -> int:
    """Fit `net` to x [n, F], truth [n, K] (rows sum to 1) and weight [n]; returns the epoch whose weights it keeps.

    With `score` (validation accuracy and macro-F1 of a net) the best epoch by accuracy is kept and fitting
    stops early after `patience` epochs without gain; without it the last epoch is kept, `stop_after` or all.
    """
    generator = torch.Generator().manual_seed(seed)
    inputs, wanted, weights = (torch.from_numpy(a.astype(np.float32)) for a in (x, truth, weight))
    optimiser = torch.optim.AdamW(net.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    steps = config.epochs * max(1, -(-len(x) // config.batch))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.learning_rate, steps, pct_start=0.2)
    best, kept, best_state = -1.0, 0, None
    for epoch in range(1, config.epochs + 1):
        net.train()
        losses = []
        for rows in torch.randperm(len(x), generator=generator).split(config.batch):
            if len(rows) > 1:  # batch norm needs two rows
                logits = net(drop_features(inputs[rows], config, generator))
                loss = -(weights[rows] * (wanted[rows] * torch.log_softmax(logits, 1)).sum(1)).mean()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                losses.append(loss.item())
            schedule.step()
        net.eval()
        scores = score(net) if score else None
        if scores and scores[0] > best:
            best, kept, best_state = scores[0], epoch, copy.deepcopy(net.state_dict())
        if report:
            report(epoch, float(np.mean(losses)), scores)
        if epoch == stop_after or (score and epoch - kept >= config.patience):
            break
    if best_state is not None:
        net.load_state_dict(best_state)
    return kept or epoch
