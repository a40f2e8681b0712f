"""How often a genre is said of others' tracks: counted by hand, and what must hold whatever was answered."""

import numpy as np
import pytest

from classifier.overuse import overuse

TRUTH = np.eye(3, dtype=bool)[[0, 0, 0, 0, 1, 1, 1, 2, 2, 2]]
GROUPS = np.arange(10)


def saying(*genres: int) -> np.ndarray:
    return np.where(np.eye(3, dtype=bool)[list(genres)], 0.0, -np.inf)


FEW = saying(0, 1, 1, 1, 1, 1, 0, 2, 2, 2)  # one of four found, one of six others taken for it
MANY = saying(0, 0, 0, 1, 0, 0, 0, 2, 2, 2)  # three found, three others taken for it
NEVER = saying(*[1] * 10)


def test_shares_are_counted_among_other_tracks_and_precision_among_what_is_said() -> None:
    found = overuse([FEW, MANY], TRUTH, GROUPS, genre=0, rounds=200)
    assert found["others"] == 6
    few, many = found["versions"]
    assert (few["share"][0], few["precision"][0]) == pytest.approx((1 / 6, 1 / 2))
    assert (many["share"][0], many["precision"][0]) == pytest.approx((3 / 6, 3 / 6))
    (difference,) = found["differences"]
    assert difference["share"][0] == pytest.approx(2 / 6)
    assert difference["share"][1] <= 2 / 6 <= difference["share"][2]


def test_what_is_never_said_has_no_precision() -> None:
    found = overuse([NEVER, FEW], TRUTH, GROUPS, genre=0, rounds=200)
    assert found["versions"][0]["share"][0] == 0
    assert found["versions"][0]["precision"] is None
    assert found["differences"][0]["precision"] is None


def test_a_genre_of_every_track_is_said_of_no_other() -> None:
    found = overuse([FEW, MANY], np.ones((10, 3), bool), GROUPS, genre=0, rounds=50)
    assert found["others"] == 0
    assert found["versions"][0]["share"] is None
    assert not found["differences"][0]["beyond"]


def test_a_version_differs_from_itself_by_nothing() -> None:
    (difference,) = overuse([MANY, MANY], TRUTH, GROUPS, genre=1, rounds=200)["differences"]
    assert not difference["beyond"]
    for value, low, high in (difference["share"], difference["precision"]):
        assert low < value == 0 < high


def test_a_large_difference_is_beyond_chance_and_one_artists_is_not() -> None:
    truth, never = np.tile(TRUTH, (30, 1)), np.tile(NEVER, (30, 1))
    answers = [never, np.tile(MANY, (30, 1))]
    by_many = overuse(answers, truth, np.arange(300), genre=0, rounds=200)
    by_one = overuse(answers, truth, np.zeros(300, int), genre=0, rounds=200)
    assert by_many["differences"][0]["beyond"]
    assert by_one["versions"][1]["share"][1:] == (0, 1)
    assert not by_one["differences"][0]["beyond"]


def test_answers_to_other_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="same rows"):
        overuse([FEW, MANY[:5]], TRUTH, GROUPS, genre=0)
