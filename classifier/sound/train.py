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
from classifier.mistakes import worst
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
    spare_test: bool = False  # refit on all clips but the test part, which stays unknown
    least_clips: int = MIN_CLIPS  # in every part

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
    meta: dict[str, Any]


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
    learns from all clips (all but the test part with `config.spare_test`) for as many epochs; the metrics stay the
    measured ones. Killed and called again with the
    same clips and settings, it goes on from its last finished epoch.

    Raises
    ------
    DataError
        Too few clips or genres. ModelError: `out_dir` exists. Cancelled: `should_stop` said so; nothing is written.
    """
    recipe = config.recipe()
    check_parts(clips, parts, config.least_clips)
    with checkpoints_of(out_dir, key_of(clips, parts, config)) as checkpoints:
        watch = Watch(
            progress, should_stop, epochs=recipe.fit.epochs, stages=1 + config.refit, checkpoints=checkpoints
        )
        said: dict[str, Any] = {"seed": config.seed, "watch": watch, "checkpoints": checkpoints}
        net, epochs = learn_net(recipe, clips, parts.train, valid=parts.valid, **said)
        watch.say("measuring")
        metrics = measured(net, clips, parts.test) | {"baselines": majority(clips, parts)}
        found: dict[str, Any] = {
            "mistakes": mistakes(clips, parts.test, log_probabilities(net, clips.mel[parts.test]))
        }
        if config.refit:  # the schedule then ends where the epoch was chosen
            recipe = replace(recipe, fit=replace(recipe.fit, epochs=epochs))
            net, _ = learn_net(recipe, clips, known_rows(clips, parts, config), **said)
        found |= {"metrics": metrics, "curve": watch.curve}
        meta = _meta(clips, parts, config, name or out_dir.name) | found
        meta["model"] |= {"epochs": epochs}
        registry.write_files(out_dir, meta, {registry.WEIGHTS: arrays_of(net)})
    discard(out_dir)
    return HeardVersion(out_dir, clips.genres, metrics, meta)


def known_rows(clips: Clips, parts: Split, config: SoundConfig) -> np.ndarray:
    """The clips that the written version may know."""
    if config.refit and not config.spare_test:
        return np.arange(len(clips))
    return np.sort(np.concatenate([parts.train, parts.valid] if config.refit else [parts.train]))


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
    return judged(log_probabilities(net, clips.mel[rows]), clips, rows)


def majority(clips: Clips, parts: Split) -> dict[str, Any]:
    """What always naming the commonest genre of the training clips gets right."""
    share = (clips.truth[parts.train].sum(0) + 1.0) / (len(parts.train) + len(clips.genres))
    log_p = np.repeat(np.log(share / share.sum())[None], len(parts.test), axis=0)
    return {"majority": judged(log_p, clips, parts.test)}


def judged(log_p: np.ndarray, clips: Clips, rows: np.ndarray) -> dict[str, Any]:
    """How right the answers log_p [m, K], in the order of `clips.genres`, are on the clips at `rows` [m]."""
    truth = clips.truth[rows]
    return report(log_p, truth, truth.argmax(1), labels=clips.genres, groups=np.arange(len(rows)))


def mistakes(clips: Clips, rows: np.ndarray, log_p: np.ndarray) -> list[dict[str, Any]]:
    """The surest wrong answers log_p [m, K] on the clips at `rows` [m]."""

    def describe(place: int) -> dict[str, Any]:
        row = int(rows[place])
        return {"id": clips.names[row], "artists": [], "dataset": clips.origin(row).name}

    return worst(log_p, clips.truth[rows], clips.genres, describe)


def _scores(clips: Clips, rows: np.ndarray, net: nn.Module) -> tuple[float, float]:
    log_p, truth = log_probabilities(net, clips.mel[rows]), clips.truth[rows]
    return accuracy_any(log_p, truth), macro_f1(log_p, truth, truth.argmax(1))


def check_parts(clips: Clips, parts: Split, least: int = MIN_CLIPS) -> None:
    """DataError where a part holds fewer than `least` clips, or training too few genres."""
    for part, rows in (("training", parts.train), ("validation", parts.valid), ("test", parts.test)):
        if len(rows) < least:
            raise DataError(f"The {part} part would hold {len(rows)} clips; at least {least} are needed.")
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


def key_of(clips: Clips, parts: Split, config: SoundConfig) -> str:
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
        "data": [asdict(origin) for origin in clips.origins],
        "config": asdict(config)
        | {"fit": asdict(recipe.fit), "smoothing": recipe.smoothing}
        | {"augmentation": asdict(recipe.augmentation) if recipe.augmentation else None},
        "training": training_meta(clips, parts, config),
    }


def training_meta(clips: Clips, parts: Split, config: SoundConfig) -> dict[str, Any]:
    """How the clips were parted, and how many were learned from."""
    return {
        "split": config.split,
        "clips": {"train": len(parts.train), "valid": len(parts.valid), "test": len(parts.test)},
        "artists_shared_between_parts": config.split == "random",
        "refitted_on_all_clips": config.refit and not config.spare_test,
        "test_spared": config.spare_test or not config.refit,
        "clips_learned_from": len(known_rows(clips, parts, config)),
    }
