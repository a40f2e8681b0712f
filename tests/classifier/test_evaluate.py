import json

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, roc_auc_score

from classifier.evaluate import (
    calibration_error,
    reliability,
    report,
    set_metrics,
    sure_threshold,
    top_k,
    unknown_auroc,
)

LABELS = ("rock", "pop")
LOG_P = np.log(np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]))
TRUTH = np.array([[1, 0], [1, 1], [0, 1], [0, 1]], bool)


def _report():
    return report(LOG_P, TRUTH, np.array([0, 1, 1, 1]), labels=LABELS, groups=np.arange(4), threshold=0.75)


def test_any_true_label_counts_and_the_strict_figure_stands_beside():
    result = _report()
    assert result["accuracy"] == 0.75
    assert result["accuracy_strict"] == 0.5
    assert result["accuracy_interval"][0] <= 0.75 <= result["accuracy_interval"][1]


def test_the_per_genre_table_and_the_confusion_agree():
    result = _report()
    assert result["confusion"]["rows_true_columns_predicted"] == [[2, 0], [1, 1]]
    assert result["per_genre"]["pop"] == pytest.approx(
        {"support": 2, "precision": 1, "recall": 0.5, "f1": 2 / 3, "percent_wrong": 50}
    )


def test_sure_tracks_are_counted_and_judged():
    assert _report()["sure_share"] == 0.5
    assert _report()["sure_accuracy"] == 1.0


def test_the_report_is_plain_json_even_when_empty():
    assert json.loads(json.dumps(_report(), allow_nan=False))["tracks"] == 4
    nothing = report(LOG_P[:0], TRUTH[:0], np.zeros(0, int), labels=LABELS, groups=np.zeros(0, int))
    assert nothing == {"tracks": 0}


def test_perfectly_stated_confidence_has_no_calibration_error():
    right = np.array([True] * 8 + [False] * 2)
    assert calibration_error(np.full(10, 0.8), right) == pytest.approx(0)
    assert calibration_error(np.full(10, 0.5), right) == pytest.approx(0.3)


def test_the_threshold_keeps_the_wanted_accuracy_among_the_sure():
    rng = np.random.default_rng(0)
    confidence = rng.random(5000)
    right = rng.random(5000) < confidence
    threshold = sure_threshold(confidence, right, 0.75)
    assert right[confidence >= threshold].mean() >= 0.75
    assert threshold == pytest.approx(0.5, abs=0.05)


def test_an_accuracy_nobody_reaches_makes_nothing_sure():
    assert sure_threshold(np.linspace(0, 1, 100), np.zeros(100, bool), 0.75) > 1


def test_macro_figures_are_means_over_the_genres_that_occur():
    result = report(
        np.log(np.tile([0.6, 0.3, 0.1], (4, 1))),
        np.eye(3, dtype=bool)[[0, 0, 0, 1]],
        np.array([0, 0, 0, 1]),
        labels=("rock", "pop", "jazz"),
        groups=np.arange(4),
    )
    assert result["macro_precision"] == pytest.approx(
        precision_score([0, 0, 0, 1], [0] * 4, average="macro", zero_division=0)
    )
    assert result["macro_recall"] == 0.5
    assert result["top_k"] == {"2": 1.0}
    assert result["per_genre"]["jazz"]["percent_wrong"] == 0


def test_top_k_counts_any_true_label_and_leaves_out_what_is_always_right():
    log_p = np.log(np.array([[0.4, 0.3, 0.1, 0.1, 0.06, 0.04]] * 3))
    truth = np.zeros((3, 6), bool)
    truth[0, [1, 5]] = truth[1, 2] = truth[2, 5] = True
    assert top_k(log_p, truth) == pytest.approx({"2": 1 / 3, "3": 2 / 3, "5": 2 / 3})
    assert top_k(log_p[:, :3], truth[:, :3]).keys() == {"2"}


def test_reliability_bins_hold_every_track_and_add_up_to_the_calibration_error():
    rng = np.random.default_rng(1)
    confidence, right = rng.uniform(0.2, 1, 500), rng.random(500) < 0.6
    bins = reliability(confidence, right)
    assert sum(one["tracks"] for one in bins) == 500
    assert all(one["low"] <= one["confidence"] <= one["high"] for one in bins)
    gaps = sum(one["tracks"] * abs(one["confidence"] - one["accuracy"]) for one in bins) / 500
    assert gaps == pytest.approx(calibration_error(confidence, right))


def test_the_auroc_of_unknown_tracks_agrees_with_scikit_learn_also_on_ties():
    rng = np.random.default_rng(2)
    outside = rng.random(300) < 0.3
    score = np.round(rng.random(300) + 0.4 * outside, 1)
    assert unknown_auroc(score, outside) == pytest.approx(roc_auc_score(outside, score))
    assert np.isnan(unknown_auroc(score[outside], outside[outside]))


def test_set_metrics_agree_with_scikit_learn_over_the_genres_that_occur():
    rng = np.random.default_rng(3)
    chosen, truth = rng.random((80, 5)) < 0.4, rng.random((80, 5)) < 0.4
    chosen[0] = truth[0] = truth[:, 4] = False
    result = set_metrics(chosen, truth)
    assert result["micro_f1"] == pytest.approx(f1_score(truth, chosen, average="micro"))
    assert result["macro_f1"] == pytest.approx(f1_score(truth[:, :4], chosen[:, :4], average="macro"))
    assert result["example_f1"] == pytest.approx(f1_score(truth, chosen, average="samples", zero_division=1))
    assert result["genres_per_track"] == pytest.approx(chosen.sum() / 80)
    assert set_metrics(chosen[:0], truth[:0]) == {"tracks": 0}
