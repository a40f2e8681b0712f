"""The report's section on what is taken for what: the genres that were tested by the answers that were given."""

from itertools import compress

import numpy as np

from classifier.report.markup import (
    beside,
    figure,
    listed,
    number,
    paragraph,
    percent,
    section,
    short,
    stacked,
    table,
)
from classifier.report.pictures import MAX_NUMBERS, heat_map
from classifier.report.themed_svg import Frame
from classifier.report.view import View, genre_name

MAX_BESIDE = 10  # genres whose confusions leave room for a table beside them


def confused(view: View) -> str:
    found = view.report.get("confusion")
    if not found:
        return section("confusion", "What is taken for what", paragraph("The confusions were not measured."))
    counts = np.array(found["rows_true_columns_predicted"], int)
    names = [genre_name(label) for label in found["labels"]]
    tested, said = counts.sum(1) > 0, (counts.sum(0) > 0) | (counts.sum(1) > 0)
    worst = _mix_ups(counts, names)
    rows, columns = list(compress(names, tested)), list(compress(names, said))
    return section(
        "confusion",
        "What is taken for what",
        _untested(view, list(compress(names, ~tested))),
        (beside if len(columns) <= MAX_BESIDE else stacked)(
            _confusion_map(counts[tested][:, said], rows, columns, worst),
            table("The most frequent mix-ups", ["True genre", "Answer", "Tracks", "Share"], worst),
        ),
        table(
            "All counts",
            ["True genre ↓, answer →", *columns],
            [
                [name, *(str(n) if n else "" for n in row)]
                for name, row in zip(rows, counts[tested][:, said], strict=True)
            ],
            folded=True,
        ),
    )


def _untested(view: View, names: list[str]) -> str:
    noun = "clip" if view.hears else "track"
    return paragraph(f"Not tested, for want of test {noun}s: {listed(names)}.") if names else ""


def _confusion_map(counts: np.ndarray, rows: list[str], columns: list[str], worst: list[list[str]]) -> str:
    """Counts [r, c] of tested genres by answer as a picture."""
    shares = counts / counts.sum(1, keepdims=True)
    cell = 32 if len(columns) <= MAX_NUMBERS else 11
    alt = "Confusion matrix; most frequent: " + "; ".join(
        f"{a} taken for {b} {c}" for a, b, _, c in worst[:5]
    )
    frame = Frame("confusion-map", 150 + cell * len(columns), 110 + cell * len(rows), alt, wide=True)
    picture = heat_map(shares, list(map(short, rows)), list(map(short, columns)), frame)
    return figure(picture, "Rows are true genres, columns answers; shades and numbers are percent of a row.")


def _mix_ups(counts: np.ndarray, names: list[str]) -> list[list[str]]:
    off = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    largest = np.argsort(-off, axis=None, kind="stable")[:10]
    pairs = [divmod(int(place), len(counts)) for place in largest]
    return [
        [names[a], names[b], number(int(off[a, b])), percent(shares[a, b])] for a, b in pairs if off[a, b]
    ]
