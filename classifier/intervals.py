"""95 % intervals of figures between 0 and 1 that say how little a few artists (or clips) tell.

What a bootstrap never drew it calls impossible: of seven artists, all right, every draw is all right. Here it only says
how much a figure varies, and that as many pretended artists are added as textbooks advise for shares.
"""

import numpy as np
from scipy.stats import t

LEVEL = 0.05  # how often equals may be told apart by chance
Interval = tuple[float, float, float]  # value, and the ends of its 95 % interval


def of_share(value: float, drawn: np.ndarray, *, units: float, rows: float) -> Interval:
    """Wilson's score interval (1927) with as many independent rows as the bootstrap tells the share to rest on.

    drawn: float [R], the share in each draw, NaN where there was none; units: the artists that were drawn from; rows:
    their rows. The effective number is that of Korn and Graubard (1998), and where nothing varies that of the artists:
    how Franco, Little, Louis and Slud (2019) advise for shares of samples in clusters. 0 to 1 where there are no two.
    """
    if units < 2:
        return float(value), 0.0, 1.0
    n = _effective(value, float(np.nanvar(drawn)), units, rows)
    z = float(t.ppf(1 - LEVEL / 2, np.inf))
    middle = (value + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(value * (1 - value) / n + z**2 / (4 * n**2))
    return _around(value, middle - half, middle + half, least=0.0)


def _effective(value: float, variance: float, units: float, rows: float) -> float:
    """How many independent rows would vary as much, fewer where few artists say how much that is."""
    if not 0 < value < 1:
        return units
    n = rows if variance <= 0 else min(rows, value * (1 - value) / variance)
    return float(n * (t.ppf(1 - LEVEL / 2, rows - 1) / t.ppf(1 - LEVEL / 2, units - 1)) ** 2)


def of_difference(value: float, drawn: np.ndarray, *, units: float) -> tuple[Interval, float]:
    """The interval of a paired difference between -1 and 1, and the two-sided p of none.

    drawn: float [R], the difference in each draw, NaN where there was none. As if two more artists had been judged, one
    rightly by the first only and one by the second only (Bonett and Price, 2012, for paired shares), with Student's t of
    the artists that there are: so of three that all speak for one, nothing follows. -1 to 1 where there are no two.
    """
    if units < 2:
        return (float(value), -1.0, 1.0), 1.0
    more = units + 2
    middle = value * units / more
    spread = units**2 * float(np.nanvar(drawn)) + 2 + 2 * units * value**2 / more
    error = np.sqrt(spread) / more
    half = float(t.ppf(1 - LEVEL / 2, units - 1) * error)
    interval = _around(value, middle - half, middle + half, least=-1.0)
    return interval, float(2 * t.sf(abs(middle) / error, units - 1))


def _around(value: float, low: float, high: float, *, least: float) -> Interval:
    """Within `least` and 1; rounding must not put an end beyond the value itself."""
    return float(value), float(min(value, max(least, low))), float(max(value, min(1.0, high)))


def as_of(counts: np.ndarray) -> float:
    """How many rows a mean over genres rests on, of which each genre has `counts` [K]: the rarest says most."""
    return float(len(counts) ** 2 / (1 / counts).sum())
