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
    and_valid: bool = False,
    on_fit: Callable[[str], object] = lambda line: None,
) -> dict[str, Figures]:
    """Mean and standard deviation over seeds (of the split too, where it is random) of figures on the test clips.

    The epoch is chosen on validation clips. With `and_valid` a second net learns from training and validation clips
    for as many epochs, and stands in the table as "<model>, valid too". `on_fit` hears a line per net.
    """
    found: dict[str, list[dict[str, float]]] = {}
    for seed in seeds:
        parts = split_of(clips, lists, seed)
        check_parts(clips, parts)
        for model in models:
            recipe = SoundConfig(model=model).recipe()
            started = time.perf_counter()
            net, epochs = learn_net(recipe, clips, parts.train, valid=parts.valid, seed=seed)
            nets = {model: net}
            if and_valid:
                known = np.concatenate([parts.train, parts.valid])
                nets[f"{model}, valid too"] = learn_net(recipe, clips, known, epochs=epochs, seed=seed)[0]
            seconds = time.perf_counter() - started
            for name, one in nets.items():
                report = measured(one, clips, parts.test)
                figures = {key: report[key] for key in KEYS} | {"seconds": seconds / len(nets)}
                found.setdefault(name, []).append(figures)
                on_fit(
                    f"{name}, seed {seed}: {report['accuracy']:.1%} after {epochs} epochs, {seconds:.0f} s"
                )
    return {name: _spread(figures) for name, figures in found.items()}


def _spread(figures: Sequence[dict[str, float]]) -> Figures:
    return {
        key: (float(np.mean([one[key] for one in figures])), float(np.std([one[key] for one in figures])))
        for key in figures[0]
    }
