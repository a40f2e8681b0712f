"""A map of a library: songs that sound alike lie side by side. Vectors in, places in the unit square out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

LANDMARKS = 6000  # laid out by t-SNE, which takes minutes beyond; the others settle among them
COMPONENTS = 50  # of the principal components that t-SNE is given
PERPLEXITY = 30.0
SMALLEST = 12  # songs: with fewer, t-SNE has nothing to say and the principal components are drawn
NEIGHBOURS = 5  # that place a song which was not laid out itself
BLOCK = 2000  # rows of a distance matrix at a time
CROWDED = 0.005  # how far from its neighbours' middle a settled song may lie
OUTER = 0.002  # share of songs on each side that may lie outside before the square is drawn tighter
MARGIN = 0.03


@dataclass(frozen=True)
class Vectors:
    """Songs by key (ids), and what is compared: rows float [n, D], finite, in that order."""

    keys: np.ndarray
    rows: np.ndarray

    def at(self, keys: np.ndarray) -> np.ndarray:
        """The rows of `keys`, which must be there."""
        order = np.argsort(self.keys)
        return self.rows[order[np.searchsorted(self.keys, keys, sorter=order)]]


def layout(vectors: np.ndarray, *, start: np.ndarray | None = None, seed: int = 0) -> np.ndarray:
    """Places [n, 2] in the unit square for vectors float [n, D].

    t-SNE (van der Maaten & Hinton 2008) of the standardised vectors' principal components; of more than `LANDMARKS`
    songs a random part is laid out and the others settle beside those most alike. `start` [n, 2] begins from an earlier
    map, so that what one has learned to find stays about where it was.
    """
    n = len(vectors)
    if n < SMALLEST:
        return _square(_components(vectors, 2)[:, :2]) if n > 1 else np.full((n, 2), 0.5)
    reduced = _components(vectors, COMPONENTS)
    chosen = np.sort(np.random.default_rng(seed).permutation(n)[:LANDMARKS])
    begin = start[chosen] if start is not None else None
    places = np.empty((n, 2))
    places[chosen] = _square(_t_sne(reduced[chosen], begin, seed))
    rest = np.setdiff1d(np.arange(n), chosen)
    places[rest] = settle(reduced[rest], reduced[chosen], places[chosen], seed=seed)
    return places


def settle(new: np.ndarray, known: np.ndarray, places: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Places [m, 2] for vectors [m, D], among those of `known` [n, D] at `places` [n, 2].

    Each beside the most alike of its nearest neighbours, drawn towards the others by their similarity.
    """
    if not len(new):
        return np.empty((0, 2))
    count = min(NEIGHBOURS, len(known))
    placed = [_middle(new[at : at + BLOCK], known, places, count) for at in range(0, len(new), BLOCK)]
    jitter = np.random.default_rng(seed).normal(0, CROWDED / 2, (len(new), 2)).clip(-CROWDED, CROWDED)
    return np.clip(np.concatenate(placed) + jitter, 0, 1)


def standardised(rows: np.ndarray) -> np.ndarray:
    """Each column with mean 0 and deviation 1, columns that never vary or are never known left out; NaN becomes 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        known = np.isfinite(rows)
        filled = np.where(known, rows, 0.0)
        mean = filled.sum(0) / known.sum(0)
        centred = np.where(known, rows - mean, 0.0)
        deviation = np.sqrt((centred**2).sum(0) / known.sum(0))
    varies = np.nan_to_num(deviation) > 1e-6
    return centred[:, varies] / deviation[varies]


def drawn(
    base: Vectors, other: Vectors, earlier: Mapping[int, tuple[float, float]], *, seed: int = 0
) -> dict[int, tuple[float, float]]:
    """A place for every song that has a vector of either kind.

    Songs of `base` are laid out. Those of `other` alone settle beside the songs that have both kinds and are most alike
    in the other kind; where no song has both, they stay off the map.
    """
    before = dict(earlier) | _beside(base, earlier, seed)
    is_covered = bool(before) and all(int(key) in before for key in base.keys)
    start = np.array([before[int(key)] for key in base.keys]) if is_covered else None
    places = layout(base.rows, start=start, seed=seed)
    there = {int(key): tuple(place) for key, place in zip(base.keys, places.tolist(), strict=True)}
    return there | _beside(other, there, seed)


def joined(
    vectors: tuple[Vectors, ...], earlier: Mapping[int, tuple[float, float]], *, seed: int = 0
) -> dict[int, tuple[float, float]]:
    """Places for songs that came since `earlier` was drawn, which moves nothing; `vectors` by kind, in order of trust."""
    places = dict(earlier)
    for kind in vectors:
        places |= _beside(kind, places, seed)
    return places


def _beside(
    kind: Vectors, places: Mapping[int, tuple[float, float]], seed: int
) -> dict[int, tuple[float, float]]:
    is_there = np.array([int(key) in places for key in kind.keys], bool)
    if is_there.all() or not is_there.any():
        return {}
    known = np.array([places[int(key)] for key in kind.keys[is_there]])
    found = settle(kind.rows[~is_there], kind.rows[is_there], known, seed=seed)
    return {int(key): (float(x), float(y)) for key, (x, y) in zip(kind.keys[~is_there], found, strict=True)}


def _components(vectors: np.ndarray, count: int) -> np.ndarray:
    """The first principal components [n, count] of the standardised vectors; zeros where there are fewer."""
    rows = standardised(vectors)
    covariance = rows.T @ rows / len(rows)
    _, axes = np.linalg.eigh(covariance)
    found = rows @ axes[:, ::-1][:, :count]
    return np.pad(found, ((0, 0), (0, max(0, count - found.shape[1]))))


def _t_sne(rows: np.ndarray, begin: np.ndarray | None, seed: int) -> np.ndarray:
    from sklearn.manifold import TSNE

    # From nothing, t-SNE starts best with hardly any spread, 1e-4, and pulled together (Kobak & Berens 2019). An
    # earlier map is a result already: it keeps its spread, and nothing is pulled together.
    first, spread, pull = (rows[:, :2], 1e-4, 12.0) if begin is None else (begin, 10.0, 1.0)
    init = (first - first.mean(0)) / (first.std() or 1.0) * spread
    model = TSNE(
        perplexity=min(PERPLEXITY, (len(rows) - 1) / 3),
        early_exaggeration=pull,
        init=init.astype(np.float32),
        random_state=seed,
    )
    return model.fit_transform(rows.astype(np.float32))


def _middle(new: np.ndarray, known: np.ndarray, places: np.ndarray, count: int) -> np.ndarray:
    """new [b, D], known [n, D], places [n, 2] -> [b, 2]."""
    squared = (new**2).sum(1)[:, None] - 2 * new @ known.T + (known**2).sum(1)  # [b, n]
    near = np.argpartition(squared, count - 1, axis=1)[:, :count]
    distance = np.sqrt(np.maximum(np.take_along_axis(squared, near, axis=1), 1e-12))  # [b, count]
    weight = (distance.min(1, keepdims=True) / distance) ** 4
    return (places[near] * weight[:, :, None]).sum(1) / weight.sum(1)[:, None]


def _square(places: np.ndarray) -> np.ndarray:
    """Into the unit square, the few that lie far outside pulled to its edge."""
    low, high = np.quantile(places, [OUTER, 1 - OUTER], axis=0)
    span = np.where(high > low, high - low, 1.0)
    return np.clip(MARGIN + (places - low) / span * (1 - 2 * MARGIN), 0, 1)
