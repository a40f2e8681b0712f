"""Figures of a training run, laid out for the page: points of the learning curve, rows of the tables."""

from typing import Any

from classifier.labels import display_name

WIDTH, HEIGHT = 640, 200  # of the curve, in user units of its SVG


def curve_points(curve: list[dict[str, float]]) -> dict[str, str]:
    """SVG polylines of validation accuracy and macro-F1 over the epochs so far."""
    if len(curve) < 2:
        return {}
    step = WIDTH / (len(curve) - 1)
    return {
        name: " ".join(
            f"{place * step:.1f},{HEIGHT * (1 - point[name]):.1f}" for place, point in enumerate(curve)
        )
        for name in ("accuracy", "macro_f1")
    }


def genre_rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Per genre: how many tracks, precision, recall, F1, in percent; the most frequent first."""
    rows = [
        {"genre": display_name(slug), "support": row["support"]}
        | {name: f"{row[name]:.0%}" for name in ("precision", "recall", "f1")}
        for slug, row in report.get("per_genre", {}).items()
    ]
    return sorted(rows, key=lambda row: -row["support"])


def confusion_rows(report: dict[str, Any]) -> dict[str, Any]:
    """The confusion matrix with the share of each true genre's tracks and a shade from 0 to 10 for each cell."""
    confusion = report.get("confusion")
    if not confusion:
        return {}
    labels = [display_name(slug) for slug in confusion["labels"]]
    return {
        "labels": labels,
        "rows": [
            {"genre": genre, "cells": [_cell(count, sum(counts)) for count in counts]}
            for genre, counts in zip(labels, confusion["rows_true_columns_predicted"], strict=True)
        ],
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
    }
    reports = {key: metrics.get(key) for key in ("features", "artist", "features+artist")}
    reports |= metrics.get("baselines", {})
    found = [(names[key], report["all"]) for key, report in reports.items() if report and report.get("all")]
    return [_summary_row(name, report) for name, report in found if report.get("tracks")]


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
