"""Versions on the same rows: properties that hold whatever was answered."""

from typing import Any

import numpy as np
import pytest

from classifier.evaluate import accuracy_any, calibration_error, macro_f1
from classifier.versus import FIGURES, versus

LABELS = ("rock", "jazz-blues", "pop", "latin")
N = 600


def rows(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth with one or two labels, the first of them, and 80 artists."""
    random = np.random.default_rng(seed)
    first = random.integers(0, len(LABELS), N)
    truth = np.eye(len(LABELS), dtype=bool)[first]
    truth[np.arange(N), random.integers(0, len(LABELS), N)] |= random.random(N) < 0.2
    return truth, first, random.integers(0, 80, N)


def answer(truth: np.ndarray, skill: float, seed: int) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(size=truth.shape) + skill * truth
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def judged(*answers: np.ndarray, seed: int = 0, **how: Any) -> dict[str, Any]:
    truth, first, groups = rows(seed)
    return versus(answers, truth, first, groups, labels=LABELS, rounds=300, **how)


@pytest.mark.parametrize("seed", range(3))
def test_a_version_differs_from_itself_by_nothing(seed: int) -> None:
    one = answer(rows(seed)[0], 1.0, seed)
    (difference,) = judged(one, one, seed=seed)["differences"]
    for figures in (difference, *difference["genres"].values()):
        assert not figures["beyond"]
    for value, low, high in (difference[name] for name in FIGURES):
        assert (value, low) == (0, -high)
        assert 0 < high < 0.05  # what was never seen among 80 artists is rare, not impossible


@pytest.mark.parametrize("seed", range(3))
def test_exchanging_two_versions_flips_the_signs(seed: int) -> None:
    truth = rows(seed)[0]
    one, other = answer(truth, 1.0, 1), answer(truth, 1.6, 2)
    (there,) = judged(one, other, seed=seed)["differences"]
    (back,) = judged(other, one, seed=seed)["differences"]
    for name in FIGURES:
        value, low, high = there[name]
        assert back[name] == pytest.approx((-value, -high, -low))
    assert [genre["beyond"] for genre in there["genres"].values()] == [
        genre["beyond"] for genre in back["genres"].values()
    ]


def test_figures_are_those_of_the_reports() -> None:
    truth, first, groups = rows()
    truth = np.eye(len(LABELS), dtype=bool)[first]  # of one label, where both mean the same
    one = answer(truth, 1.0, 3)
    (found,) = versus([one], truth, first, groups, labels=LABELS, rounds=50)["versions"]
    right = truth[np.arange(N), one.argmax(1)]
    assert found["accuracy"][0] == pytest.approx(accuracy_any(one, truth))
    assert found["macro_f1"][0] == pytest.approx(macro_f1(one, truth, first))
    assert found["calibration_error"][0] == pytest.approx(calibration_error(np.exp(one.max(1)), right))


def test_intervals_hold_their_value_and_are_the_same_every_time() -> None:
    truth = rows()[0]
    found = judged(answer(truth, 1.0, 1), answer(truth, 1.1, 2))
    for one in found["versions"]:
        for name in ("accuracy", "macro_f1"):
            value, low, high = one[name]
            assert low <= value <= high
    assert found == judged(answer(truth, 1.0, 1), answer(truth, 1.1, 2))


def test_a_clear_gain_is_beyond_chance_and_noise_is_not() -> None:
    truth = rows()[0]
    clear, noise = judged(answer(truth, 0.5, 1), answer(truth, 3.0, 2), answer(truth, 0.5, 4))["differences"]
    assert clear["beyond"]
    assert all(genre["beyond"] for genre in clear["genres"].values())
    assert not noise["beyond"]


def test_equals_are_rarely_told_apart() -> None:
    told = 0
    for seed in range(20):
        truth = rows(seed)[0]
        found = judged(answer(truth, 1, seed), answer(truth, 1, 100 + seed), seed=seed)["differences"]
        told += any(genre["beyond"] for genre in found[0]["genres"].values())
    assert told <= 4


def test_a_genre_that_a_version_does_not_know_counts_as_wrong() -> None:
    truth, first, _ = rows()
    one = answer(truth, 4.0, 1)
    without = one.copy()
    without[:, 3] = -np.inf
    found = judged(one, without)["versions"][1]["genres"]["latin"]
    assert found["recall"][0] == 0
    assert found["support"] == int((first == 3).sum())


def test_answers_to_other_rows_are_refused() -> None:
    truth, first, groups = rows()
    with pytest.raises(ValueError, match="same rows"):
        versus([answer(truth, 1, 1)[:-1]], truth, first, groups, labels=LABELS)
