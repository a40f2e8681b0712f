import json

import numpy as np
import pytest

from classifier.evaluate import calibration_error, report, sure_threshold

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
        {"support": 2, "precision": 1, "recall": 0.5, "f1": 2 / 3}
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
