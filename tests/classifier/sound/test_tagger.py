import importlib.metadata

import librosa
import numpy as np
import pytest
import soxr

from classifier.errors import ModelError
from classifier.sound import checkpoint
from classifier.sound.tagger import PATCH, TAGS, Tagger, log_mel, spread
from tests.classifier.audio_samples import tone

SR_HZ = 22_050


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger.load()


def wave(seconds: float) -> np.ndarray:
    return tone(seconds, SR_HZ, 1)[:, 0]


def test_the_front_end_is_librosas():
    sound = soxr.resample(wave(5), SR_HZ, 16_000, quality="HQ")
    power = librosa.feature.melspectrogram(
        y=sound, sr=16_000, n_fft=512, hop_length=256, n_mels=96, pad_mode="reflect"
    )
    expected = np.log10(1 + 10_000 * power.T)
    assert log_mel(wave(5)).shape == expected.shape
    assert np.abs(log_mel(wave(5)) - expected).max() < 1e-3


def test_patches_lie_within_the_clip_and_do_not_overlap():
    mel = np.arange(1876, dtype=np.float32)[:, None].repeat(96, 1)
    firsts = spread(mel, 10)[:, 0, 0]
    assert len(firsts) == 10 and (np.diff(firsts) >= PATCH).all()
    assert 0 <= firsts[0] <= 1 and 1876 - PATCH - 1 <= firsts[-1] <= 1876 - PATCH
    assert len(spread(mel, 4)) == 4 and len(spread(mel[:400], 10)) == 2


def test_a_clip_shorter_than_a_patch_is_repeated():
    mel = np.arange(100, dtype=np.float32)[:, None].repeat(96, 1)
    (patch,) = spread(mel, 10)
    assert patch.shape == (PATCH, 96)
    assert (patch[100:] == patch[:87]).all()


@pytest.mark.parametrize("seconds", [1, 3, 9.5])
def test_tags_are_probabilities_for_every_patch(tagger, seconds):
    (tagged,) = tagger([wave(seconds)])
    patches = max(1, int(seconds / 3))
    assert tagged.tags.shape == (patches, len(TAGS)) and tagged.tags.dtype == np.float32
    assert tagged.penultimate.shape == (patches, 200) and tagged.penultimate.dtype == np.float32
    assert ((tagged.tags > 0) & (tagged.tags < 1)).all()


@pytest.mark.parametrize("sound", [np.zeros(SR_HZ * 3, np.float32), np.sign(wave(4)), wave(4) * 1e-6])
def test_silence_and_clipping_give_finite_answers(tagger, sound):
    (tagged,) = tagger([sound])
    assert np.isfinite(tagged.tags).all() and np.isfinite(tagged.penultimate).all()


def test_waves_are_tagged_as_each_would_be_alone(tagger):
    waves = [wave(7), wave(3.5)[::-1].copy(), wave(4) * 0.1]
    for together, alone in zip(tagger(waves), (tagger([one])[0] for one in waves), strict=True):
        assert np.abs(together.tags - alone.tags).max() < 1e-5


def test_no_wave_gives_no_answer(tagger):
    assert tagger([]) == []


def test_without_the_wheel_the_refusal_says_how_to_install_it(monkeypatch):
    def nothing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", nothing)
    with pytest.raises(ModelError, match=r"pip install --no-deps musicnn==0\.1\.0`\.$"):
        Tagger.load()


def test_the_other_tagger_has_tags_of_its_own():
    tagger = Tagger.load("MTT_musicnn", patches=1)
    (tagged,) = tagger([wave(7)])
    assert "opera" in tagger.tags and tagged.tags.shape == (1, len(tagger.tags))


def test_a_checkpoint_of_another_network_is_refused(monkeypatch):
    monkeypatch.setattr(checkpoint, "read", lambda prefix: {})
    with pytest.raises(ModelError, match="does not hold a musicnn network"):
        Tagger.load()


def test_an_unknown_tagger_is_refused():
    with pytest.raises(ModelError, match="no tagger MSD_vgg; there are MSD_musicnn and MTT_musicnn"):
        Tagger.load("MSD_vgg")
