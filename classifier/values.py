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
_MISTAKES = {  # unit: what a value outside its range often is
    "share": "; divide percentages by 100",
    "ms": "; multiply seconds by 1,000",
    "dB": "; loudness is mostly below 0",
    "pitch class": "; C is 0 and B is 11",
}


def words_for(feature: Feature) -> Mapping[str, float]:
    """Words (in lower case) that may stand in the feature's cells; any column of one's own may say yes and no."""
    return _WORDS.get(feature.name, {} if feature.unit else _YES_NO)


def refusals(
    values: np.ndarray, wrong: Mapping[int, str], feature: Feature, *, blank_is_bad: bool
) -> dict[int, str]:
    """Why cells cannot be used, by index: values is float64 [n], NaN for blank; `wrong` holds what is no number."""
    reasons = {i: f"{cell[:40]!r} is not a number{_advice(cell, feature)}" for i, cell in wrong.items()}
    if blank_is_bad:
        empty = "the cell is empty; leave out the row, or the column"
        reasons |= {int(i): empty for i in np.flatnonzero(np.isnan(values)) if i not in wrong}
    known = ~np.isnan(values)
    outside = known & ~((values >= feature.low) & (values <= feature.high) & np.isfinite(values))
    bounds = (
        f"{feature.low:,.10g} to {feature.high:,.10g} ({feature.unit})" if feature.unit else "what is finite"
    )
    hint = _MISTAKES.get(feature.unit, "")
    reasons |= {int(i): f"{values[i]:.10g} is outside {bounds}{hint}" for i in np.flatnonzero(outside)}
    if feature.kind != "number":
        broken = known & ~outside & (values != np.round(values))
        reasons |= {int(i): f"{values[i]:.10g} is not a whole number" for i in np.flatnonzero(broken)}
    return reasons


def _advice(cell: str, feature: Feature) -> str:
    if "," in cell:
        return "; write a decimal point and no separators of thousands"
    return f" in the unit {feature.unit!r}" if feature.unit else ""
