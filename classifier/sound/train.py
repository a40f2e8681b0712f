"""From clips to a version directory: fit with early stopping on validation clips, judge on test clips, write."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from classifier import registry
from classifier.errors import DataError
from classifier.evaluate import accuracy_any, macro_f1, report
from classifier.fit import Progress, fit
from classifier.sound.answer import log_probabilities
from classifier.sound.augment import Augmentation, augmented
from classifier.sound.clips import Clips, split_by_lists, split_random
from classifier.sound.nets import Normalised, decibels
from classifier.sound.recipes import RECIPES, Recipe
from classifier.splits import Split
from classifier.unfinished import checkpoints_of, discard
from classifier.watch import Watch

MIN_CLIPS = 5  # in every part


@dataclass(frozen=True)
class SoundConfig:
    """Everything that decides a version besides its clips; written into meta.json."""

    model: str = "cnn"  # a name in RECIPES
    seed: int = 0
    split: Literal["random", "lists"] = "random"
    refit: bool = True  # after measuring, train once more on all clips
    epochs: int | None = None  # at most; None: the recipe's

    def recipe(self) -> Recipe:
        if self.model not in RECIPES:
            raise DataError(f"There is no net {self.model!r}; known are {', '.join(RECIPES)}.")
        recipe = RECIPES[self.model]
        return replace(recipe, fit=replace(recipe.fit, epochs=self.epochs)) if self.epochs else recipe


@dataclass(frozen=True)
class HeardVersion:
    """A written version; `metrics` are those of the test clips."""

    path: Path
    labels: tuple[str, ...]
    metrics: dict[str, Any]


def train_sound(
    clips: Clips,
    parts: Split,
    out_dir: Path,
    config: SoundConfig = SoundConfig(),
    *,
    name: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> HeardVersion:
    """Train on the parts of `clips` and write the version directory `out_dir`, which must not exist yet.

    The epoch is chosen on validation clips, test clips are scored once. With `config.refit` the written net then
    learns from all clips for as many epochs; the metrics stay the measured ones. Killed and called again with the
    same clips and settings, it goes on from its last finished epoch.

    Raises
    ------
    DataError
        Too few clips or genres. ModelError: `out_dir` exists. Cancelled: `should_stop` said so; nothing is written.
    """
    recipe = config.recipe()
    check_parts(clips, parts)
    with checkpoints_of(out_dir, _key(clips, parts, config)) as checkpoints:
        watch = Watch(
            progress, should_stop, epochs=recipe.fit.epochs, stages=1 + config.refit, checkpoints=checkpoints
        )
        said: dict[str, Any] = {"seed": config.seed, "watch": watch, "checkpoints": checkpoints}
        net, epochs = learn_net(recipe, clips, parts.train, valid=parts.valid, **said)
        metrics = measured(net, clips, parts.test)
        watch.check()
        if config.refit:  # the schedule then ends where the epoch was chosen
            recipe = replace(recipe, fit=replace(recipe.fit, epochs=epochs))
            net, _ = learn_net(recipe, clips, np.arange(len(clips)), **said)
        meta = _meta(clips, parts, config, name or out_dir.name) | {"metrics": metrics, "curve": watch.curve}
        meta["model"] |= {"epochs": epochs}
        registry.write_files(out_dir, meta, {registry.WEIGHTS: arrays_of(net)})
    discard(out_dir)
    return HeardVersion(out_dir, clips.genres, metrics)


def learn_net(
    recipe: Recipe,
    clips: Clips,
    rows: np.ndarray,
    *,
    valid: np.ndarray | None = None,
    seed: int = 0,
    watch: Watch | None = None,
    checkpoints: Path | None = None,
) -> tuple[Normalised, int]:
    """A net fitted on the clips at `rows`, and after how many epochs: the best by `valid`, or all."""
    torch.manual_seed(seed)
    net = recipe.build(len(clips.genres))
    net.fit_normalisation(decibels(clips.mel[rows]))
    truth = clips.truth[rows].astype(np.float32)
    stage = "net" if valid is not None else "net on all clips"
    kept = fit(
        net,
        clips.mel[rows],
        (1 - recipe.smoothing) * truth + recipe.smoothing / truth.shape[1],
        np.ones(len(rows)),
        config=recipe.fit,
        seed=seed,
        disturb=partial(_disturbed, recipe.augmentation),
        score=None if valid is None else partial(_scores, clips, valid),
        report=partial(watch.epoch, stage) if watch else None,
        checkpoint=checkpoints / f"{stage}.pt" if checkpoints else None,
    )
    return net.eval(), kept


def _disturbed(
    how: Augmentation | None, mel: torch.Tensor, wanted: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    return augmented(mel, wanted, how, generator) if how else (decibels(mel), wanted)


def measured(net: nn.Module, clips: Clips, rows: np.ndarray) -> dict[str, Any]:
    """How right `net` is on the clips at `rows`."""
    log_p, truth = log_probabilities(net, clips.mel[rows]), clips.truth[rows]
    return report(log_p, truth, truth.argmax(1), labels=clips.genres, groups=np.arange(len(rows)))


def _scores(clips: Clips, rows: np.ndarray, net: nn.Module) -> tuple[float, float]:
    log_p, truth = log_probabilities(net, clips.mel[rows]), clips.truth[rows]
    return accuracy_any(log_p, truth), macro_f1(log_p, truth, truth.argmax(1))


def check_parts(clips: Clips, parts: Split) -> None:
    """DataError where a part holds too few clips, or training too few genres."""
    for part, rows in (("training", parts.train), ("validation", parts.valid), ("test", parts.test)):
        if len(rows) < MIN_CLIPS:
            raise DataError(f"The {part} part would hold {len(rows)} clips; at least {MIN_CLIPS} are needed.")
    untaught = set(clips.genres) - {clips.labels[i] for i in parts.train}
    if untaught or len(clips.genres) < 2:
        raise DataError(
            f"Training would hold no clip of {', '.join(sorted(untaught))}."
            if untaught
            else "Training needs clips of at least two genres."
        )


def split_of(clips: Clips, lists: Path | None, seed: int) -> Split:
    """By the lists of a folder, or at random."""
    return split_by_lists(clips, lists) if lists else split_random(clips, seed)


def _key(clips: Clips, parts: Split, config: SoundConfig) -> str:
    """Equal for equal clips and settings, so that only the very same training is taken up again."""
    digest = hashlib.sha256(json.dumps([asdict(config), clips.names, clips.labels]).encode())
    for rows in (clips.mel, parts.train, parts.valid, parts.test):
        digest.update(rows.tobytes())
    return digest.hexdigest()[:16]


def arrays_of(net: nn.Module) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in net.state_dict().items()}


def _meta(clips: Clips, parts: Split, config: SoundConfig, name: str) -> dict[str, Any]:
    recipe = config.recipe()
    return {
        "format": registry.FORMAT,
        "kind": registry.SOUND,
        "name": name,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "labels": list(clips.genres),
        "model": {"family": config.model},
        "data": [asdict(clips.provenance)],
        "config": asdict(config)
        | {"fit": asdict(recipe.fit), "smoothing": recipe.smoothing}
        | {"augmentation": asdict(recipe.augmentation) if recipe.augmentation else None},
        "training": {
            "split": config.split,
            "clips": {"train": len(parts.train), "valid": len(parts.valid), "test": len(parts.test)},
            "artists_shared_between_parts": config.split == "random",
            "refitted_on_all_clips": config.refit,
            "clips_learned_from": len(clips) if config.refit else len(parts.train),
        },
    }
