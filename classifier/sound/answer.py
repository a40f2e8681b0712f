"""A written net that hears: back from its directory, and from spectrograms or waves to log-probabilities."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from classifier import registry
from classifier.errors import ModelError
from classifier.sound.clips import hear
from classifier.sound.nets import Normalised, decibels
from classifier.sound.recipes import RECIPES

BATCH = 8  # clips judged at a time: larger ones are slower, for they leave the cache


def log_probabilities(net: nn.Module, mel: np.ndarray) -> np.ndarray:
    """mel uint8 [n, 128, T] -> log-probabilities float32 [n, K]."""
    with torch.inference_mode():
        parts = [torch.log_softmax(net(decibels(part)), dim=1) for part in torch.from_numpy(mel).split(BATCH)]
    return torch.cat(parts).numpy()


def answer_of(net: nn.Module) -> Callable[[Sequence[np.ndarray]], np.ndarray]:
    """What turns waves, mono float32 at 22,050 Hz, into log-probabilities [n, K]."""
    return lambda waves: np.concatenate([log_probabilities(net, hear(wave)[None]) for wave in waves])


def load_net(path: Path) -> tuple[Normalised, dict[str, Any]]:
    """A written net, ready to answer, and its description.

    Raises
    ------
    ModelError
        Not a version that hears, damaged, or of a family this program does not know.
    """
    meta = registry.read_description(path)
    model = meta.get("model")
    family = str(model.get("family")) if isinstance(model, dict) else ""
    if meta.get("kind") != registry.SOUND or family not in RECIPES or not _are_labels(meta.get("labels")):
        raise ModelError(f"The model version {path.name} is none that answers to sound.")
    net = RECIPES[family].build(len(meta["labels"]))
    arrays = registry.read_arrays(path / registry.WEIGHTS)
    try:
        net.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    except RuntimeError as error:
        raise ModelError(f"The model version {path.name} is damaged: its weights do not fit.") from error
    return net.eval(), meta


def _are_labels(labels: Any) -> bool:
    return isinstance(labels, list) and len(labels) > 1 and all(isinstance(one, str) for one in labels)
