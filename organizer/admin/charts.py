"""Figures of a training run, laid out for the page: points of the learning curve, rows of the tables."""

import re
from typing import Any

from classifier.labels import display_name
from organizer.training.corrections import NAME as CORRECTIONS

WIDTH, HEIGHT = 640, 160  # of a curve, in user units of its SVG
SPOTIFY_ID = re.compile(r"(?:spotify:track:)?([0-9A-Za-z]{22})")
MOST_POINTS = 400  # more would be drawn on top of each other


def curves(points: list[dict[str, Any]]) -> dict[str, Any]:
    """SVG polylines of loss, validation accuracy and macro-F1 over the epochs so far, all stages one after another."""
    shown = points[:: -(-len(points) // MOST_POINTS)] if points else []
    if len(shown) < 2:
        return {}
    highest = max(one["loss"] for one in shown) or 1.0
    return {
        "loss": _lines(shown, "loss", highest),
        "accuracy": _lines(shown, "accuracy", 1.0),
        "macro_f1": _lines(shown, "macro_f1", 1.0),
        "highest": f"{highest:.2f}",
        "last": points[-1],
        "epochs": len(points),
        "stages": len({one["stage"] for one in points}),
    }


def _lines(shown: list[dict[str, Any]], name: str, highest: float) -> list[str]:
    """Points of a line for each stage, 0 at the bottom, `highest` at the top."""
    step = WIDTH / (len(shown) - 1)
    stages: dict[str, list[str]] = {}
    for place, one in enumerate(shown):
        height = HEIGHT * (1 - one[name] / highest)
        stages.setdefault(one["stage"], []).append(f"{place * step:.1f},{height:.1f}")
    return [" ".join(points) for points in stages.values()]


def mistake_rows(mistakes: list[dict[str, Any]], *, names_songs: bool) -> list[dict[str, Any]]:
    """The surest wrong answers for a table: what it was, the truth, what was said, how sure, and where to hear it."""
    return [_mistake(place, one, names_songs=names_songs) for place, one in enumerate(mistakes)]


def _mistake(place: int, one: dict[str, Any], *, names_songs: bool) -> dict[str, Any]:
    is_private = one["dataset"] == CORRECTIONS and not names_songs
    found = None if is_private else SPOTIFY_ID.fullmatch(one["id"])
    return {
        "place": place,
        "what": "a user’s song" if is_private else one.get("title") or one["id"],
        "artists": "–" if is_private else ", ".join(one["artists"]) or "–",
        "dataset": one["dataset"],
        "truth": ", ".join(map(display_name, one["truth"])),
        "said": display_name(one["said"]),
        "sure": f"{one['probability']:.0%}",
        "spotify": f"https://open.spotify.com/track/{found[1]}" if found else "",
    }


def genre_rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Per genre: how many tracks, precision, recall, F1, in percent; the most frequent first."""
    rows = [
        {"genre": display_name(slug), "support": row["support"]}
        | {name: f"{row[name]:.0%}" for name in ("precision", "recall", "f1")}
        for slug, row in report.get("per_genre", {}).items()
        if row["support"]
    ]
    return sorted(rows, key=lambda row: -row["support"])


def confusion_rows(report: dict[str, Any]) -> dict[str, Any]:
    """The confusion matrix with the share of each true genre's tracks and a shade from 0 to 10 for each cell.

    Only genres that were tested have a row; one that was not has a column where it was said all the same.
    """
    confusion = report.get("confusion")
    if not confusion:
        return {}
    named = list(map(display_name, confusion["labels"]))
    counted = confusion["rows_true_columns_predicted"]
    said = [sum(column) for column in zip(*counted, strict=True)]
    shown = [k for k, counts in enumerate(counted) if sum(counts) or said[k]]
    return {
        "labels": [named[k] for k in shown],
        "rows": [
            {"genre": genre, "cells": [_cell(counts[k], sum(counts)) for k in shown]}
            for genre, counts in zip(named, counted, strict=True)
            if sum(counts)
        ],
        "untested": [genre for genre, counts in zip(named, counted, strict=True) if not sum(counts)],
    }


def _cell(count: int, total: int) -> dict[str, Any]:
    share = count / total if total else 0.0
    return {"count": count, "percent": f"{share:.0%}", "shade": round(share * 10)}


def summary(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """Accuracy and macro-F1 per kind of evidence, beside the baselines."""
    names = {
        "features": "Sound features alone",
        "artist": "Artist context alone",
        "features+artist": "Features and artist",
        "majority": "Always the commonest genre (baseline)",
        "logistic": "Logistic regression (baseline)",
        "heard": "What it hears",
    }
    reports = {key: metrics.get(key) for key in ("features", "artist", "features+artist")}
    reports |= {"heard": metrics if "accuracy" in metrics else None} | metrics.get("baselines", {})
    return [
        _summary_row(names[key], report) for key, report in reports.items() if report and report["tracks"]
    ]


def _summary_row(name: str, report: dict[str, Any]) -> dict[str, Any]:
    low, high = report["accuracy_interval"]
    return {
        "name": name,
        "tracks": report["tracks"],
        "accuracy": f"{report['accuracy']:.1%}",
        "interval": f"{low:.1%} – {high:.1%}",
        "macro_f1": f"{report['macro_f1']:.1%}",
        "calibration_error": f"{report['calibration_error']:.3f}",
    }
