"""The map's places: alike lies beside alike, the same seed gives the same map, and nothing falls off the square."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import atlas
from classifier.atlas import Vectors


def clusters(songs: int, *, groups: int = 4, width: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors [n, width] in well separated groups, and each song's group [n]."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, groups, songs)
    return 8 * rng.normal(size=(groups, width))[group] + rng.normal(size=(songs, width)), group


def alike(places: np.ndarray, group: np.ndarray) -> float:
    """The share of each song's five nearest on the map that are of its own group."""
    apart = ((places[:, None] - places[None]) ** 2).sum(2)
    near = np.argsort(apart, axis=1)[:, 1:6]
    return float((group[near] == group[:, None]).mean())


def test_songs_that_sound_alike_lie_side_by_side() -> None:
    vectors, group = clusters(160)
    assert alike(atlas.layout(vectors), group) > 0.97


def test_of_a_large_library_the_rest_settles_beside_what_was_laid_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(atlas, "LANDMARKS", 60)
    vectors, group = clusters(160)
    assert alike(atlas.layout(vectors), group) > 0.9


def test_the_same_seed_draws_the_same_map() -> None:
    vectors, _ = clusters(60)
    assert np.array_equal(atlas.layout(vectors, seed=3), atlas.layout(vectors, seed=3))


@settings(max_examples=25, deadline=None)
@given(songs=st.integers(0, 11), width=st.integers(1, 5), seed=st.integers(0, 99))
def test_small_libraries_have_a_map_too(songs: int, width: int, seed: int) -> None:
    places = atlas.layout(np.random.default_rng(seed).normal(size=(songs, width)))
    assert places.shape == (songs, 2)
    assert ((places >= 0) & (places <= 1)).all()


def test_songs_that_are_all_the_same_have_places() -> None:
    places = atlas.layout(np.ones((30, 4)))
    assert np.isfinite(places).all()


def test_a_song_known_only_by_the_other_evidence_lies_beside_those_that_resemble_it_there() -> None:
    vectors, group = clusters(120)
    heard = Vectors(np.arange(100), vectors[:100])
    described = Vectors(np.arange(120), 2 * vectors[:, :6])
    places = atlas.drawn(heard, described, {})
    assert places.keys() == set(range(120))
    assert alike(np.array([places[key] for key in range(120)]), group) > 0.9


def test_evidence_that_nothing_connects_stays_off_the_map() -> None:
    vectors, _ = clusters(40)
    places = atlas.drawn(Vectors(np.arange(20), vectors[:20]), Vectors(np.arange(20, 40), vectors[20:]), {})
    assert places.keys() == set(range(20))


def test_new_songs_join_without_moving_the_others() -> None:
    vectors, group = clusters(100)
    earlier = atlas.drawn(Vectors(np.arange(90), vectors[:90]), Vectors(np.arange(0), vectors[:0]), {})
    later = atlas.joined((Vectors(np.arange(100), vectors),), earlier)
    assert {key: later[key] for key in earlier} == earlier
    assert alike(np.array([later[key] for key in range(100)]), group) > 0.9


def test_a_map_drawn_again_begins_from_the_earlier_one() -> None:
    vectors, _ = clusters(80)
    first = atlas.layout(vectors)
    again = atlas.layout(vectors + 0.01, start=first, seed=7)
    assert np.abs(again - first).mean() < 0.15


def test_unknown_numbers_count_as_ordinary_ones() -> None:
    rows = np.array([[1.0, np.nan, 5.0], [3.0, np.nan, np.nan], [5.0, np.nan, 7.0]])
    assert np.allclose(atlas.standardised(rows), [[-1.2247, -1], [0, 0], [1.2247, 1]], atol=1e-3)
