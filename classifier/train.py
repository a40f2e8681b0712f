"""From tables to a version directory: fit, calibrate on validation artists, judge on test artists, write."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from classifier import registry
from classifier.artists import ArtistTable
from classifier.calibrate import Calibration, calibrate, learn_artists, measure
from classifier.dataset import Dataset
from classifier.errors import DataError, ModelError
from classifier.evaluate import accuracy_any, macro_f1
from classifier.fit import Cancelled, FitConfig, Progress, fit
from classifier.labels import FEATURES
from classifier.nets import MLPConfig, TabularMLP, classic, log_probabilities
from classifier.splits import Split, split_at_random, split_by_artist, split_by_fold
from classifier.task import Task, build_task, row_weights

__all__ = ["Cancelled", "Progress", "TrainConfig", "TrainedVersion", "train_version"]
MIN_PART = 20


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a version besides its tables; written into meta.json."""

    seed: int = 0
    members: int = 1  # networks whose probabilities are averaged
    variant: Literal["embedded", "classic"] = "embedded"
    hidden: tuple[int, ...] = (320, 192)
    dropout: float = 0.35
    fit: FitConfig = FitConfig()
    class_power: float = 0.5  # 0: every track counts the same; 1: every genre counts the same
    split: Literal["artist", "fold", "random"] = "artist"
    valid_share: float = 0.2
    test_share: float = 0.2
    valid_fold: int = 3
    test_fold: int = 4
    refit: bool = True  # after measuring, train once more on all rows
    sure_accuracy: float = 0.78  # on validation artists, so that other artists stay above 75 %


@dataclass(frozen=True)
class TrainedVersion:
    """A written version; `metrics` are those of the held-out test artists."""

    path: Path
    name: str
    labels: tuple[str, ...]
    metrics: dict[str, Any]
    meta: dict[str, Any]


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

    def epoch(self, stage: str, epoch: int, loss: float, scores: tuple[float, float] | None) -> None:
        self.check()
        if self.progress:
            done = (self.finished + epoch / self.epochs) / self.stages
            accuracy, f1 = scores or (None, None)
            self.progress(Progress(stage, epoch, self.epochs, loss, accuracy, f1, min(done, 1.0)))


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
    task = build_task(datasets)
    split = _split(task, config)
    watch = _Watch(progress, should_stop, config)
    nets, kept = _fit_members(task, split.train, config, watch, valid=split.valid)
    calibration = calibrate(task, split, nets, config.sure_accuracy)
    metrics = measure(task, split, nets, calibration, config.seed)
    watch.check()
    known = np.concatenate([split.train, split.valid])
    if config.refit:
        known = np.arange(len(task.data))
        nets, _ = _fit_members(task, known, config, watch, stop_after=kept)
    artists = learn_artists(task, known, calibration)
    meta = {
        **_identity(task, config, name or out_dir.name, nets),
        **_fusion_meta(calibration, artists),
        "training": _training_meta(task, split, config, kept),
        "metrics": metrics,
    }
    registry.write(registry.Version(meta, _weights(nets), artists.arrays()), out_dir)
    return TrainedVersion(out_dir, meta["name"], task.labels, metrics, meta)


def _weights(nets: Sequence[TabularMLP]) -> dict[str, np.ndarray]:
    """The members' parameters under "<member>.<name>", floats as float32."""
    return {
        f"{i}.{key}": value.numpy() for i, net in enumerate(nets) for key, value in net.state_dict().items()
    }


def _identity(task: Task, config: TrainConfig, name: str, nets: Sequence[TabularMLP]) -> dict[str, Any]:
    shape = asdict(nets[0].config)
    return {
        "format": registry.FORMAT,
        "name": name,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "labels": list(task.labels),
        "features": [asdict(feature) for feature in FEATURES],
        "net": {key: value for key, value in shape.items() if key not in ("feature_names", "labels")},
        "members": len(nets),
        "data": [asdict(origin) for origin in task.data.provenance],
        "data_fingerprint": task.fingerprint(),
        "config": asdict(config),
    }


def _fusion_meta(calibration: Calibration, artists: ArtistTable) -> dict[str, Any]:
    fusion = calibration.fusion
    return {
        "fusion": {
            "prior": fusion.prior.tolist(),
            "weights": {key: asdict(one) for key, one in fusion.weights.items()},
        },
        "threshold": calibration.threshold,
        "artists": {"known": len(artists.keys), "smoothing": artists.smoothing, "featured": artists.featured},
    }


def _training_meta(task: Task, split: Split, config: TrainConfig, kept: Sequence[int]) -> dict[str, Any]:
    return {
        "tracks": {"train": len(split.train), "valid": len(split.valid), "test": len(split.test)},
        "artists_shared_between_parts": config.split == "random",
        "best_epochs": list(kept),
        "refitted_on_all_rows": config.refit,
        "tracks_learned_from": len(task.data) if config.refit else len(split.train),
    }


def _split(task: Task, config: TrainConfig) -> Split:
    if config.split == "fold":
        split = split_by_fold(task.data, config.valid_fold, config.test_fold)
    else:
        by = split_by_artist if config.split == "artist" else split_at_random
        split = by(
            task.data, config.valid_share, config.test_share, config.seed if config.split == "random" else 0
        )
    for part, rows in (("training", split.train), ("validation", split.valid), ("test", split.test)):
        if len(rows) < MIN_PART:
            raise DataError(
                f"The {part} part would hold {len(rows)} tracks; at least {MIN_PART} are needed. "
                "The tracks come from too few artists, or there are too few of them."
            )
    if len(set(task.first[split.train])) < 2:
        raise DataError("Training needs at least two genres among the artists that are not held out.")
    return split


def _fit_members(
    task: Task,
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
            report=partial(watch.epoch, stage),
            stop_after=stop_after[member] if stop_after else None,
        )
        watch.finished += 1
        nets.append(net.eval())
        kept.append(epoch)
    return nets, kept


def _shape(task: Task, config: TrainConfig) -> MLPConfig:
    if config.variant == "classic":
        return classic(task.data.feature_names, task.labels)
    return MLPConfig(task.data.feature_names, task.labels, hidden=config.hidden, dropout=config.dropout)


def _score_on(task: Task, rows: np.ndarray) -> Callable[[Any], tuple[float, float]]:
    def score(net: Any) -> tuple[float, float]:
        log_p = log_probabilities([net], task.data.x[rows])
        return accuracy_any(log_p, task.truth[rows]), macro_f1(log_p, task.truth[rows], task.first[rows])

    return score
