"""A comparison laid out for its page: figures in percent, intervals as places in an SVG, differences in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from classifier.labels import display_name
from organizer.training import guard

WIDTH = 200  # of an interval's SVG, in user units
LEAST_SCALE = 0.05  # of differences: so that tiny ones are not drawn as large
UNCLEAR = "not distinguishable"
MORE_OR_LESS = {"better": "more often", "worse": "less often", UNCLEAR: UNCLEAR}
NAMES = {"accuracy": "Accuracy", "macro_f1": "Macro-F1"}
Interval = Sequence[float]


def comparison(result: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows of `organizer.training.comparing`'s result."""
    versions, words = result["versions"], result["words"]
    return {
        "test": result["test"],
        "judging": [one for one in result["test"]["datasets"] if one["rows"]],
        "unlearned": _unlearned(versions),
        "versions": versions,
        "table": rows(versions, result["figures"]),
        "baseline": _baseline(result),
        "shared": rows(versions, result["shared"]) if result["shared"] else [],
        "shared_genres": [display_name(one) for one in (result["shared"] or {}).get("genres", [])],
        "genres": genres(versions, result["figures"]),
        "words": words,
        "words_table": rows(versions, words) if "rows" in words else [],
        "words_genres": genres(versions, words, figure="recall") if "rows" in words else [],
        "overuse": overuse(versions, words) if "overuse" in words else [],
    }


def _unlearned(versions: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The name of each version that lacks genres of the first, and which."""
    said = [(one["name"], guard.unlearned(one["genres"], versions[0]["genres"])) for one in versions[1:]]
    return [(name, sentence) for name, sentence in said if sentence]


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
                "recall": points(one["recall"][0]),
            }
            | _difference(one[figure], scale, one["beyond"])
            for genre, one in other["genres"].items()
        ]
        lines.sort(key=lambda line: -line["support"])
        tables.append({"name": version["name"], "rows": lines})
    return tables


def overuse(versions: Sequence[Mapping[str, Any]], words: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Per version after the first: how often it says each corrected genre of the test set's other songs, and warnings."""
    tables = []
    for place, version in enumerate(versions[1:]):
        found = {genre: _Overuse.of(one, place) for genre, one in words["overuse"].items()}
        scale = _scale([one.difference["share"] for one in found.values() if one.difference["share"]])
        gained = words["differences"][place]["genres"]
        tables.append(
            {
                "name": version["name"],
                "rows": [one.row(genre, scale) for genre, one in found.items()],
                "warnings": [
                    one.warning(genre, version["name"])
                    for genre, one in found.items()
                    if gained[genre]["recall"][0] > 0 and one.is_costly
                ],
            }
        )
    return tables


@dataclass(frozen=True)
class _Overuse:
    """Of one genre, as classifier.overuse found it: what is in use, another version, and how these differ."""

    others: int
    before: Mapping[str, Interval | None]
    after: Mapping[str, Interval | None]
    difference: Mapping[str, Any]

    @classmethod
    def of(cls, found: Mapping[str, Any], place: int) -> "_Overuse":
        first, *later = found["versions"]
        return cls(found["others"], first, later[place], found["differences"][place])

    @property
    def is_costly(self) -> bool:
        """Of what it calls so clearly less is right; where the other one never said it, clearly less than half."""
        fallen, now = self.difference["precision"], self.after["precision"]
        return fallen[2] < 0 if fallen else now is not None and now[2] < 0.5

    def row(self, genre: str, scale: float) -> dict[str, Any]:
        share = self.difference["share"]
        drawn = _difference(share, scale, bool(self.difference["beyond"])) if share else {}
        return drawn | {
            "genre": display_name(genre),
            "said": f"Says {display_name(genre)} of {_percent(self.after['share'])} of {self.others:,} other songs; "
            f"before {_percent(self.before['share'])}.",
            "word": MORE_OR_LESS[drawn["word"]] if drawn else "–",
            "before": _percent(self.before["precision"]),
            "after": _percent(self.after["precision"]),
        }

    def warning(self, genre: str, name: str) -> str:
        now, then = _percent(self.after["precision"]), _percent(self.before["precision"])
        right = (
            f"right less often: {now} of the time, before {then}"
            if self.before["precision"]
            else (f"right {now} of the time; before it was never said")
        )
        return (
            f"“{name}” finds more of what users corrected to {display_name(genre)}, but when it says so of a test song "
            f"it is {right}. See in the preview what it would do to libraries."
        )


def _percent(interval: Interval | None) -> str:
    return f"{interval[0]:.1%}" if interval else "–"


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
        "points": points(value),
        "interval": f"{points(low)} – {points(high)}",
        "word": ("better" if value > 0 else "worse") if beyond else UNCLEAR,
        "bar": f"{start:.1f}",
        "length": f"{abs(float(places['x']) - WIDTH / 2):.1f}",
        **places,
    }


def points(share: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return f"{100 * share:+.1f}".replace("-", "−")


def _scale(intervals: Sequence[Interval]) -> float:
    return max([LEAST_SCALE, *(abs(end) for one in intervals for end in one)])


def _baseline(result: Mapping[str, Any]) -> dict[str, Any] | None:
    found = result["baseline"]
    if not found:
        return None
    return {"name": found["name"]} | {name: f"{found[name]:.1%}" for name in NAMES}
