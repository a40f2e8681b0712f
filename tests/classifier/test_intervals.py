"""Intervals of shares and paired differences, where there is little to tell from and where there is much."""

import numpy as np
import pytest

from classifier import intervals
from classifier.evaluate import bootstrap_interval
from classifier.versus import versus

LABELS = ("rock", "jazz-blues")


def answers(right: list[bool]) -> np.ndarray:
    """Log-probabilities of answers to tracks that all are rock."""
    return np.log(np.where(np.array(right)[:, None], [0.8, 0.2], [0.2, 0.8]))


def judged(*right: list[bool]) -> dict:
    """Versions on tracks that all are rock, each by an artist of its own."""
    n = len(right[0])
    truth, first = np.tile([True, False], (n, 1)), np.zeros(n, int)
    return versus([answers(one) for one in right], truth, first, np.arange(n), labels=LABELS)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """As in Brown, Cai and DasGupta (2001), (4)."""
    z, p = 1.959964, hits / n
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (p + z**2 / (2 * n) - half) / (1 + z**2 / n), (p + z**2 / (2 * n) + half) / (1 + z**2 / n)


@pytest.mark.parametrize("hits", [0, 7])
def test_seven_of_seven_are_no_certainty(hits: int) -> None:
    (found,) = judged([True] * hits + [False] * (7 - hits))["versions"]
    for interval in (found["accuracy"], found["genres"]["rock"]["recall"], found["genres"]["rock"]["f1"]):
        assert interval == pytest.approx((hits / 7, *wilson(hits, 7)), abs=1e-6)
    low, high = bootstrap_interval(np.arange(7) < hits, np.arange(7))
    assert (low, high) == pytest.approx(wilson(hits, 7), abs=1e-6)


def test_of_rows_that_are_independent_it_is_wilsons() -> None:
    right = np.arange(400) < 300
    assert bootstrap_interval(right, np.arange(400)) == pytest.approx(wilson(300, 400), abs=0.005)


def test_rows_of_one_artist_tell_no_more_than_the_artist() -> None:
    """Forty artists, of each of whom all ten rows are right or wrong, tell about as much as forty rows."""
    low, high = bootstrap_interval(np.repeat(np.arange(40) < 30, 10), np.repeat(np.arange(40), 10))
    wanted = wilson(30, 40)
    assert wanted[0] - 0.03 < low <= wanted[0] + 0.01
    assert wanted[1] - 0.01 <= high < wanted[1] + 0.03
    assert bootstrap_interval(np.array([True] * 9 + [False]), np.zeros(10, int)) == (0, 1)


def test_two_versions_that_agree_on_seven_rows_may_differ() -> None:
    found = judged([True] * 7, [True] * 7)["differences"][0]
    assert found["accuracy"][0] == 0
    assert found["accuracy"][1] < -0.2
    assert found["accuracy"][2] > 0.2
    assert not found["beyond"]


@pytest.mark.parametrize("n", range(1, 12))
def test_all_speaking_for_one_is_beyond_chance_as_often_as_by_the_sign_test(n: int) -> None:
    """Two-sided, 2 / 2 ** n: of five or fewer nothing follows."""
    found = judged([False] * n, [True] * n)["differences"][0]
    assert found["beyond"] == (n > 5)
    assert found["p"] == pytest.approx(2 / 2**n, abs=0.06)


def test_with_much_to_tell_from_it_is_the_bootstraps_own_interval() -> None:
    chance = np.random.default_rng(0)
    drawn = chance.normal(0.1, 0.02, 20_000)
    (value, low, high), p = intervals.of_difference(0.1, drawn, units=2000)
    assert (value, low, high) == pytest.approx((0.1, 0.0608, 0.1392), abs=0.002)
    assert p < 1e-5


def test_a_mean_over_genres_rests_on_the_rarest() -> None:
    assert intervals.as_of(np.array([50, 50])) == pytest.approx(100)
    assert intervals.as_of(np.array([99, 1])) < 4


def test_intervals_cover_as_often_as_they_say() -> None:
    """Shares of 80 % among 12 independent rows: at least 93 of 100, where percentiles of the draws cover fewer."""
    chance, covered = np.random.default_rng(1), 0
    for _ in range(400):
        low, high = bootstrap_interval(chance.random(12) < 0.8, np.arange(12), rounds=200)
        covered += low <= 0.8 <= high
    assert covered / 400 > 0.93
