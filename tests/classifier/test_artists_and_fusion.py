import numpy as np
import pytest

from classifier.artists import ArtistTable, key_of
from classifier.fusion import Fusion, Weights, fit_weights

LABELS = ("rock", "pop", "latin")
PRIOR = np.array([0.5, 0.3, 0.2])
TRUTH = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0]], bool)


def _table() -> ArtistTable:
    artists = [("A",), ("A", "B"), ("C",)]
    return ArtistTable.learn(artists, TRUTH, labels=LABELS, prior=PRIOR, smoothing=1.0, featured=0.5)


def test_names_are_compared_without_case_width_and_stray_spaces():
    assert key_of("  Sigur  RÓS ") == key_of("sigur rós") == key_of("Sigur Ro\u0301s")
    assert key_of("AC/DC") != key_of("ACDC")


def test_all_credited_artists_count_and_the_featured_ones_less():
    evidence = _table().evidence([("A",), ("B",), ("C", "B"), ("nobody",), ()])
    assert evidence.tolist() == [[2, 0, 0], [1, 0, 0], [0.5, 1, 0], [0, 0, 0], [0, 0, 0]]


def test_a_tracks_own_label_is_taken_out_again():
    evidence = _table().evidence([("A",), ("A", "B"), ("C",)], own=TRUTH)
    assert evidence.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 0]]


def test_probabilities_are_smoothed_towards_the_prior():
    log_p = _table().log_probabilities(np.array([[2.0, 0, 0], [0, 0, 0]]))
    assert np.exp(log_p[0]) == pytest.approx([2.5 / 3, 0.1, 0.2 / 3])
    assert np.exp(log_p[1]) == pytest.approx(PRIOR)


def test_a_users_votes_count_as_more_tracks_also_for_unknown_artists():
    votes = {"nobody": {"latin": 3}, "A": {"pop": 1}}
    assert _table().evidence([("nobody",), ("A",)], votes=votes).tolist() == [[0, 0, 3], [2, 1, 0]]


def test_the_compact_form_holds_everything():
    table = _table()
    again = ArtistTable.from_arrays(table.arrays(), labels=LABELS, prior=PRIOR, smoothing=1.0, featured=0.5)
    names = [("A", "C"), ("B",)]
    assert np.array_equal(again.evidence(names), table.evidence(names))


def test_a_table_without_artists_knows_nobody():
    table = ArtistTable.learn([()], TRUTH[:1], labels=LABELS, prior=PRIOR)
    assert not table.knows("A")
    assert table.evidence([("A",)]).sum() == 0


def _noisy(truth: np.ndarray, strength: float, seed: int) -> np.ndarray:
    logits = truth * strength + np.random.default_rng(seed).normal(size=truth.shape)
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def test_the_better_expert_gets_the_larger_weight_and_fusion_beats_both():
    truth = np.eye(3, dtype=bool)[np.random.default_rng(0).integers(3, size=3000)]
    good, poor = _noisy(truth, 2.0, 1), _noisy(truth, 0.7, 2)
    weights = fit_weights(("features", "artist"), [good, poor], truth)
    assert weights.evidence["features"] > weights.evidence["artist"] > 0
    assert sum(weights.evidence.values()) == pytest.approx(1)
    fusion = Fusion(PRIOR, {"features+artist": weights})
    present = {"features": np.ones(3000, bool), "artist": np.ones(3000, bool)}
    fused = fusion.combine({"features": good, "artist": poor}, present)
    right = [(log_p.argmax(1) == truth.argmax(1)).mean() for log_p in (fused, good, poor)]
    assert right[0] > max(right[1:])


def test_the_temperature_corrects_overconfidence():
    truth = np.eye(3, dtype=bool)[np.random.default_rng(0).integers(3, size=3000)]
    calm = _noisy(truth, 1.0, 1)
    assert fit_weights(("features",), [calm * 4], truth).temperature > 2


def test_a_track_without_evidence_gets_the_prior():
    weights = {"features": Weights({"features": 1.0}, 1.0)}
    present = {"features": np.array([True, False]), "artist": np.array([False, False])}
    expert = np.log(np.array([[0.1, 0.1, 0.8]] * 2))
    fused = np.exp(Fusion(PRIOR, weights).combine({"features": expert, "artist": expert}, present))
    assert fused[0] == pytest.approx([0.1, 0.1, 0.8])
    assert fused[1] == pytest.approx(PRIOR)


def test_the_compact_form_tells_more_than_255_genres_apart():
    labels = tuple(f"g{i}" for i in range(400))
    truth = np.eye(400, dtype=bool)
    prior = np.full(400, 1 / 400)
    table = ArtistTable.learn([(f"a{i}",) for i in range(400)], truth, labels=labels, prior=prior)
    again = ArtistTable.from_arrays(table.arrays(), labels=labels, prior=prior)
    assert again.evidence([("a399",)])[0].argmax() == 399
