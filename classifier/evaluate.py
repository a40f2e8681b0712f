"""How good answers are: accuracy, per genre, calibration, and what is right among those called sure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from classifier import intervals

BINS = 15
COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
TOP_K = (2, 3, 5)
MIN_SURE = 30  # fewer tracks than this say nothing about an accuracy


def accuracy_any(log_p: np.ndarray, truth: np.ndarray) -> float:
    """Share of rows whose likeliest label is one of the true ones; log_p [n, K], truth bool [n, K]."""
    return float(_right(log_p, truth).mean()) if len(truth) else float("nan")


def _right(log_p: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return truth[np.arange(len(truth)), log_p.argmax(1)]


def _counted_truth(predicted: np.ndarray, truth: np.ndarray, first: np.ndarray) -> np.ndarray:
    """One true label a row: the predicted one where it is among the true ones, else the track's first."""
    return np.where(truth[np.arange(len(truth)), predicted], predicted, first)


def confusion(predicted: np.ndarray, actual: np.ndarray, n_labels: int) -> np.ndarray:
    """Counts int [K, K]; rows are the true labels, columns the predicted ones."""
    return np.bincount(actual * n_labels + predicted, minlength=n_labels**2).reshape(n_labels, n_labels)


def per_genre(matrix: np.ndarray, labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Support, precision, recall, F1 and percentage answered wrongly of each label; 0 where undefined."""
    hits, actual, predicted = np.diag(matrix), matrix.sum(1), matrix.sum(0)
    precision = hits / np.maximum(predicted, 1)
    recall = hits / np.maximum(actual, 1)
    f1 = 2 * hits / np.maximum(actual + predicted, 1)
    return {
        label: {
            "support": int(actual[k]),
            "precision": float(precision[k]),
            "recall": float(recall[k]),
            "f1": float(f1[k]),
            "percent_wrong": float(100 * (actual[k] - hits[k]) / max(actual[k], 1)),
        }
        for k, label in enumerate(labels)
    }


def macro_f1(log_p: np.ndarray, truth: np.ndarray, first: np.ndarray) -> float:
    """Mean F1 over the labels that occur; first: int [n], each track's first true label."""
    predicted = log_p.argmax(1)
    matrix = confusion(predicted, _counted_truth(predicted, truth, first), truth.shape[1])
    return _macro(per_genre(matrix, [str(k) for k in range(truth.shape[1])]), "f1")


def _macro(genres: dict[str, dict[str, float]], figure: str) -> float:
    scores = [row[figure] for row in genres.values() if row["support"]]
    return float(np.mean(scores)) if scores else float("nan")


def top_k(log_p: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Share of rows with a true label among the k likeliest, by k as text; log_p [n, K], truth bool [n, K].

    k that are not below the number of labels are left out, because they would always be right.
    """
    ranked = np.take_along_axis(truth, np.argsort(-log_p, axis=1, kind="stable"), axis=1)
    return {str(k): float(ranked[:, :k].any(1).mean()) for k in TOP_K if k < truth.shape[1]}


def _bin(confidence: np.ndarray) -> np.ndarray:
    return np.minimum((confidence * BINS).astype(int), BINS - 1)


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error over 15 equal bins of confidence (Guo et al., 2017), 0 is perfect."""
    place = _bin(confidence)
    gaps = np.bincount(place, right, BINS) - np.bincount(place, confidence, BINS)
    return float(np.abs(gaps).sum() / max(1, len(right)))


def reliability(confidence: np.ndarray, right: np.ndarray) -> list[dict[str, float]]:
    """Mean confidence beside accuracy in each of the bins of `calibration_error` that holds a track."""
    place = _bin(confidence)
    tracks = np.bincount(place, minlength=BINS)
    filled = np.flatnonzero(tracks)
    stated = np.bincount(place, confidence, BINS)[filled] / tracks[filled]
    reached = np.bincount(place, right, BINS)[filled] / tracks[filled]
    return [
        {
            "low": float(k / BINS),
            "high": float((k + 1) / BINS),
            "tracks": int(tracks[k]),
            "confidence": float(said),
            "accuracy": float(true),
        }
        for k, said, true in zip(filled, stated, reached, strict=True)
    ]


def coverage_curve(confidence: np.ndarray, right: np.ndarray) -> list[dict[str, float]]:
    """Accuracy among the most confident share of tracks, and the confidence where that share ends."""
    order = np.argsort(-confidence, kind="stable")
    running = np.cumsum(right[order]) / np.arange(1, len(right) + 1)
    points = []
    for coverage in COVERAGES:
        last = max(0, round(coverage * len(right)) - 1)
        points.append(
            {
                "coverage": coverage,
                "accuracy": float(running[last]),
                "threshold": float(confidence[order[last]]),
            }
        )
    return points


def sure_threshold(confidence: np.ndarray, right: np.ndarray, accuracy: float) -> float:
    """The lowest confidence from which on at least `accuracy` of the answers are right; above 1 if there is none."""
    order = np.argsort(-confidence, kind="stable")
    running = np.cumsum(right[order]) / np.arange(1, len(right) + 1)
    enough = np.flatnonzero(running[MIN_SURE - 1 :] >= accuracy) + MIN_SURE - 1
    return float(confidence[order[enough[-1]]]) if len(enough) else 1.01


def bootstrap_interval(
    right: np.ndarray, groups: np.ndarray, *, rounds: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of accuracy, which varies as resampling groups (artists) tells: right bool [n], groups int [n]."""
    _, place = np.unique(groups, return_inverse=True)
    hits, sizes = np.bincount(place, right), np.bincount(place)
    draws = np.random.default_rng(seed).multinomial(
        len(sizes), np.full(len(sizes), 1 / len(sizes)), size=rounds
    )
    scores = (draws @ hits) / np.maximum(draws @ sizes, 1)
    _, low, high = intervals.of_share(float(right.mean()), scores, units=len(sizes), rows=len(right))
    return low, high


def unknown_auroc(outside_score: np.ndarray, is_outside: np.ndarray) -> float:
    """How well a score tells tracks outside the taxonomy from those inside: area under the ROC curve.

    outside_score float [n], higher is stranger; is_outside bool [n]. Computed as the Mann-Whitney statistic (Hanley
    and McNeil, 1982), ties count half: .5 is guessing, 1 is perfect. NaN where one of the two kinds is absent.
    """
    outside, inside = int(is_outside.sum()), int((~is_outside).sum())
    if not outside or not inside:
        return float("nan")
    ranks = rankdata(outside_score)[is_outside]
    return float((ranks.sum() - outside * (outside + 1) / 2) / (outside * inside))


def set_metrics(chosen: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Figures of answers that may name several genres a track: chosen bool [n, K], truth bool [n, K].

    "micro_f1" pools all tracks and genres, "macro_f1" is the mean over the genres that occur, "example_f1" the mean
    over tracks (1 where nothing was to be named and nothing was).
    """
    if not len(truth):
        return {"tracks": 0}
    hits = chosen & truth
    named = chosen.sum(0) + truth.sum(0)
    per_track = chosen.sum(1) + truth.sum(1)
    f1 = (2 * hits.sum(0) / np.maximum(named, 1))[truth.any(0)]
    example = np.where(per_track > 0, 2 * hits.sum(1) / np.maximum(per_track, 1), 1.0)
    return {
        "tracks": len(truth),
        "micro_f1": float(2 * hits.sum() / max(named.sum(), 1)),
        "macro_f1": float(f1.mean()) if len(f1) else 0.0,
        "example_f1": float(example.mean()),
        "genres_per_track": float(chosen.sum(1).mean()),
        "true_genres_per_track": float(truth.sum(1).mean()),
    }


def report(
    log_p: np.ndarray,
    truth: np.ndarray,
    first: np.ndarray,
    *,
    labels: Sequence[str],
    groups: np.ndarray,
    threshold: float | np.ndarray | None = None,
    inside: np.ndarray | None = None,
) -> dict[str, Any]:
    """Everything about one set of answers as a plain JSON-ready dict.

    log_p float [n, K]; truth bool [n, K]; first int [n], the track's first label (for strict accuracy);
    groups int [n], artists for the bootstrap. "accuracy" and "top_k" count any true label, "accuracy_strict" the
    first only. In "per_genre" and "confusion" a track stands under the genre named for it if that is right, else
    under its first. Macro figures are means over the labels that occur.
    """
    if not len(truth):
        return {"tracks": 0}
    predicted, confidence, right = log_p.argmax(1), np.exp(log_p.max(1)), _right(log_p, truth)
    matrix = confusion(predicted, _counted_truth(predicted, truth, first), len(labels))
    genres = per_genre(matrix, labels)
    low, high = bootstrap_interval(right, groups)
    result = {
        "tracks": len(truth),
        "accuracy": float(right.mean()),
        "accuracy_interval": [low, high],
        "accuracy_strict": float((predicted == first).mean()),
        "top_k": top_k(log_p, truth),
        "macro_f1": _macro(genres, "f1"),
        "macro_precision": _macro(genres, "precision"),
        "macro_recall": _macro(genres, "recall"),
        "calibration_error": calibration_error(confidence, right),
        "per_genre": genres,
        "confusion": {"labels": list(labels), "rows_true_columns_predicted": matrix.tolist()},
        "coverage": coverage_curve(confidence, right),
        "reliability": reliability(confidence, right),
    }
    if threshold is None:
        return result
    return result | _sure(confidence if inside is None else confidence * inside, right, threshold)


def _sure(confidence: np.ndarray, right: np.ndarray, threshold: float | np.ndarray) -> dict[str, Any]:
    sure = confidence >= threshold
    return {
        "sure_share": float(sure.mean()),
        "sure_accuracy": float(right[sure].mean()) if sure.any() else None,
    }
