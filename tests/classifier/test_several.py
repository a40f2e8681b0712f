import numpy as np

from classifier.several import Several

CHANCES = np.log([[0.5, 0.3, 0.2], [0.9, 0.06, 0.04], [0.34, 0.33, 0.33]])


def test_one_genre_a_track_unless_asked_otherwise():
    assert Several().choose(CHANCES).sum(1).tolist() == [1, 1, 1]


def test_at_most_so_many_genres_and_only_likely_ones():
    assert Several(2, 0.25).choose(CHANCES).tolist() == [
        [True, True, False],
        [True, False, False],
        [True, True, False],
    ]
    assert Several(3, 0.25).choose(CHANCES).sum(1).tolist() == [2, 1, 3]


def test_the_likeliest_genre_is_named_however_unlikely():
    assert Several(3, 0.95).choose(CHANCES).sum(1).tolist() == [1, 1, 1]


def test_the_bound_is_fitted_to_how_many_genres_tracks_have():
    rng = np.random.default_rng(0)
    truth = np.zeros((400, 4), bool)
    truth[np.arange(400), rng.integers(0, 4, 400)] = True
    second = rng.random(400) < 0.5
    truth[second, (truth[second].argmax(1) + 1) % 4] = True
    chances = truth + 0.05
    log_p = np.log(chances / chances.sum(1, keepdims=True))
    chosen = Several.fit(log_p, truth, 3).choose(log_p)
    assert np.array_equal(chosen, truth)
    assert Several.fit(log_p, truth, 1) == Several()
