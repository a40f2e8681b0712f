"""From tables to a version directory: fit, calibrate on validation artists, judge on test artists, write."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from classifier import registry
from classifier.artists import ArtistTable
from classifier.blend import Blend
from classifier.calibrate import Calibration, calibrate, fused, learn_artists
from classifier.dataset import Dataset
from classifier.errors import DataError, ModelError
from classifier.fit import Cancelled, Progress
from classifier.labels import feature_named
from classifier.measure import learning_curve, measure, measure_outlet, sample_arrays
from classifier.mistakes import worst
from classifier.models import Learner, Model
from classifier.networks import NetConfig, Networks, is_taught
from classifier.outlet import Outlet, outside_parts
from classifier.splits import ARTISTS_SHARED, Split, SplitKind, split
from classifier.task import Balance, Task, build_task, rows_of
from classifier.unfinished import checkpoints_of, discard
from classifier.unmarked import unmarked
from classifier.watch import Watch

__all__ = ["Cancelled", "Progress", "TrainConfig", "TrainedVersion", "discard", "train_version"]
MIN_PART = 20


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a version besides its tables; written into meta.json."""

    model: str = "mlp"  # a name in classifier.models.MODELS
    net: NetConfig | None = None  # a network's settings; None: the family's defaults
    seed: int = 0
    genres: tuple[str, ...] | None = None  # tell only these apart; all other tracks are "none of these"
    balance: Balance = Balance(genre=0.5)
    split: SplitKind = "artist"
    valid_share: float = 0.2
    test_share: float = 0.2
    refit: bool = True  # after measuring, train once more on all rows
    spare_test: bool = (
        False  # on all rows but the test part, which stays unknown: so versions can be compared on it
    )
    sure_accuracy: float = 0.82  # on validation artists, so that chance of other artists leaves it above 75 %
    genres_per_track: int = 1  # more: several genres may be named for one track
    learning_curve: bool = False  # also measure what fewer training tracks would have given
    # Data set's name -> how much each of its tracks counts, where that is not 1.
    table_weights: Mapping[str, float] = field(default_factory=dict)

    def learner(self) -> Learner:
        learner = Learner.named(self.model)
        return Learner(self.model, self.net) if self.net and learner.net else learner


@dataclass(frozen=True)
class TrainedVersion:
    """A written version; `metrics` are those of the held-out test artists."""

    path: Path
    name: str
    labels: tuple[str, ...]
    metrics: dict[str, Any]
    meta: dict[str, Any]


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
    `config.refit` the written model and artist table then learn from all rows, or from all but the test part with
    `config.spare_test`; the metrics stay the measured ones.
    Killed and called again with the same data and settings, a network goes on from its last finished epoch and ends
    as if it had not been interrupted.

    Raises
    ------
    DataError
        Too few tracks or genres. ModelError: `out_dir` exists. Cancelled: `should_stop` said so; nothing is written.
    """
    if out_dir.exists():  # before anything else is found fault with
        raise ModelError(f"There already is a model version at {out_dir.name}.")
    task = build_task(datasets, config.genres)
    parts = _split(task, config)
    net = config.learner().net
    with checkpoints_of(out_dir, _key(task, config)) as checkpoints:
        watch = Watch(
            progress,
            should_stop,
            epochs=net.fit.epochs if net else 1,
            stages=(net.members if net else 1) * (2 if config.refit else 1),
            checkpoints=checkpoints,
        )
        version, meta = _train(task, parts, config, name or out_dir.name, watch, checkpoints)
    registry.write(version, out_dir)
    discard(out_dir)
    return TrainedVersion(out_dir, meta["name"], task.labels, meta["metrics"], meta)


def _key(task: Task, config: TrainConfig) -> str:
    """Equal for equal data and settings, so that only the very same training is taken up again."""
    settings = json.dumps(asdict(config), sort_keys=True)
    return hashlib.sha256((task.fingerprint() + settings).encode()).hexdigest()[:16]


def _train(
    task: Task, parts: Split, config: TrainConfig, name: str, watch: Watch, checkpoints: Path
) -> tuple[registry.Version, dict[str, Any]]:
    learn = partial(_learn, task, config=config, watch=watch, checkpoints=checkpoints)
    model = learn(parts.train, valid=parts.valid)
    watch.say("calibrating and measuring")
    strangers = outside_parts(task, config.split, _split_seed(config))
    outlet, unknown = measure_outlet(task, parts, strangers, model, config.seed)
    calibration = calibrate(task, parts, model, outlet, config.sure_accuracy, config.genres_per_track)
    metrics = {**measure(task, parts, model, outlet, calibration, config.seed), **unknown}
    if config.learning_curve:
        metrics["learning"] = learning_curve(task, parts, config.learner(), config.balance, config.seed)
    evaluation = sample_arrays(task.data.x[parts.test], task.truth[parts.test], model)
    mistakes = _mistakes(task, parts, model, calibration)
    watch.check()
    known = _known(parts, config)
    if config.refit:
        epochs = model.epochs if isinstance(model, Networks | Blend) else None
        del model  # two forests at once would be the most that a training holds
        model = learn(known, epochs=epochs)
    if outlet and strangers:
        watch.say("learning what is none of the genres")
        inside = known if config.refit else parts.train
        outside = _known(strangers, config) if config.refit else strangers.train
        outlet = Outlet.learn(task, inside, outside, seed=config.seed)
    artists = learn_artists(task, known, calibration)
    meta = {
        **_identity(task, config, name, model),
        **_fusion_meta(calibration, artists),
        **({"outlet": outlet.networks.description()} if outlet else {}),
        "training": _training_meta(task, parts, config),
        "metrics": metrics,
        "curve": watch.curve,
        "mistakes": mistakes,
    }
    weights = model.arrays() | (outlet.arrays() if outlet else {})
    return registry.Version(meta, weights, artists.arrays(), evaluation), meta


def _known(parts: Split, config: TrainConfig) -> np.ndarray:
    """The rows that the written version may know."""
    if config.refit and not config.spare_test:
        return parts.everything
    return np.sort(np.concatenate([parts.train, parts.valid]))


def _mistakes(task: Task, parts: Split, model: Model, calibration: Calibration) -> list[dict[str, Any]]:
    """The surest wrong answers on test tracks, from features alone."""
    test = parts.test
    features = model.log_probabilities(task.data.x[test])
    experts = {"features": features, "artist": np.zeros_like(features)}
    log_p = fused(calibration.fusion, ("features",), experts, np.ones(len(test), bool))

    def describe(place: int) -> dict[str, Any]:
        row = test[place]
        return {
            "id": task.data.track_ids[row],
            "title": task.data.titles[row] if task.data.titles else "",
            "artists": list(task.data.artists[row]),
            "dataset": task.tables[task.table[row]],
        }

    return worst(log_p, task.truth[test], task.labels, describe)


def _learn(
    task: Task,
    rows: np.ndarray,
    *,
    config: TrainConfig,
    watch: Watch,
    checkpoints: Path,
    valid: np.ndarray | None = None,
    epochs: list[int] | None = None,
) -> Model:
    learned = rows_of(task, rows, config.balance, config.table_weights)
    learner = config.learner()
    if learner.net and is_taught(learner.net.teacher_share, len(task.labels)):
        watch.say("fitting the boosted trees that teach the network")
    ours = np.array([name in config.table_weights for name in task.tables])[task.table[rows]]
    return learner.learn(
        replace(learned, x=unmarked(learned.x, ours, config.seed)),
        None if valid is None else rows_of(task, valid),
        features=task.data.feature_names,
        labels=task.labels,
        seed=config.seed,
        epochs=epochs,
        on_epoch=watch.epoch,
        checkpoints=checkpoints,
    )


def _identity(task: Task, config: TrainConfig, name: str, model: Model) -> dict[str, Any]:
    return {
        "format": registry.FORMAT,
        "name": name,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "labels": list(task.labels),
        "level": task.data.level,
        "features": [
            {
                key: value
                for key, value in asdict(feature_named(one)).items()
                if value not in (np.inf, -np.inf)
            }
            for one in task.data.feature_names
        ],
        "model": {"family": config.model, **model.description()},
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
        "thresholds": dict(calibration.thresholds),
        "several": asdict(calibration.several),
        "library": asdict(calibration.library),
        "artists": {"known": len(artists.keys), "smoothing": artists.smoothing, "featured": artists.featured},
    }


def _training_meta(task: Task, parts: Split, config: TrainConfig) -> dict[str, Any]:
    return {
        "split": config.split,
        "tracks": {"train": len(parts.train), "valid": len(parts.valid), "test": len(parts.test)},
        "artists_shared_between_parts": ARTISTS_SHARED[config.split],
        "refitted_on_all_rows": config.refit and not config.spare_test,
        "test_spared": config.spare_test or not config.refit,
        "tracks_learned_from": len(_known(parts, config)) if config.refit else len(parts.train),
        "tracks_without_artist": sum(not names for names in task.data.artists),
        "learned_by_table": _by_table(task, _known(parts, config) if config.refit else parts.train),
        "genres_left_out": dict(task.left_out),
    }


def _by_table(task: Task, rows: np.ndarray) -> dict[str, int]:
    return {name: int((task.table[rows] == i).sum()) for i, name in enumerate(task.tables)}


def _split(task: Task, config: TrainConfig) -> Split:
    parts = split(
        task.data, config.split, valid=config.valid_share, test=config.test_share, seed=_split_seed(config)
    )
    for part, rows in (("training", parts.train), ("validation", parts.valid), ("test", parts.test)):
        if len(rows) < MIN_PART:
            raise DataError(
                f"The {part} part would hold {len(rows)} tracks; at least {MIN_PART} are needed. "
                "The tracks come from too few artists, or there are too few of them."
            )
    if len(set(task.first[parts.train])) < 2:
        raise DataError("Training needs at least two genres among the artists that are not held out.")
    return parts


def _split_seed(config: TrainConfig) -> int:
    # By artist or album the seed stays out of it, so that versions of several seeds are judged on the same tracks.
    return 0 if config.split in ("artist", "album") else config.seed
