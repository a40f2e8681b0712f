"""The form in which every model family is given its tracks."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rows:
    """What to learn from: x float32 [n, F] with NaN, truth bool [n, K], first int [n], weight [n], artist int [n]."""

    x: np.ndarray
    truth: np.ndarray
    first: np.ndarray
    weight: np.ndarray
    artist: np.ndarray
