"""What a feature's cells may say: words that stand for numbers, and why a value is refused."""

from collections.abc import Mapping

import numpy as np

from classifier.labels import Feature

_YES_NO = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
_NOTES = ["c", "c# db", "d", "d# eb", "e", "f", "f# gb", "g", "g# ab", "a", "a# bb", "b"]
_WORDS: Mapping[str, Mapping[str, float]] = {
    "explicit": _YES_NO,
    "mode": _YES_NO | {"major": 1.0, "minor": 0.0},
    "key": {name: float(place) for place, names in enumerate(_NOTES) for name in names.split()},
}

# unit: what a value above the first number and up to the second most likely is
_MISTAKES: Mapping[str, tuple[float, float, str]] = {
    "share": (1, 100, "divide percentages by 100"),
    "ms": (0, 1_000, "multiply seconds by 1,000"),
    "dB": (10, 100, "loudness is below 0 for nearly all music"),
    "pitch class": (11, 12, "C is 0 and B is 11"),
}


def words_for(feature: Feature) -> Mapping[str, float]:
    """Words (in lower case) that may stand in the feature's cells; any column of one's own may say yes and no."""
    return _WORDS.get(feature.name, {} if feature.unit else _YES_NO)


def refusals(
    values: np.ndarray, wrong: Mapping[int, str], feature: Feature, *, blank_is_bad: bool
) -> dict[int, str]:
    """Why cells cannot be used, by index: values is float64 [n], NaN for blank; `wrong` holds what is no number."""
    reasons = {i: _no_number(cell, feature) for i, cell in wrong.items()}
    if blank_is_bad:
        empty = "the cell is empty; leave out the row, or the column"
        reasons |= {int(i): empty for i in np.flatnonzero(np.isnan(values)) if i not in wrong}
    known = ~np.isnan(values)
    outside = known & ~((values >= feature.low) & (values <= feature.high) & np.isfinite(values))
    reasons |= {int(i): _outside(float(values[i]), feature) for i in np.flatnonzero(outside)}
    if feature.kind != "number":
        broken = known & ~outside & (values != np.round(values))
        reasons |= {int(i): f"{values[i]:.10g} is not a whole number" for i in np.flatnonzero(broken)}
    return reasons


def _no_number(cell: str, feature: Feature) -> str:
    refused = f"{cell[:40]!r} is not a number"
    if "," in cell:
        return f"{refused}; write a decimal point and no separators of thousands"
    return f"{refused} from {_span(feature)}" if feature.unit else refused


def _outside(value: float, feature: Feature) -> str:
    if not feature.unit:
        return f"{value:g} is no finite number"
    above, up_to, hint = _MISTAKES.get(feature.unit, (0, 0, ""))
    advice = f"; {hint}" if above < value <= up_to else ""
    return f"{value:.10g} is outside {_span(feature)}{advice}"


def _span(feature: Feature) -> str:
    return f"{feature.low:,.10g} to {feature.high:,.10g} ({feature.unit})"
