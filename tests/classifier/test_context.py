import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from classifier.context import Credits, LibraryContext, Moved, Pull, fit, move

K = 4
CONTEXT = LibraryContext()


@st.composite
def libraries(draw):
    """What `move` is given for up to 12 songs by up to 4 artists."""
    n = draw(st.integers(1, 12))
    logits = draw(arrays.arrays(float, (n, K), elements=st.floats(-5, 5)))
    flags = st.lists(st.booleans(), min_size=n, max_size=n).map(lambda found: np.array(found, bool))
    return {
        "log_p": logits - np.log(np.exp(logits).sum(1, keepdims=True)),
        "artists": draw(st.lists(st.lists(st.integers(0, 3), max_size=3), min_size=n, max_size=n)),
        "words": np.array(draw(st.lists(st.integers(-1, K - 1), min_size=n, max_size=n))),
        "votes": draw(flags),
        "known": draw(flags),
    }


def moved(library, context=CONTEXT) -> Moved:
    given = {name: value for name, value in library.items() if name not in ("log_p", "artists")}
    return move(context, library["log_p"], credits=Credits.of(library["artists"]), **given)


def library_of(artists, words, *, known=False):
    """Even predictions that do not vote, so that only words can move them."""
    n = len(artists)
    flags = {"votes": np.zeros(n, bool), "known": np.full(n, known)}
    even = np.full((n, K), -np.log(K))
    return {"log_p": even, "artists": artists, "words": np.array(words, np.int64), **flags}


@given(libraries())
def test_without_votes_the_numbers_stay_bit_by_bit(library):
    found = moved(library)
    assert (found.log_p[~found.has_context] == library["log_p"][~found.has_context]).all()
    silent = moved(library | {"votes": library["votes"] & False, "words": np.full(len(library["words"]), -1)})
    assert not silent.has_context.any()
    assert (silent.log_p == library["log_p"]).all()


@given(libraries())
def test_only_songs_of_the_same_artists_count(library):
    own_artist = [[place] for place in range(len(library["artists"]))]
    assert not moved(library | {"artists": own_artist}).has_context.any()


@given(libraries(), st.data())
def test_a_song_never_votes_for_itself(library, data):
    song = data.draw(st.integers(0, len(library["words"]) - 1))
    with_word, silent = library["words"].copy(), library["votes"].copy()
    with_word[song], silent[song] = 0, False
    before, after = moved(library), moved(library | {"words": with_word, "votes": silent})
    assert before.has_context[song] == after.has_context[song]
    assert after.log_p[song] == pytest.approx(before.log_p[song])


@given(libraries())
def test_probabilities_sum_to_one(library):
    found = moved(library)
    assert np.exp(found.log_p).sum(1) == pytest.approx(1)
    assert found.library.sum(1) == pytest.approx(1)


@given(libraries(), st.randoms(use_true_random=False))
def test_the_order_of_songs_does_not_matter(library, random):
    order = list(range(len(library["words"])))
    random.shuffle(order)
    mixed = {name: value[order] for name, value in library.items() if name != "artists"}
    again = moved(mixed | {"artists": [library["artists"][place] for place in order]})
    assert again.log_p == pytest.approx(moved(library).log_p[order])
    assert (again.has_context == moved(library).has_context[order]).all()


@given(libraries(), st.integers(0, K - 1))
def test_an_own_word_is_stronger_than_one_prediction(library, label):
    """Of two songs by the artist, the word on one moves the listener further than the surest prediction."""
    surest = np.log(np.where(np.arange(K) == label, 0.97, 0.01))
    trio = library_of([["a"], ["a"]], [-1, -1]) | {"log_p": np.stack([library["log_p"][0], surest])}
    by_prediction = moved(trio | {"votes": np.array([False, True])}).log_p[0, label]
    by_word = moved(trio | {"words": np.array([-1, label])}).log_p[0, label]
    assert by_word > by_prediction


def test_a_word_outweighs_contradicting_predictions():
    says_one = np.log(np.array([0.01, 0.97, 0.01, 0.01]))
    library = library_of([["a"]] * 4, [-1, 0, -1, -1]) | {"votes": np.ones(4, bool)}
    library["log_p"] = np.stack([library["log_p"][0], says_one, says_one, says_one])
    assert moved(library).log_p[0].argmax() == 0


def test_a_featured_artist_counts_less_than_the_first():
    first, featured = (
        moved(library_of([names, ["a"]], [-1, 2])).log_p[0, 2] for names in (["a"], ["b", "a"])
    )
    assert -np.log(K) < featured < first


def test_predictions_say_nothing_new_of_an_artist_whom_the_version_knows():
    library = library_of([["a"], ["a"]], [-1, -1], known=True) | {"votes": np.ones(2, bool)}
    assert not moved(library).has_context.any()
    assert moved(library | {"words": np.array([-1, 1])}).has_context.tolist() == [True, False]


def test_a_library_without_songs_or_artists_is_no_error():
    assert moved(library_of([], [])).log_p.shape == (0, K)
    assert not moved(library_of([[], []], [1, -1])).has_context.any()


def test_constants_survive_being_written_to_a_file():
    assert LibraryContext.restore(asdict(CONTEXT)) == CONTEXT


def simulated(n_artists: int, seed: int = 0):
    """Artists with one genre each, ten songs an artist, and predictions that are right a little more often."""
    rng = np.random.default_rng(seed)
    genre = np.repeat(rng.integers(0, K, n_artists), 10)
    logits = rng.normal(size=(len(genre), K)) + 1.2 * np.eye(K)[genre]
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    artists = [[number] for number in np.repeat(np.arange(n_artists), 10)]
    return log_p, Credits.of(artists), np.eye(K, dtype=bool)[genre]


def test_fitted_constants_help_artists_that_they_were_not_fitted_on():
    log_p, credits, truth = simulated(60)
    everybody, nobody = np.ones(len(log_p), bool), np.zeros(len(log_p), bool)
    context = fit(log_p, credits=credits, truth=truth, votes=everybody, known=nobody)
    assert context.songs == len(log_p)
    assert context.known == CONTEXT.known  # there was nothing to fit it on
    log_p, credits, truth = simulated(60, seed=1)
    silent = np.full(len(log_p), -1)
    found = move(context, log_p, credits=credits, words=silent, votes=everybody, known=nobody)
    right = [(one.argmax(1) == truth.argmax(1)).mean() for one in (log_p, found.log_p)]
    assert right[1] > right[0] + 0.1


def test_too_few_songs_keep_the_defaults():
    log_p, credits, truth = simulated(3)
    none = np.zeros(len(log_p), bool)
    assert fit(log_p, credits=credits, truth=truth, votes=~none, known=none) == replace(CONTEXT, songs=30)


def test_a_pull_without_library_weight_changes_nothing():
    context = replace(CONTEXT, unknown=Pull(0.5, 0.0, 10.0, 1.0))
    assert not moved(library_of([["a"], ["a"]], [-1, 1]), context).has_context.any()


def test_moving_needs_no_heavy_library():
    code = "import sys, classifier.context; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "scipy", "pandas", "sklearn"} & set(done.stdout.split())
