"""The nets that hear by name, and how each is fitted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from classifier.fit import FitConfig
from classifier.sound.augment import Augmentation
from classifier.sound.nets import ClassicCNN, ClassicFFNN, MelCNN, Normalised


@dataclass(frozen=True)
class Recipe:
    """A net and how it is fitted."""

    build: Callable[[int], Normalised]  # number of labels -> net
    fit: FitConfig
    augmentation: Augmentation | None = None  # None: whole clips as they are
    smoothing: float = 0.0  # share of the wanted answer that is spread over all genres


# What the comparison nets' project does not state (optimiser, rate, epochs, dropout) is usual practice.
_PLAIN = FitConfig(epochs=20, batch=32, learning_rate=1e-3, one_cycle=False, weight_decay=0, patience=4)
RECIPES: Mapping[str, Recipe] = {
    "cnn": Recipe(
        MelCNN,
        FitConfig(
            epochs=10, passes=4, batch=32, learning_rate=3e-3, weight_decay=0.05, patience=8, average=0.98
        ),
        Augmentation(),
        smoothing=0.1,
    ),
    "classic-cnn": Recipe(ClassicCNN, _PLAIN),
    "classic-ffnn": Recipe(ClassicFFNN, _PLAIN),
}
