import sys
from importlib.metadata import PackageNotFoundError

import librosa
import numpy as np
import pytest
import soxr

from classifier.errors import ModelError
from classifier.sound import spotify_like

SR_HZ = 22_050


def chord(seconds: float, *, loudness: float = 0.3) -> np.ndarray:
    t = np.arange(int(seconds * SR_HZ)) / SR_HZ
    tones = sum(np.sin(2 * np.pi * hz * t) for hz in (196.0, 247.0, 294.0, 3000.0))
    noise = np.random.default_rng(0).normal(0, 0.1, len(t))
    return (loudness * (tones / 4 + noise) * (1 + np.sin(2 * np.pi * 2 * t))).astype(np.float32)


def without(wheel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = spotify_like.importlib.metadata.distribution

    def distribution(name: str):
        if name == wheel:
            raise PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(spotify_like.importlib.metadata, "distribution", distribution)


class Answering:
    """Stands for the installed model: remembers what it was shown and answers the same to everything."""

    def __init__(self, raw: list[float]) -> None:
        self.raw, self.seen = raw, []

    def get_inputs(self):
        return [type("Input", (), {"name": "x"})]

    def run(self, _outputs, given):
        self.seen.append(given["x"])
        return [np.array([self.raw], np.float32)]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Answering:
    answering = Answering([0.0, 0.7, 1.2, 2.0, -2.0, -0.1, 0.4])
    monkeypatch.setattr(spotify_like, "_session", lambda: answering)
    return answering


def test_the_front_end_agrees_with_librosa():
    sound = soxr.resample(chord(4.0), SR_HZ, 16_000)
    # librosa centres the window of 640 in its frame of 1024, so its sound must begin 192 samples earlier
    shifted = np.pad(sound, (192, 192))
    power = librosa.feature.melspectrogram(
        y=shifted, sr=16_000, n_fft=1024, win_length=640, hop_length=320, center=False, n_mels=128
    )
    expected = librosa.power_to_db(power, ref=1.0, top_db=80)
    assert spotify_like.log_mel(chord(4.0)) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 1.0])
def test_even_a_short_wave_has_a_finite_view(seconds: float):
    mel = spotify_like.log_mel(chord(seconds))
    assert mel.shape[0] == 128 and mel.shape[1] >= 1 and np.isfinite(mel).all()


def test_silence_has_a_finite_view():
    assert np.isfinite(spotify_like.log_mel(np.zeros(SR_HZ, np.float32))).all()


def test_likelihoods_are_told_from_shares_that_overshoot(model: Answering):
    (features,) = spotify_like.features_of([chord(1.0)])
    assert features == pytest.approx(
        {
            "acousticness": 0.5,
            "danceability": 0.7,
            "energy": 1.0,
            "instrumentalness": 1 / (1 + np.exp(-2)),
            "liveness": 1 / (1 + np.exp(2)),
            "speechiness": 0.0,
            "valence": 0.4,
        }
    )


def test_waves_of_different_length_are_heard_one_by_one(model: Answering):
    assert len(spotify_like.features_of([chord(1.0), chord(2.0)])) == 2
    assert [mel.shape for mel in model.seen] == [(1, 128, 49), (1, 128, 99)]


@pytest.mark.parametrize("wheel", ["vibenet", "onnxruntime"])
def test_without_its_packages_the_extra_is_not_there(wheel: str, monkeypatch: pytest.MonkeyPatch):
    without(wheel, monkeypatch)
    assert not spotify_like.available()


def test_asking_for_features_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"requirements-extra\.txt"):
        spotify_like._session.__wrapped__()


@pytest.mark.skipif(not spotify_like.available(), reason="the extra is not installed")
def test_the_installed_model_gives_seven_shares():
    (features,) = spotify_like.features_of([chord(5.0)])
    assert tuple(features) == spotify_like.FEATURES
    assert all(0 <= value <= 1 for value in features.values())
