"""How often answers name a genre for tracks that are of another: what a genre that is found more often may cost. numpy alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifier import intervals
from classifier.intervals import LEVEL
from classifier.versus import ROUNDS, draw_artists

FIGURES = ("share", "precision")


def overuse(
    answers: Sequence[np.ndarray],
    truth: np.ndarray,
    groups: np.ndarray,
    *,
    genre: int,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> dict[str, Any]:
    """What answers make of `genre` beyond its own tracks, JSON-ready, with 95 % intervals by the draws of `versus`.

    answers: log-probabilities [n, K] each, -inf for what one cannot say; truth bool [n, K]; groups int [n], the artist.
    "share" is that of the other genres' tracks for which it is named (the false positive rate), "precision" that of the
    tracks named it that are of it; each (value, low, high), or None where there are no such tracks. "differences" are
    those of each answer after the first, minus the first's, with "beyond": the p of the share is below 5 %.

    Raises
    ------
    ValueError
        No rows, or answers of different shapes.
    """
    if not len(truth) or any(one.shape != truth.shape for one in answers):
        raise ValueError("answers are compared on the same rows and genres, of which there must be some")
    _, place = np.unique(groups, return_inverse=True)
    found = [_ratios(one.argmax(1) == genre, truth[:, genre], place, rounds, seed) for one in answers]
    return {
        "others": int((~truth[:, genre]).sum()),
        "versions": [{name: one[name].interval for name in FIGURES} for one in found],
        "differences": [_difference(found[0], one) for one in found[1:]],
    }


@dataclass(frozen=True)
class _Ratio:
    """Tracks that are so among those that could be: by artist [A], and their ratio in each draw [R], NaN where undefined."""

    are: np.ndarray
    could: np.ndarray
    drawn: np.ndarray

    @property
    def value(self) -> float | None:
        return float(self.are.sum() / self.could.sum()) if self.could.any() else None

    @property
    def interval(self) -> intervals.Interval | None:
        if self.value is None:
            return None
        artists, tracks = (self.could > 0).sum(), self.could.sum()
        return intervals.of_share(self.value, self.drawn, units=int(artists), rows=int(tracks))

    def less(self, other: "_Ratio") -> tuple[intervals.Interval, float] | None:
        """This minus the other: the interval, and the p of no difference."""
        if self.value is None or other.value is None:
            return None
        artists = int(((self.could > 0) | (other.could > 0)).sum())
        return intervals.of_difference(self.value - other.value, self.drawn - other.drawn, units=artists)


def _ratios(
    named: np.ndarray, is_of_it: np.ndarray, place: np.ndarray, rounds: int, seed: int
) -> dict[str, _Ratio]:
    pairs = {"share": (named & ~is_of_it, ~is_of_it), "precision": (named & is_of_it, named)}
    sums = np.stack(
        [np.bincount(place, column) for pair in pairs.values() for column in pair], axis=1
    )  # [A, 4]
    drawn = np.concatenate([draws @ sums for draws in draw_artists(len(sums), rounds, seed)])  # [R, 4]
    with np.errstate(invalid="ignore"):  # 0 / 0 is undefined
        return {
            name: _Ratio(sums[:, 2 * k], sums[:, 2 * k + 1], drawn[:, 2 * k] / drawn[:, 2 * k + 1])
            for k, name in enumerate(pairs)
        }


def _difference(before: dict[str, _Ratio], after: dict[str, _Ratio]) -> dict[str, Any]:
    told = {name: after[name].less(before[name]) for name in FIGURES}
    share = told["share"]
    return {name: one and one[0] for name, one in told.items()} | {"beyond": bool(share and share[1] < LEVEL)}
