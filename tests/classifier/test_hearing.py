import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from classifier import registry
from classifier.hearing import FLOOR, OTHERS, PULLS, SOUND, SURE_BY_SOUND, Ear, threshold
from classifier.predict import Example, Predictor

LABELS = ("rock", "metal", "latin", "spoken")
TAUGHT = np.array([True, True, False, False])
EAR = Ear(LABELS, np.array([0.4, 0.3, 0.2, 0.1]))

rows = hnp.arrays(np.float64, (3, 4), elements=st.floats(-12, 12))


def normalised(logits):
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def present(n, *names):
    return {name: np.full(n, name in names) for name in (*OTHERS, SOUND)}


def spoken(logits):
    return np.where(TAUGHT, normalised(np.where(TAUGHT, logits, -np.inf)), np.nan)


@given(rows, rows)
def test_sound_moves_nothing_where_features_and_artist_have_spoken(before, sound):
    log_p = normalised(before)
    joined, untaught = EAR.join(log_p, spoken(sound), present(3, "features", "artist", SOUND))
    assert np.array_equal(joined, log_p)
    assert not untaught.any()


@given(rows, rows, st.sampled_from(OTHERS))
def test_genres_that_were_never_taught_stay_exactly_as_likely_as_they_were(before, sound, other):
    log_p = normalised(before)
    joined, _ = EAR.join(log_p, spoken(sound), present(3, other, SOUND))
    assert np.array_equal(joined[:, ~TAUGHT], log_p[:, ~TAUGHT])
    assert np.allclose(np.exp(joined).sum(1), 1)


@given(rows)
def test_sound_alone_names_only_what_it_was_taught_and_admits_the_rest(sound):
    joined, untaught = EAR.join(np.tile(np.log(EAR.prior), (3, 1)), spoken(sound), present(3, SOUND))
    assert (np.exp(joined[:, ~TAUGHT]) <= FLOOR * 1.001).all()
    assert np.isfinite(joined).all()
    assert np.allclose(untaught, 0.3)


def test_a_song_that_was_not_heard_keeps_its_numbers():
    log_p = normalised(np.zeros((2, 4)))
    joined, untaught = EAR.join(log_p, EAR.spread([None, None]), present(2, "features"))
    assert np.array_equal(joined, log_p)
    assert not untaught.any()


def test_sound_pulls_a_wavering_song_to_what_it_hears():
    log_p = np.log(np.array([[0.45, 0.4, 0.1, 0.05]]))
    heard = EAR.spread([{"rock": np.log(0.1), "metal": np.log(0.9)}])
    joined, _ = EAR.join(log_p, heard, present(1, "features", SOUND))
    assert LABELS[joined[0].argmax()] == "metal"


def test_a_family_is_spread_over_its_sub_genres_by_how_common_they_are():
    ear = Ear(("grunge", "britpop", "techno"), np.array([0.6, 0.2, 0.2]))
    heard = np.exp(ear.spread([{"rock": np.log(0.8), "electronic": np.log(0.2)}]))
    assert heard[0] == pytest.approx([0.6, 0.2, 0.2])


def test_labels_that_are_no_genres_of_ours_hear_nothing():
    ear = Ear(("party", "focus"), np.array([0.5, 0.5]))
    assert np.isnan(ear.spread([{"rock": -0.1}])).all()


def test_the_bar_for_being_sure_is_never_lowered_by_sound():
    bars = {"features": 0.5, "artist": 0.6, "features+artist": 0.7}
    for names in PULLS:
        assert threshold([*names, SOUND], bars, 0.9) == threshold(names, bars, 0.9) == bars["+".join(names)]
    assert threshold([SOUND], bars, 0.9) == SURE_BY_SOUND
    assert threshold([], bars, 0.9) == 0.9


def test_the_bar_does_not_depend_on_the_order_that_a_database_keeps():
    why = json.loads('{"sound": {}, "artist": {}, "features": {}}')
    assert threshold(why, {"features+artist": 0.7}, 0.9) == 0.7


def test_features_that_were_heard_in_the_same_sound_hardly_count():
    log_p = np.log(np.array([[0.9, 0.08, 0.01, 0.01]] * 2))
    heard = EAR.spread([{"rock": np.log(0.2), "metal": np.log(0.8)}] * 2)
    joined, _ = EAR.join(log_p, heard, present(2, "features", SOUND), np.array([True, False]))
    assert [LABELS[k] for k in joined.argmax(1)] == ["metal", "rock"]


def test_every_song_is_masked_by_what_its_own_ears_were_taught():
    small, large = {"rock": np.log(0.7), "metal": np.log(0.3)}, {"rock": np.log(0.1), "latin": np.log(0.9)}
    prior = np.tile(np.log(EAR.prior), (2, 1))
    together, untaught = EAR.join(prior, EAR.spread([small, large]), present(2, SOUND))
    alone = [EAR.join(prior[:1], EAR.spread([one]), present(1, SOUND)) for one in (small, large)]
    assert np.allclose(together, np.concatenate([log_p for log_p, _ in alone]))
    assert untaught == pytest.approx([0.3, 0.4])


def test_a_family_that_is_ruled_out_leaves_numbers():
    joined, _ = EAR.join(np.log(EAR.prior)[None], EAR.spread([{"rock": -np.inf}]), present(1, SOUND))
    assert np.isfinite(joined).all()


@pytest.fixture(scope="module")
def shipped():
    return Predictor.load(registry.shipped_path())


def judged(shipped, *, known_artist, heard, sound):
    artists = ("Miles Davis",) if known_artist else ()
    features = {"energy": 0.9, "danceability": 0.2, "acousticness": 0.05}
    (result,) = shipped.predict(
        [
            Example(
                "t",
                features,
                artists,
                sound={"metal": -0.1, "jazz-blues": -3.0} if sound else None,
                features_were_heard=heard,
            )
        ],
        votes={"Miles Davis": {"jazz-blues": 5.0}} if known_artist else None,
    )
    return result


def test_heard_features_are_left_out_where_the_artist_is_known(shipped):
    heard = judged(shipped, known_artist=True, heard=True, sound=True)
    given = judged(shipped, known_artist=True, heard=False, sound=True)
    assert heard.evidence == ("artist", SOUND) and given.evidence == ("features", "artist", SOUND)


def test_features_of_a_service_and_an_artist_are_not_moved_by_sound(shipped):
    with_sound, without = (
        judged(shipped, known_artist=True, heard=False, sound=sound) for sound in (True, False)
    )
    assert with_sound.log_probs == without.log_probs and with_sound.sure == without.sure


def test_heard_features_say_nothing_of_songs_of_no_genre(shipped):
    assert judged(shipped, known_artist=False, heard=True, sound=True).other == 0
    assert judged(shipped, known_artist=False, heard=False, sound=True).other > 0


def test_heard_features_count_for_less_than_those_of_a_service(shipped):
    heard, given = (judged(shipped, known_artist=False, heard=one, sound=True) for one in (True, False))
    assert heard.log_probs["metal"] != given.log_probs["metal"]
    assert heard.log_probs["metal"] - heard.log_probs["jazz-blues"] == pytest.approx(2.9 * 0.8, abs=1.0)
