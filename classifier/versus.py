"""Several answers to the same tracks side by side: figures with intervals, and what differs by more than chance. numpy alone.

Artists are drawn again and again (a cluster bootstrap: Field and Welsh, 2007), because tracks of one artist stand and fall
together; every draw judges all answers, so that differences are paired. Everything that is drawn is a sum over artists,
which makes a draw a product of matrices.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifier.evaluate import BINS

LEVEL = 0.05  # how often equals may be told apart by chance, over all genres together
ROUNDS = 2000
AT_ONCE = 50  # draws
FIGURES = ("accuracy", "macro_f1", "calibration_error")
GENRE_FIGURES = ("f1", "recall")
Interval = tuple[float, float, float]  # value, and the ends of its 95 % interval


@dataclass(frozen=True)
class _Sums:
    """Of one answer by artist [A, …]: rows, right ones, per genre, and confidence that is too low or high by bin."""

    rows: np.ndarray  # [A]
    right: np.ndarray  # [A]
    hits: np.ndarray  # [A, K]
    actual: np.ndarray  # [A, K]
    said: np.ndarray  # [A, K]
    gaps: np.ndarray  # [A, BINS]
    occurring: np.ndarray  # [A, K] by the first label, so that all answers are averaged over the same genres


def versus(
    answers: Sequence[np.ndarray],
    truth: np.ndarray,
    first: np.ndarray,
    groups: np.ndarray,
    *,
    labels: Sequence[str],
    rounds: int = ROUNDS,
    seed: int = 0,
) -> dict[str, Any]:
    """Every answer's figures, and its differences to the first answer's, JSON-ready.

    answers: log-probabilities [n, K] each, -inf for what one cannot say; truth bool [n, K]; first int [n], each track's
    first label; groups int [n], its artist. "versions" holds {figure: (value, low, high)} for each answer and per genre;
    "differences" the same for each answer after the first, minus the first's. A genre is "beyond" chance if the two-sided
    bootstrap p of its F1 passes Holm's procedure (1979) over all genres at 5 %; the whole macro-F1 if its own p is below.

    Raises
    ------
    ValueError
        No rows, or answers of different shapes.
    """
    if not len(truth) or any(one.shape != truth.shape for one in answers):
        raise ValueError("answers are compared on the same rows and genres, of which there must be some")
    _, place = np.unique(groups, return_inverse=True)
    sums = [_summed(one, truth, first, place) for one in answers]
    whole = [_figures(one, np.ones((1, place.max() + 1))) for one in sums]
    drawn = _drawn(sums, rounds, seed)
    support = np.bincount(first, minlength=len(labels))
    shown = np.flatnonzero(support)
    return {
        "rows": len(truth),
        "artists": int(place.max() + 1),
        "versions": [_described(*pair, labels, shown, support) for pair in zip(whole, drawn, strict=True)],
        "differences": [
            _difference((whole[0], drawn[0]), pair, labels, shown)
            for pair in list(zip(whole, drawn, strict=True))[1:]
        ],
    }


def _summed(log_p: np.ndarray, truth: np.ndarray, first: np.ndarray, place: np.ndarray) -> _Sums:
    """A track counts under the genre named for it where that is right, else under its first, as in `evaluate`."""
    n, artists = truth.shape, int(place.max()) + 1
    said = log_p.argmax(1)
    right = truth[np.arange(n[0]), said]
    actual = np.where(right, said, first)
    confidence = np.exp(log_p.max(1))
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)

    def cells(column: np.ndarray, width: int, weight: np.ndarray | None = None) -> np.ndarray:
        flat = np.bincount(place * width + column, weight, minlength=artists * width)
        return flat.reshape(artists, width).astype(float)

    return _Sums(
        rows=np.bincount(place).astype(float),
        right=np.bincount(place, right),
        hits=cells(said, n[1], right.astype(float)),
        actual=cells(actual, n[1]),
        said=cells(said, n[1]),
        gaps=cells(bins, BINS, right - confidence),
        occurring=cells(first, n[1]),
    )


def _figures(sums: _Sums, draws: np.ndarray) -> dict[str, np.ndarray]:
    """Each figure in each of the draws [R, A]: [R], those of genres [R, K]; NaN for a genre that was not drawn."""
    rows = np.maximum(draws @ sums.rows, 1)
    hits, actual, said = draws @ sums.hits, draws @ sums.actual, draws @ sums.said
    occurs = draws @ sums.occurring > 0
    f1 = np.where(occurs, 2 * hits / np.maximum(actual + said, 1), np.nan)
    return {
        "accuracy": draws @ sums.right / rows,
        "macro_f1": np.nansum(f1, axis=1) / np.maximum(occurs.sum(1), 1),
        "calibration_error": np.abs(draws @ sums.gaps).sum(1) / rows,
        "f1": f1,
        "recall": np.where(occurs, hits / np.maximum(actual, 1), np.nan),
    }


def _drawn(sums: Sequence[_Sums], rounds: int, seed: int) -> list[dict[str, np.ndarray]]:
    """Every answer's figures in the same draws."""
    parts = [[_figures(one, draws) for one in sums] for draws in _draws(len(sums[0].rows), rounds, seed)]
    return [
        {name: np.concatenate([part[k][name] for part in parts]) for name in parts[0][k]}
        for k in range(len(sums))
    ]


def _draws(artists: int, rounds: int, seed: int) -> Iterator[np.ndarray]:
    """How often each artist was drawn, float [AT_ONCE, A], a few draws at a time."""
    random = np.random.default_rng(seed)
    shares = np.full(artists, 1 / artists)
    for start in range(0, rounds, AT_ONCE):
        yield random.multinomial(artists, shares, size=min(AT_ONCE, rounds - start)).astype(float)


def _described(
    whole: dict[str, np.ndarray],
    drawn: dict[str, np.ndarray],
    labels: Sequence[str],
    shown: np.ndarray,
    support: np.ndarray,
) -> dict[str, Any]:
    found: dict[str, Any] = {name: _interval(whole[name][0], drawn[name]) for name in FIGURES}
    found["genres"] = {
        labels[k]: {"support": int(support[k])}
        | {name: _interval(whole[name][0, k], drawn[name][:, k]) for name in GENRE_FIGURES}
        for k in shown
    }
    return found


Judged = tuple[dict[str, np.ndarray], dict[str, np.ndarray]]  # as a whole, and in the draws


def _difference(before: Judged, after: Judged, labels: Sequence[str], shown: np.ndarray) -> dict[str, Any]:
    whole, drawn = ({name: b[name] - a[name] for name in a} for a, b in zip(before, after, strict=True))
    found: dict[str, Any] = {name: _interval(whole[name][0], drawn[name]) for name in FIGURES}
    chances = np.array([_chance(drawn["f1"][:, k]) for k in shown])
    found["genres"] = {
        labels[k]: {name: _interval(whole[name][0, k], drawn[name][:, k]) for name in GENRE_FIGURES}
        | {"p": float(p), "beyond": bool(beyond)}
        for k, p, beyond in zip(shown, chances, _holm(chances), strict=True)
    }
    return found | {"p": _chance(drawn["macro_f1"]), "beyond": _chance(drawn["macro_f1"]) < LEVEL}


def _interval(value: float, drawn: np.ndarray) -> Interval:
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return float(value), float(low), float(high)


def _chance(differences: np.ndarray) -> float:
    """Two-sided bootstrap p of no difference (Davison and Hinkley, 1997, 4.2), from drawn differences [R]."""
    drawn = differences[~np.isnan(differences)]
    least = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    return min(1.0, 2 * (least + 1) / (len(drawn) + 1))


def _holm(chances: np.ndarray) -> np.ndarray:
    """Which p [m] are below 5 % although there are m of them: bool [m]."""
    order = np.argsort(chances, kind="stable")
    passes = chances[order] <= LEVEL / (len(chances) - np.arange(len(chances)))
    beyond = np.zeros(len(chances), bool)
    beyond[order] = np.logical_and.accumulate(passes)
    return beyond
