"""The wrong answers that a model was surest of: a person who hears them learns most about the model, or the labels."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

MOST = 50
MOST_OF_ONE = 2  # artist: data sets label whole artists, so one wrong label would fill the list


def worst(
    log_p: np.ndarray,
    truth: np.ndarray,
    labels: Sequence[str],
    describe: Callable[[int], dict[str, Any]],
    most: int = MOST,
) -> list[dict[str, Any]]:
    """The surest wrong answers, the surest first, at most two of an artist, JSON-ready.

    log_p float [n, K], NaN where a label was never taught; truth bool [n, K]; `describe` says of a row what it is, with
    its "artists", the foremost first. Each has "truth" (every true label), "said" and "probability" beside that.
    """
    if not len(truth):
        return []
    known = np.where(np.isnan(log_p), -np.inf, log_p)
    said, chance = known.argmax(1), np.exp(known.max(1))
    wrong = np.flatnonzero(~truth[np.arange(len(truth)), said])
    surest = wrong[np.argsort(-chance[wrong], kind="stable")]
    found = _few_of_each((row, describe(row)) for row in surest.tolist())
    return [
        {
            **described,
            "truth": [labels[int(k)] for k in np.flatnonzero(truth[row])],
            "said": labels[int(said[row])],
            "probability": round(float(chance[row]), 4),
        }
        for row, described in islice(found, most)
    ]


def _few_of_each(rows: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Without the rows of an artist of whom enough came before; those without an artist all stay."""
    seen: Counter[str] = Counter()
    for row, described in rows:
        whose = "".join(described["artists"][:1]).casefold()
        seen[whose] += 1
        if not whose or seen[whose] <= MOST_OF_ONE:
            yield row, described
