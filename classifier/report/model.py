"""The report's sections on what the model rests on: features, learning, and the music outside its genres."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from classifier.report.markup import (
    beside,
    figure,
    listed,
    number,
    paragraph,
    percent,
    plain,
    section,
    short,
    table,
)
from classifier.report.pictures import Axis, Line, bars, lines
from classifier.report.themed_svg import Frame
from classifier.report.view import View

_SETS = {
    "micro_f1": "F1 over all answers (micro)",
    "macro_f1": "Mean F1 of the genres (macro)",
    "example_f1": "Mean F1 of the tracks (example-based)",
    "genres_per_track": "Genres named per track",
    "true_genres_per_track": "Genres a track really has",
}
LOST = "accuracy points lost"


def importance(view: View) -> str:
    found = view.metrics.get("importance") or []
    title = "Which features matter"
    if not found:
        return section("importance", title, paragraph("The importance of the features was not measured."))
    names = [plain(one["feature"]) for one in found]
    drops, spread = (np.array([one[key] for one in found], float) for key in ("drop", "spread"))
    picture = bars(
        [short(name) for name in names],
        drops,
        np.stack([drops - spread, drops + spread], axis=1),
        Axis(LOST),
        Frame("importance-bars", 400, 50 + 24 * len(names), f"Most important: {listed(names[:3])}."),
    )
    rows = [[name, f"{a:.2f}", f"{b:.2f}"] for name, a, b in zip(names, drops, spread, strict=True)]
    return section(
        "importance",
        title,
        paragraph(
            "Features that stand in for each other share their loss: a short bar is not a useless feature."
        ),
        beside(
            figure(
                picture, "Each feature in turn was shuffled among the test tracks; lines are ± one spread."
            ),
            table("By feature", ["Feature", LOST[0].upper() + LOST[1:], "Spread"], rows),
        ),
    )


def learning(view: View) -> str:
    curve, growth = view.meta.get("curve") or [], view.metrics.get("learning") or []
    return section("learning", "How it learned", *_epochs(curve), *_growth(growth))


def _epochs(curve: Sequence[Mapping[str, Any]]) -> list[str]:
    if not curve:
        return [paragraph("The curve over the epochs was not kept.")]
    stages = list(dict.fromkeys(point["stage"] for point in curve))
    pictures = "".join(
        _epoch_picture(curve, stages, key, title)
        for key, title in (
            ("train_loss", "training loss"),
            ("valid_accuracy", "accuracy on validation artists"),
            ("valid_macro_f1", "macro-F1 on validation artists"),
        )
        if any(point.get(key) is not None for point in curve)
    )
    rows = [
        [
            f"{plain(point['stage'])}, epoch {point['epoch']}",
            number(point.get("train_loss"), 3),
            percent(point.get("valid_accuracy")),
            percent(point.get("valid_macro_f1")),
        ]
        for point in curve
    ]
    head = ["Epoch", "Training loss", "Validation accuracy", "Validation macro-F1"]
    return [f'<div class="pair">{pictures}</div>', table("By epoch", head, rows, folded=True)]


def _epoch_picture(curve: Sequence[Mapping[str, Any]], stages: Sequence[str], key: str, title: str) -> str:
    parts = []
    for stage in stages:
        points = [point for point in curve if point["stage"] == stage and point.get(key) is not None]
        if points:
            parts.append(Line(short(plain(stage)), [p["epoch"] for p in points], [p[key] for p in points]))
    share = key != "train_loss"
    last = parts[-1].y[-1]
    alt = f"{title} over the epochs; the last value is {percent(last) if share else number(float(last), 3)}."
    picture = lines(
        parts, Axis("epoch", whole=True), Axis(title, percent=share), Frame(f"epochs-{key}", 340, 260, alt)
    )
    return figure(picture, title[0].upper() + title[1:])


def _growth(growth: Sequence[Mapping[str, Any]]) -> list[str]:
    if not growth:
        return [paragraph("Accuracy against the number of training tracks was not measured.")]
    tracks = [one["tracks"] for one in growth]
    named = (("accuracy", "accuracy"), ("macro_f1", "macro-F1"))
    best = f"from {percent(growth[0]['accuracy'])} with {tracks[0]:,} tracks to {percent(growth[-1]['accuracy'])} with {tracks[-1]:,}"
    picture = lines(
        [Line(name, tracks, [one[key] for one in growth]) for key, name in named],
        Axis("training tracks", ticks=tracks),
        Axis("on test artists", percent=True),
        Frame("learning-curve", 360, 280, f"Accuracy grows {best}."),
    )
    rows = [[number(one["tracks"]), percent(one["accuracy"]), percent(one["macro_f1"])] for one in growth]
    return [
        beside(
            figure(picture, "What more training tracks bring on test artists."),
            table("By number of training tracks", ["Tracks", "Accuracy", "Macro-F1"], rows),
        ),
    ]


def several(view: View) -> str:
    found = view.metrics.get("multi_label") or {}
    rows = [[name, number(float(found[key]))] for key, name in _SETS.items() if key in found]
    body = (
        table("Sets of genres", ["Figure", "Value"], rows)
        if rows
        else paragraph("Answers with several genres a track were not measured.")
    )
    return section("several", "Several genres a track", body)


def unknown(view: View) -> str:
    found = view.metrics.get("unknown") or {}
    title = "Music it was never taught"
    if not found:
        return section(
            "unknown", title, paragraph("Telling music outside the taxonomy apart was not measured.")
        )
    rows = [
        ["This version", number(found.get("auroc"))],
        ["Without foreign genres in training", number(found.get("auroc_without_exposure"))],
    ]
    return section(
        "unknown",
        title,
        table("AUROC of “none of these genres”", ["Model", "AUROC"], rows),
        paragraph("0.5 is guessing, 1 is perfect."),
        paragraph(f"Foreign genres seen in training: {listed(found.get('labels_exposed') or [])}."),
        paragraph(f"Foreign genres judged, none of them seen: {listed(found.get('labels_tested') or [])}."),
    )
