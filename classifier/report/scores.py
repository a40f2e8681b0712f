"""The report's sections on how good the answers are."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import numpy as np

from classifier.report.markup import (
    beside,
    figure,
    filled,
    number,
    paragraph,
    percent,
    plain,
    section,
    span,
    table,
)
from classifier.report.pictures import Axis, Line, bars, lines
from classifier.report.themed_svg import Frame
from classifier.report.view import View, genre_name, reliability_of

_EVIDENCE = {
    "features": "Sound features alone",
    "artist": "Artist context alone",
    "features+artist": "Features and artist",
}
_BASELINES = {
    "majority": "Always the commonest genre (dummy)",
    "dummy": "Always the commonest genre (dummy)",
    "logistic": "Logistic regression",
}


def compared(view: View) -> list[tuple[str, Mapping[str, Any]]]:
    """Baselines and model by name, as far as they were measured."""
    metrics = view.metrics
    found = [(_BASELINES.get(key, plain(key)), one) for key, one in (metrics.get("baselines") or {}).items()]
    if view.hears:
        return [(name, one) for name, one in [*found, ("What it hears", metrics)] if one.get("tracks")]
    found += [(name, metrics.get(key)) for key, name in _EVIDENCE.items()]
    several = len(view.meta.get("data") or []) > 1  # else there is no other data set to know an artist from
    across = (metrics.get("other_tables") or {}) if several else {}
    found += [
        (f"{name}, known from other data", across.get(key))
        for key, name in _EVIDENCE.items()
        if "artist" in key
    ]
    return [(name, one) for name, one in found if one and one.get("tracks")]


def comparison(view: View) -> str:
    rows = compared(view)
    if not rows:
        return section("comparison", "Model and baselines", paragraph("Accuracy was not measured."))
    spans = np.array([one.get("accuracy_interval") or (np.nan, np.nan) for _, one in rows], float)
    alt = "Accuracy: " + "; ".join(f"{name} {percent(one['accuracy'])}" for name, one in rows)
    picture = bars(
        [fill(name.removesuffix(" (dummy)"), 22) for name, _ in rows],
        [one["accuracy"] for _, one in rows],
        spans,
        Axis("accuracy", percent=True, low=0),
        Frame("comparison-bars", 360, 60 + 40 * len(rows), alt),
    )
    return section(
        "comparison",
        "Model and baselines",
        figure(picture, _HEARD if view.hears else _COUNTED_ANY),
        table("The figures behind it", *filled(_HEAD, [_compared_row(name, one) for name, one in rows])),
        "" if view.hears else paragraph(_KNOWN_ARTISTS),
        _by_table(view),
    )


_HEARD = "Accuracy on clips that were kept out of training; lines are 95% intervals over clips."
_COUNTED_ANY = "Accuracy, counting any of a track's genres; lines are 95% intervals over artists."
_KNOWN_ARTISTS = (
    "Rows with artist context cover only test tracks of which another track by one of the artists is known, "
    "so they are not comparable with the others; and as data sets label whole artists at once, only those known "
    "from other data tell how a library will fare. “Called sure” are answers above the threshold."
)

_HEAD = ["Evidence", "Tracks", "Accuracy", "95% interval", "Right among 3", "Macro-F1", "ECE", "Called sure",
         "Right if sure"]  # fmt: skip


def _compared_row(name: str, one: Mapping[str, Any]) -> list[str]:
    return [
        name,
        number(one["tracks"]),
        percent(one["accuracy"]),
        span(one.get("accuracy_interval")),
        percent((one.get("top_k") or {}).get("3")),
        percent(one.get("macro_f1")),
        number(one.get("calibration_error"), 3),
        percent(one.get("sure_share")),
        percent(one.get("sure_accuracy")),
    ]


def _by_table(view: View) -> str:
    parts = view.report.get("tables") or {}
    rows = [_compared_row(plain(name), one) for name, one in parts.items() if one.get("tracks")]
    head, rows = filled(["Data set", *_HEAD[1:]], rows)
    return table("Sound features alone, by data set", head, rows) if len(rows) > 1 else ""


def genres(view: View) -> str:
    found = {label: one for label, one in (view.report.get("per_genre") or {}).items() if one["support"]}
    rows = [
        [
            genre_name(label),
            number(one["support"]),
            f"{100 * (1 - one['recall']):.1f}",
            percent(one["precision"]),
            percent(one["recall"]),
            percent(one["f1"]),
        ]
        for label, one in sorted(found.items(), key=lambda pair: -pair[1]["support"])
    ]
    head = ["Genre", "Test tracks", "Percent wrong", "Precision", "Recall", "F1"]
    body = (
        table("Genres, the most frequent first", head, rows) if rows else paragraph("This was not measured.")
    )
    counted = _COUNTED if view.hears else f"Sound features alone. {_COUNTED}"
    return section("genres", "Genre by genre", paragraph(counted), body)


_COUNTED = (
    "A track with several genres is counted under the one that was named for it if that is "
    "right, else under its first. Recall is the share of a genre's tracks that were found, precision the share of "
    "right ones among those named so."
)


def reliable(view: View) -> str:
    bins, error = reliability_of(view)
    title = "Does it know how sure it is?"
    if not bins:
        return section("reliability", title, paragraph("Confidence was not measured against accuracy."))
    said, true, tracks = (
        np.array([one[key] for one in bins]) for key in ("confidence", "accuracy", "tracks")
    )
    picture = lines(
        [Line("bins", said, true, 12 + 240 * tracks / tracks.max())],
        Axis("stated confidence", percent=True, low=0, high=1),
        Axis("accuracy", percent=True, low=0, high=1.02),
        Frame(
            "reliability-curve", 360, 300, f"Accuracy against stated confidence; error {number(error, 3)}."
        ),
        diagonal=True,
    )
    rows = [
        [
            f"{one['low']:.0%} to {one['high']:.0%}",
            number(one["tracks"]),
            percent(one["confidence"]),
            percent(one["accuracy"]),
        ]
        for one in bins
    ]
    return section(
        "reliability",
        title,
        paragraph(f"Expected calibration error (ECE): {number(error, 3)}; 0 is perfect."),
        beside(
            figure(
                picture, "On the dashed line, stated confidence is kept. Larger dots stand for more tracks."
            ),
            table("By confidence", ["Confidence", "Tracks", "Stated on average", "Right"], rows),
        ),
    )


def coverage(view: View) -> str:
    title, points = "Fewer answers, better answers", view.report.get("coverage") or []
    if not points:
        return section("coverage", title, paragraph("Accuracy was not measured against coverage."))
    sure, right = view.report.get("sure_share"), view.report.get("sure_accuracy")
    mark = (sure, right, f"sure: {percent(right)}") if sure and right is not None else None
    picture = lines(
        [Line("", [one["coverage"] for one in points], [one["accuracy"] for one in points])],
        Axis("share of tracks answered, the surest first", percent=True, low=0, high=1.02),
        Axis("accuracy", percent=True, low=0, high=1.02),
        Frame("coverage-curve", 360, 300, f"Accuracy from {percent(points[0]['accuracy'])} of the surest tenth to "
              f"{percent(points[-1]['accuracy'])} of all tracks."),
        mark=mark,
    )  # fmt: skip
    times = " times the chance that the track belongs to any of the genres" if "outlet" in view.meta else ""
    told = (
        f"An answer is called sure where its confidence{times} is {number(view.meta['threshold'])} or more: that holds for "
        f"{percent(sure)} of the test tracks, and {percent(right)} of these are right."
        if mark
        else "No answer of these test tracks is called sure."
        if sure == 0
        else "Which answers are called sure was not measured."
    )
    rows = [[f"{one['coverage']:.0%}", percent(one["accuracy"]), number(one["threshold"])] for one in points]
    return section(
        "coverage",
        title,
        paragraph(told),
        beside(
            figure(picture, "The dashed line marks the answers called sure." if mark else ""),
            table("By coverage", ["Answered", "Right", "From a confidence of"], rows),
        ),
    )
