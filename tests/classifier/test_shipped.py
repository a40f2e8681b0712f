import numpy as np
import pytest

from classifier.labels import FAMILIES, FEATURE_NAMES
from classifier.predict import Example, Predictor
from classifier.registry import read_meta, shipped_path

OPERA = {
    "danceability": 0.2,
    "energy": 0.1,
    "loudness": -24.0,
    "speechiness": 0.045,
    "acousticness": 0.98,
    "instrumentalness": 0.6,
    "valence": 0.08,
    "tempo": 85.0,
    "duration_ms": 260_000,
}


@pytest.fixture(scope="module")
def shipped() -> Predictor:
    return Predictor.load(shipped_path())


def test_the_shipped_version_is_complete_small_and_described():
    meta = read_meta(shipped_path())
    assert tuple(meta["labels"]) == FAMILIES
    assert [feature["name"] for feature in meta["features"]] == list(FEATURE_NAMES)
    assert sum(path.stat().st_size for path in shipped_path().iterdir()) < 8 * 1024**2
    assert (shipped_path() / "MODEL_CARD.md").exists()


def test_the_shipped_version_hears_a_quiet_acoustic_piece_as_classical(shipped):
    assert shipped.predict([Example("aria", OPERA)])[0].genre == "classical"


def test_any_missing_feature_changes_the_answer_gently(shipped):
    whole = shipped.predict([Example("aria", OPERA)])[0].log_probs["classical"]
    for name in OPERA:
        without = {key: value for key, value in OPERA.items() if key != name}
        log_p = shipped.predict([Example("aria", without)])[0].log_probs["classical"]
        assert abs(np.exp(log_p) - np.exp(whole)) < 0.45


def test_nothing_known_is_never_sure(shipped):
    result = shipped.predict([Example("x", {}, ("an artist nobody has ever heard of",))])[0]
    assert result.evidence == ()
    assert not result.sure
