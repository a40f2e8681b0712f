"""Distributions as drawings: places and lengths for SVG attributes, with the sentence and the rows that say the same."""

from dataclasses import dataclass
from typing import Any

from classifier.labels import display_name

WIDTH, HEIGHT = 240, 80
NOTES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"]
FLAGS = {"mode": ("minor", "major"), "explicit": ("no", "yes")}


@dataclass(frozen=True)
class Share:
    """A named number and its bar, 0 to 100 of the longest."""

    name: str
    count: int
    share: str
    length: float


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram, in its viewBox, and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    label: str
    count: int


@dataclass(frozen=True)
class Histogram:
    title: str
    sentence: str  # what is seen, for who does not see it
    ends: tuple[str, str]
    bars: tuple[Bar, ...]


def genre_shares(counts: dict[str, int]) -> list[Share]:
    """Genres with their numbers, as long bars as they are many."""
    total, most = sum(counts.values()) or 1, max(counts.values(), default=1) or 1
    return [
        Share(display_name(slug), count, f"{count / total:.1%}", round(100 * count / most, 2))
        for slug, count in counts.items()
    ]


def histogram(found: dict[str, Any]) -> Histogram:
    """A feature's distribution as classifier tables report it (organizer.training.counting)."""
    counts, low, high = found["counts"], found["low"], found["high"]
    step, width, most = (high - low) / len(counts), WIDTH / len(counts), max(counts) or 1
    is_number = found["kind"] == "number"
    labels = [_label(found, low + step * k, low + step * (k + 1)) for k in range(len(counts))]
    bars = tuple(
        Bar(
            x=round(k * width, 2),
            y=round(HEIGHT - HEIGHT * count / most, 2),
            width=round(width - (0.5 if is_number else 2), 2),
            height=round(HEIGHT * count / most, 2),
            label=label,
            count=count,
        )
        for k, (count, label) in enumerate(zip(counts, labels, strict=True))
    )
    ends = (_number(low), _number(high)) if is_number else (labels[0], labels[-1])
    return Histogram(_title(found), _sentence(found, labels), ends, bars)


def _title(found: dict[str, Any]) -> str:
    return str(found["name"]).replace("_", " ").capitalize()


def _label(found: dict[str, Any], low: float, high: float) -> str:
    if found["kind"] == "number":
        return f"{_number(low)} to {_number(high)}"
    value = round((low + high) / 2)
    if found["name"] == "key":
        return NOTES[value] if 0 <= value < len(NOTES) else "unknown"
    names = FLAGS.get(found["name"], ())
    return names[value] if 0 <= value < len(names) else str(value)


def _sentence(found: dict[str, Any], labels: list[str]) -> str:
    unknown = f" In {found['unknown']:,} rows it is unknown." if found["unknown"] else ""
    if found["kind"] != "number":
        most = max(range(len(labels)), key=lambda k: found["counts"][k])
        return f"Most often {labels[most]}.{unknown}"
    first, median, third = map(_number, found["quartiles"])
    return f"Half of the rows lie between {first} and {third}, the middle is {median} ({found['unit']}).{unknown}"


def _number(value: float) -> str:
    digits = 0 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if digits else text
    return "0" if text == "-0" else text.replace("-", "−")
