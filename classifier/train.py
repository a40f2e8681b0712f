"""From tables to a version directory: fit, calibrate on validation artists, judge on test artists, write."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from classifier import registry
from classifier.artists import ArtistTable
from classifier.calibrate import Measured, fit_fusion, measure, tune_artists
from classifier.dataset import Dataset, combine, present_labels, targets
from classifier.errors import DataError, ModelError
from classifier.evaluate import accuracy_any, macro_f1
from classifier.fit import Cancelled, FitConfig, Progress, fit
from classifier.fusion import Fusion
from classifier.labels import FEATURES
from classifier.nets import MLPConfig, TabularMLP, classic, log_probabilities
from classifier.splits import Split, split_at_random, split_by_artist, split_by_fold

__all__ = ["Cancelled", "Progress", "TrainConfig", "TrainedVersion", "train_version"]
MIN_TRACKS, MIN_PART = 200, 20


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a version besides its tables; written into meta.json."""

    seed: int = 0
    members: int = 1  # networks whose probabilities are averaged
    variant: Literal["embedded", "classic"] = "embedded"
    hidden: tuple[int, ...] = (256, 128)
    dropout: float = 0.3
    fit: FitConfig = FitConfig()
    class_power: float = 0.25  # 0: every track counts the same; 1: every genre counts the same
    split: Literal["artist", "fold", "random"] = "artist"
    valid_share: float = 0.2
    test_share: float = 0.2
    valid_fold: int = 3
    test_fold: int = 4
    refit: bool = True  # after measuring, train once more on all rows
    sure_accuracy: float = 0.75


@dataclass(frozen=True)
class TrainedVersion:
    """A written version; `metrics` are those of the held-out test artists."""

    path: Path
    name: str
    labels: tuple[str, ...]
    metrics: dict[str, Any]
    meta: dict[str, Any]


@dataclass(frozen=True)
class _Task:
    """The tracks, their truth bool [n, K], first label int [n], and each table's tracks."""

    data: Dataset
    labels: tuple[str, ...]
    truth: np.ndarray
    first: np.ndarray
    table: np.ndarray  # int [n]
    tables: tuple[str, ...]


class _Watch:
    """Counts epochs over all stages, tells `progress`, and stops where `should_stop` says so."""

    def __init__(
        self,
        progress: Callable[[Progress], None] | None,
        should_stop: Callable[[], bool] | None,
        config: TrainConfig,
    ) -> None:
        self.progress, self.should_stop = progress, should_stop
        self.epochs = config.fit.epochs
        self.stages = config.members * (2 if config.refit else 1)
        self.finished = 0

    def check(self) -> None:
        if self.should_stop and self.should_stop():
            raise Cancelled("The training was stopped; no version was written.")

    def epoch(self, stage: str, epoch: int, loss: float, scores: tuple[float, float]) -> None:
        self.check()
        if self.progress:
            done = (self.finished + epoch / self.epochs) / self.stages
            self.progress(Progress(stage, epoch, self.epochs, loss, *scores, done=min(done, 1.0)))


def train_version(
    datasets: Sequence[Dataset],
    out_dir: Path,
    config: TrainConfig = TrainConfig(),
    *,
    name: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> TrainedVersion:
    """Train on `datasets` and write the version directory `out_dir`, which must not exist yet.

    Fusion, temperature and the "sure" threshold come from validation artists, metrics from test artists. With
    `config.refit` the written networks and artist table then learn from all rows; the metrics stay the measured ones.

    Raises
    ------
    DataError
        Too few tracks or genres. ModelError: `out_dir` exists. Cancelled: `should_stop` said so; nothing is written.
    """
    if out_dir.exists():
        raise ModelError(f"There already is a model version at {out_dir.name}.")
    task = _task(datasets)
    split = _split(task, config)
    watch = _Watch(progress, should_stop, config)
    nets, kept = _fit_members(task, split.train, config, watch, valid=split.valid)
    measured, fusion, table = _judge(task, split, nets, config)
    watch.check()
    if config.refit:
        rows = np.arange(len(task.data))
        nets, _ = _fit_members(task, rows, config, watch, stop_after=kept)
    else:
        table = _learn(task, np.concatenate([split.train, split.valid]), table.smoothing, table.featured)
    meta = _meta(task, split, config, fusion, measured, table, name or out_dir.name, nets, kept)
    weights = {f"{i}.{key}": value.numpy() for i, net in enumerate(nets) for key, value in net.state_dict().items()}
    registry.write(registry.Version(meta, weights, table.arrays()), out_dir)
    return TrainedVersion(out_dir, meta["name"], task.labels, measured.metrics, meta)


def _task(datasets: Sequence[Dataset]) -> _Task:
    data = combine(datasets) if datasets else None
    if data is None or len(data) < MIN_TRACKS:
        found = 0 if data is None else len(data)
        raise DataError(f"Training needs at least {MIN_TRACKS} labelled tracks; there are {found}.")
    labels = present_labels(data)
    if len(labels) < 2:
        raise DataError(f"Training needs at least two genres; all tracks are {labels[0]}.")
    owner: dict[str, int] = {}
    for i, one in enumerate(datasets):
        for key in one.track_ids:
            owner.setdefault(key, i)
    names = tuple(one.provenance[0].name if one.provenance else f"table {i + 1}" for i, one in enumerate(datasets))
    first = np.array([labels.index(families[0]) for families in data.labels])
    return _Task(data, labels, targets(data, labels), first, np.array([owner[key] for key in data.track_ids]), names)


def _split(task: _Task, config: TrainConfig) -> Split:
    if config.split == "fold":
        split = split_by_fold(task.data, config.valid_fold, config.test_fold)
    else:
        by = split_by_artist if config.split == "artist" else split_at_random
        split = by(task.data, config.valid_share, config.test_share, config.seed if config.split == "random" else 0)
    for part, rows in (("training", split.train), ("validation", split.valid), ("test", split.test)):
        if len(rows) < MIN_PART:
            raise DataError(
                f"The {part} part would hold {len(rows)} tracks; at least {MIN_PART} are needed. "
                "The tracks come from too few artists, or there are too few of them."
            )
    if len(set(task.first[split.train])) < 2:
        raise DataError("Training needs at least two genres among the artists that are not held out.")
    return split


def row_weights(truth: np.ndarray, table: np.ndarray, power: float) -> np.ndarray:
    """Weight per track, mean 1: within each table, (1 / share of the track's genres) to the power `power`."""
    weight = np.ones(len(truth))
    for one in np.unique(table):
        rows = table == one
        soft = truth[rows] / truth[rows].sum(1, keepdims=True)
        rare = (1 / np.maximum(soft.mean(0), 1e-3)) ** power
        weight[rows] = soft @ rare / (soft @ rare).mean()
    return weight


def _fit_members(
    task: _Task,
    rows: np.ndarray,
    config: TrainConfig,
    watch: _Watch,
    *,
    valid: np.ndarray | None = None,
    stop_after: Sequence[int] | None = None,
) -> tuple[list[TabularMLP], list[int]]:
    """The seed ensemble on `rows`, and the epoch each member kept."""
    nets, kept = [], []
    x, truth = task.data.x[rows], task.truth[rows]
    wanted = truth / truth.sum(1, keepdims=True)
    weight = row_weights(truth, task.table[rows], config.class_power)
    for member in range(config.members):
        torch.manual_seed(config.seed * 1000 + member)
        net = TabularMLP(_shape(task, config))
        net.fit_normalisation(x)
        stage = f"network {member + 1} of {config.members}" + (" on all rows" if stop_after else "")
        epoch = fit(
            net,
            x,
            wanted,
            weight,
            config=config.fit,
            seed=config.seed * 1000 + member,
            score=None if valid is None else _score_on(task, valid),
            report=lambda epoch, loss, scores, stage=stage: watch.epoch(stage, epoch, loss, scores),
            stop_after=stop_after[member] if stop_after else None,
        )
        watch.finished += 1
        nets.append(net.eval())
        kept.append(epoch)
    return nets, kept


def _shape(task: _Task, config: TrainConfig) -> MLPConfig:
    if config.variant == "classic":
        return classic(task.data.feature_names, task.labels)
    return MLPConfig(task.data.feature_names, task.labels, hidden=config.hidden, dropout=config.dropout)


def _score_on(task: _Task, rows: np.ndarray) -> Callable[[Any], tuple[float, float]]:
    def score(net: Any) -> tuple[float, float]:
        log_p = log_probabilities([net], task.data.x[rows])
        return accuracy_any(log_p, task.truth[rows]), macro_f1(log_p, task.truth[rows], task.first[rows])

    return score


def _learn(task: _Task, rows: np.ndarray, smoothing: float, featured: float) -> ArtistTable:
    artists = [task.data.artists[i] for i in rows]
    return ArtistTable.learn(artists, task.truth[rows], task.labels, smoothing=smoothing, featured=featured)
