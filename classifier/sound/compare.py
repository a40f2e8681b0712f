"""Nets that hear side by side: the same clips and parts, every seed; test clips are scored once, at the end."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from classifier.sound.clips import Clips
from classifier.sound.train import SoundConfig, check_parts, learn_net, measured, split_of

Figures = dict[str, tuple[float, float]]
KEYS = ("accuracy", "macro_f1")


def compare(
    clips: Clips,
    models: Sequence[str],
    *,
    seeds: Sequence[int] = (0, 1, 2),
    lists: Path | None = None,
    fixed_epochs: bool = False,
    on_fit: Callable[[str], object] = lambda line: None,
) -> dict[str, Figures]:
    """Mean and standard deviation over seeds (of the split too, where it is random) of figures on the test clips.

    The epoch is chosen on validation clips; with `fixed_epochs` nothing is chosen: a net learns from training and
    validation clips for all epochs of its recipe. `on_fit` hears a line per net.
    """
    found: dict[str, list[dict[str, float]]] = {model: [] for model in models}
    for seed in seeds:
        parts = split_of(clips, lists, seed)
        check_parts(clips, parts)
        known = np.concatenate([parts.train, parts.valid]) if fixed_epochs else parts.train
        for model in models:
            started = time.perf_counter()
            recipe = SoundConfig(model=model).recipe()
            valid = None if fixed_epochs else parts.valid
            net, epochs = learn_net(recipe, clips, known, valid=valid, seed=seed)
            seconds = time.perf_counter() - started
            report = measured(net, clips, parts.test)
            found[model].append({key: report[key] for key in KEYS} | {"seconds": seconds})
            on_fit(f"{model}, seed {seed}: {report['accuracy']:.1%} after {epochs} epochs, {seconds:.0f} s")
    return {name: _spread(figures) for name, figures in found.items()}


def _spread(figures: Sequence[dict[str, float]]) -> Figures:
    return {
        key: (float(np.mean([one[key] for one in figures])), float(np.std([one[key] for one in figures])))
        for key in figures[0]
    }
