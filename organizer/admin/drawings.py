"""A comparison laid out for its page: figures in percent, intervals as places in an SVG, differences in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from classifier.labels import display_name

WIDTH = 200  # of an interval's SVG, in user units
LEAST_SCALE = 0.05  # of differences: so that tiny ones are not drawn as large
UNCLEAR = "not distinguishable"
NAMES = {"accuracy": "Accuracy", "macro_f1": "Macro-F1"}
Interval = Sequence[float]


def comparison(result: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows of `organizer.training.comparing`'s result."""
    versions, words = result["versions"], result["words"]
    return {
        "test": result["test"],
        "versions": versions,
        "table": rows(versions, result["figures"]),
        "baseline": _baseline(result),
        "shared": rows(versions, result["shared"]) if result["shared"] else [],
        "shared_genres": [display_name(one) for one in (result["shared"] or {}).get("genres", [])],
        "genres": genres(versions, result["figures"]),
        "words": words,
        "words_table": rows(versions, words) if "rows" in words else [],
        "words_genres": genres(versions, words, figure="recall") if "rows" in words else [],
    }


def rows(versions: Sequence[Mapping[str, Any]], figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row a version: figures with their intervals, and what its macro-F1 differs by from that of the first."""
    differences = [None, *figures["differences"]]
    scale = _scale([one["macro_f1"] for one in figures["differences"]])
    return [
        {
            "name": version["name"],
            "pk": version["pk"],
            "is_first": place == 0,
            "figures": [_figure(found[name]) for name in NAMES],
            "calibration": f"{found['calibration_error'][0]:.3f}",
            "difference": _difference(other["macro_f1"], scale, bool(other["beyond"])) if other else None,
        }
        for place, (version, found, other) in enumerate(
            zip(versions, figures["versions"], differences, strict=True)
        )
    ]


def genres(
    versions: Sequence[Mapping[str, Any]], figures: Mapping[str, Any], *, figure: str = "f1"
) -> list[dict[str, Any]]:
    """Per version after the first: every genre before and after, the difference drawn and in words."""
    first = figures["versions"][0]["genres"]
    tables = []
    for version, found, other in zip(
        versions[1:], figures["versions"][1:], figures["differences"], strict=True
    ):
        scale = _scale([one[figure] for one in other["genres"].values()])
        lines = [
            {
                "genre": display_name(genre),
                "support": first[genre]["support"],
                "before": f"{first[genre][figure][0]:.1%}",
                "after": f"{found['genres'][genre][figure][0]:.1%}",
                "recall": f"{100 * one['recall'][0]:+.1f}",
            }
            | _difference(one[figure], scale, one["beyond"])
            for genre, one in other["genres"].items()
        ]
        lines.sort(key=lambda line: -line["support"])
        tables.append({"name": version["name"], "rows": lines})
    return tables


def _figure(interval: Interval) -> dict[str, Any]:
    value, low, high = interval
    return {
        "value": f"{value:.1%}",
        "interval": f"{low:.1%} – {high:.1%}",
        **{name: f"{WIDTH * at:.1f}" for name, at in (("x", value), ("from", low), ("to", high))},
    }


def _difference(interval: Interval, scale: float, beyond: bool) -> dict[str, Any]:
    """In points; its places around the middle of the drawing."""
    value, low, high = interval
    places = {
        name: f"{WIDTH / 2 * (1 + max(-1.0, min(1.0, at / scale))):.1f}"
        for name, at in (("x", value), ("from", low), ("to", high))
    }
    start = min(float(places["x"]), WIDTH / 2)
    return {
        "points": f"{100 * value:+.1f}",
        "interval": f"{100 * low:+.1f} – {100 * high:+.1f}",
        "word": ("better" if value > 0 else "worse") if beyond else UNCLEAR,
        "bar": f"{start:.1f}",
        "length": f"{abs(float(places['x']) - WIDTH / 2):.1f}",
        **places,
    }


def _scale(intervals: Sequence[Interval]) -> float:
    return max([LEAST_SCALE, *(abs(end) for one in intervals for end in one)])


def _baseline(result: Mapping[str, Any]) -> dict[str, Any] | None:
    found = result["baseline"]
    if not found:
        return None
    return {"name": found["name"]} | {name: f"{found[name]:.1%}" for name in NAMES}
