"""Several answers to the same tracks side by side: figures with intervals, and what differs by more than chance.

Artists are drawn again and again (a cluster bootstrap: Field and Welsh, 2007), because tracks of one artist stand and fall
together; every draw judges all answers, so that differences are paired. Everything that is drawn is a sum over artists,
which makes a draw a product of matrices. How much a figure varies over the draws becomes an interval in `intervals`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifier import intervals
from classifier.evaluate import BINS
from classifier.intervals import LEVEL  # over all genres together

ROUNDS = 2000
AT_ONCE = 50  # draws
FIGURES = ("accuracy", "macro_f1")
# F1 is a share, too: of the times that the genre is true or said, those where it is both.
GENRE_FIGURES = ("f1", "recall")


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
    first label; groups int [n], its artist. "versions" holds {figure: (value, low, high)} for each answer and per genre,
    and (value,) of the calibration error; "differences" the same for each answer after the first, minus the first's. A
    genre is "beyond" chance if the two-sided p of its F1 passes Holm's procedure (1979) over all genres at 5 %; the whole
    macro-F1 if its own p is below.

    Raises
    ------
    ValueError
        No rows, or answers of different shapes.
    """
    if not len(truth) or any(one.shape != truth.shape for one in answers):
        raise ValueError("answers are compared on the same rows and genres, of which there must be some")
    _, place = np.unique(groups, return_inverse=True)
    sums = [_summed(one, truth, first, place) for one in answers]
    basis = _basis(sums[0], labels)
    whole = [_figures(one, np.ones((1, place.max() + 1))) for one in sums]
    judged = list(zip(whole, _drawn(sums, rounds, seed), strict=True))
    return {
        "rows": len(truth),
        "artists": int(place.max() + 1),
        "versions": [_described(*one, basis) for one in judged],
        "differences": [_difference(judged[0], one, basis) for one in judged[1:]],
    }


@dataclass(frozen=True)
class _Basis:
    """How many artists and rows there are: in all, for a mean over genres, and of each genre that occurs."""

    units: dict[str, float]
    rows: dict[str, float]
    genres: dict[str, tuple[int, int, int]]  # its column, artists, rows


def _basis(sums: _Sums, labels: Sequence[str]) -> _Basis:
    units, rows = (sums.occurring > 0).sum(0), sums.occurring.sum(0).astype(int)
    shown = np.flatnonzero(rows)
    return _Basis(
        units={"accuracy": len(sums.rows), "macro_f1": intervals.as_of(units[shown])},
        rows={"accuracy": float(sums.rows.sum()), "macro_f1": intervals.as_of(rows[shown])},
        genres={labels[k]: (k, int(units[k]), int(rows[k])) for k in shown.tolist()},
    )


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
    parts = [
        [_figures(one, draws) for one in sums] for draws in draw_artists(len(sums[0].rows), rounds, seed)
    ]
    return [
        {name: np.concatenate([part[k][name] for part in parts]) for name in parts[0][k]}
        for k in range(len(sums))
    ]


def draw_artists(artists: int, rounds: int, seed: int) -> Iterator[np.ndarray]:
    """How often each artist was drawn, float [AT_ONCE, A], a few draws at a time."""
    random = np.random.default_rng(seed)
    shares = np.full(artists, 1 / artists)
    for start in range(0, rounds, AT_ONCE):
        yield random.multinomial(artists, shares, size=min(AT_ONCE, rounds - start)).astype(float)


Judged = tuple[dict[str, np.ndarray], dict[str, np.ndarray]]  # as a whole, and in the draws


def _described(whole: dict[str, np.ndarray], drawn: dict[str, np.ndarray], basis: _Basis) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: intervals.of_share(whole[name][0], drawn[name], units=basis.units[name], rows=basis.rows[name])
        for name in FIGURES
    }
    found["calibration_error"] = (float(whole["calibration_error"][0]),)
    found["genres"] = {
        label: {"support": rows}
        | {
            name: intervals.of_share(whole[name][0, k], drawn[name][:, k], units=units, rows=rows)
            for name in GENRE_FIGURES
        }
        for label, (k, units, rows) in basis.genres.items()
    }
    return found


def _difference(before: Judged, after: Judged, basis: _Basis) -> dict[str, Any]:
    whole, drawn = ({name: b[name] - a[name] for name in a} for a, b in zip(before, after, strict=True))
    told = {
        name: intervals.of_difference(whole[name][0], drawn[name], units=basis.units[name])
        for name in FIGURES
    }
    genres = {
        label: {
            name: intervals.of_difference(whole[name][0, k], drawn[name][:, k], units=units)
            for name in GENRE_FIGURES
        }
        for label, (k, units, _) in basis.genres.items()
    }
    beyond = _holm(np.array([one["f1"][1] for one in genres.values()]))
    found: dict[str, Any] = {name: interval for name, (interval, _) in told.items()}
    found["calibration_error"] = (float(whole["calibration_error"][0]),)
    found["genres"] = {
        label: {name: interval for name, (interval, _) in one.items()}
        | {"p": one["f1"][1], "beyond": bool(is_beyond)}
        for (label, one), is_beyond in zip(genres.items(), beyond, strict=True)
    }
    p = told["macro_f1"][1]
    return found | {"p": p, "beyond": p < LEVEL}


def _holm(chances: np.ndarray) -> np.ndarray:
    """Which p [m] are below 5 % although there are m of them: bool [m]."""
    order = np.argsort(chances, kind="stable")
    passes = chances[order] <= LEVEL / (len(chances) - np.arange(len(chances)))
    beyond = np.zeros(len(chances), bool)
    beyond[order] = np.logical_and.accumulate(passes)
    return beyond
