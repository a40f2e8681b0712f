"""The fit loop: AdamW, one-cycle schedule, early stopping, averaged weights; knows no particular model."""

import copy
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

    @property
    def has_epochs(self) -> bool:
        """False for what is done between two fits, and for families that learn in one go."""
        return self.epoch > 0


@dataclass(frozen=True)
class FitConfig:
    """How one network is fitted."""

    epochs: int = 20
    batch: int = 1024  # at most; small data sets get smaller ones, see `batch_of`
    learning_rate: float = 4e-3
    one_cycle: bool = True  # up to the learning rate and down again; else constant
    weight_decay: float = 0.02
    patience: int = 6
    passes: int = 1  # over the rows, an epoch: more where scoring costs as much as learning
    average: float = 0.0  # how much of the averaged weights a step leaves; 0: the last step's weights count


MIN_STEPS = 16  # an epoch; fewer would leave a small data set hardly learned from


def batch_of(n: int, config: FitConfig) -> int:
    """Rows per step for n training rows."""
    return max(32, min(config.batch, n // MIN_STEPS))


Scores = tuple[float, float]
Score = Callable[[nn.Module], Scores]
Report = Callable[[int, float, Scores | None], None]
# What becomes of a batch before the net sees it: inputs and wanted answers to others, by the generator's numbers.
Disturb = Callable[[torch.Tensor, torch.Tensor, torch.Generator], tuple[torch.Tensor, torch.Tensor]]


Rows = tuple[torch.Tensor, torch.Tensor, torch.Tensor]  # inputs [n, …], wanted [n, K], weights [n]
_COUNTED = ("epoch", "steps", "kept", "best", "best_state", "told")


class _Fitting:
    """A fit under way: all that the next epoch depends on, so that it can go on after the process was killed."""

    def __init__(self, net: nn.Module, n: int, config: FitConfig, seed: int) -> None:
        self.net, self.config = net, config
        self.generator = torch.Generator().manual_seed(seed)
        self.optimiser = torch.optim.AdamW(
            net.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.batch = batch_of(n, config)
        steps = config.epochs * config.passes * max(1, -(-n // self.batch))
        self.schedule = (
            torch.optim.lr_scheduler.OneCycleLR(self.optimiser, config.learning_rate, steps, pct_start=0.2)
            if config.one_cycle
            else torch.optim.lr_scheduler.ConstantLR(self.optimiser, factor=1.0)
        )
        self.epoch, self.kept, self.best = 0, 0, -1.0
        self.best_state: dict[str, torch.Tensor] | None = None
        self.told: tuple[float, Scores | None] | None = None  # of the last epoch: its loss and scores
        self.steps = 0
        self.averaged = copy.deepcopy(net).eval() if config.average else None

    @property
    def judged(self) -> nn.Module:
        """The net that is scored and kept."""
        return self.averaged or self.net

    def run_epoch(self, rows: Rows, disturb: Disturb | None) -> float:
        """`passes` passes over the rows; the mean loss."""
        self.net.train()
        losses: list[float] = []
        for _ in range(self.config.passes):
            for chosen in torch.randperm(len(rows[0]), generator=self.generator).split(self.batch):
                if len(chosen) > 1:  # batch norm needs two rows
                    inputs, wanted, weights = (part[chosen] for part in rows)
                    if disturb:
                        inputs, wanted = disturb(inputs, wanted, self.generator)
                    losses.append(self._step(inputs, wanted, weights))
                self.schedule.step()
        self.net.eval()
        self.epoch += 1
        return float(np.mean(losses))

    def _step(self, inputs: torch.Tensor, wanted: torch.Tensor, weights: torch.Tensor) -> float:
        loss = -(weights * (wanted * torch.log_softmax(self.net(inputs), 1)).sum(1)).mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.steps += 1
        if self.averaged:
            # Early on the average forgets faster, so that it does not remember the random start.
            left = min(self.config.average, (1 + self.steps) / (10 + self.steps))
            self._average(self.averaged, 1 - left)
        return loss.item()

    @torch.no_grad()
    def _average(self, averaged: nn.Module, share: float) -> None:
        news = self.net.state_dict()
        for name, value in averaged.state_dict().items():
            if value.is_floating_point():
                value.lerp_(news[name], share)
            else:
                value.copy_(news[name])

    def note(self, loss: float, scores: Scores | None) -> None:
        """Keep the weights if these validation scores are the best so far."""
        self.told = (loss, scores)
        if scores and scores[0] > self.best:
            self.best, self.kept = scores[0], self.epoch
            self.best_state = copy.deepcopy(self.judged.state_dict())

    def is_over(self, last: int, *, scored: bool) -> bool:
        return self.epoch >= last or (scored and self.epoch - self.kept >= self.config.patience)

    def save(self, path: Path) -> None:
        state = {name: getattr(self, name) for name in _COUNTED}
        state |= {"averaged": self.averaged.state_dict() if self.averaged else None}
        state |= {"net": self.net.state_dict(), "optimiser": self.optimiser.state_dict()}
        state |= {"schedule": self.schedule.state_dict(), "order": self.generator.get_state()}
        state |= {"dropout": torch.get_rng_state()}
        unfinished = path.with_suffix(".part")
        torch.save(state, unfinished)
        os.replace(unfinished, path)

    def resume(self, path: Path) -> None:
        """Go on where `path` was saved; from the start where it is no whole file."""
        if not zipfile.is_zipfile(path):  # what torch writes is one, with its directory at the very end
            return
        state: dict[str, Any] = torch.load(path, weights_only=True)
        for name in _COUNTED:
            setattr(self, name, state.get(name))
        if self.averaged:
            self.averaged.load_state_dict(state["averaged"])
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.generator.set_state(state["order"])
        torch.set_rng_state(state["dropout"])


def fit(
    net: nn.Module,
    x: np.ndarray,
    truth: np.ndarray,
    weight: np.ndarray,
    *,
    config: FitConfig,
    seed: int,
    disturb: Disturb | None = None,
    score: Score | None = None,
    report: Report | None = None,
    stop_after: int | None = None,
    checkpoint: Path | None = None,
) -> int:
    """Fit `net` to x [n, …], truth [n, K] (rows sum to 1) and weight [n]; returns the epoch whose weights it keeps.

    x reaches the net as it is, or as `disturb` makes it, anew in every pass.

    With `score` (validation accuracy and macro-F1 of a net) the best epoch by accuracy is kept and fitting
    stops early after `patience` epochs without gain; without it the last epoch is kept, `stop_after` or all.
    Every epoch is saved to `checkpoint`; if it exists, fitting goes on from it and ends as if never interrupted.
    """
    wanted, weights = (torch.from_numpy(a.astype(np.float32)) for a in (truth, weight))
    rows = (torch.from_numpy(x), wanted, weights)
    fitting = _Fitting(net, len(x), config, seed)
    if checkpoint and checkpoint.exists():
        fitting.resume(checkpoint)
        if report and fitting.told:  # whoever was killed between saving and telling has not told yet
            report(fitting.epoch, *fitting.told)
    while not fitting.is_over(stop_after or config.epochs, scored=score is not None):
        loss = fitting.run_epoch(rows, disturb)
        scores = score(fitting.judged) if score else None
        fitting.note(loss, scores)
        if checkpoint:
            fitting.save(checkpoint)
        if report:
            report(fitting.epoch, loss, scores)
    net.load_state_dict(fitting.best_state or fitting.judged.state_dict())
    return fitting.kept or fitting.epoch
