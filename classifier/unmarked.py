"""What is unknown of a track must not tell which table it came from: corrections are of few genres and of one source."""

import numpy as np

SHARE = 0.5  # of the other tables' tracks


def unmarked(x: np.ndarray, ours: np.ndarray, seed: int) -> np.ndarray:
    """x float32 [n, F] with more NaN, so that no pattern of NaN is found in rows `ours` (bool [n]) alone, or hardly there.

    Rows `ours` lose what no other row has; of the others a share loses what one of `ours`, drawn at random, lacks.
    """
    if ours.all() or not ours.any():
        return x
    random, hidden = np.random.default_rng(seed), np.isnan(x)
    hidden[ours] |= hidden[~ours].all(0)
    others = np.flatnonzero(~ours)
    others = others[random.random(len(others)) < SHARE]
    hidden[others] |= hidden[random.choice(np.flatnonzero(ours), len(others))]
    return np.where(hidden, np.nan, x).astype(x.dtype)
