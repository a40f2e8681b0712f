import librosa
import numpy as np
import pytest

from classifier.features import filterbank, log_mel, sparse_frames
from tests.classifier.audio_samples import tone


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    rng = np.random.default_rng(0)
    fading = np.linspace(0.05, 1, 22_050 * 5)
    return (tone(5, 22_050, 1)[:, 0] * fading + 0.01 * rng.normal(size=22_050 * 5)).astype(np.float32)


def test_the_mel_filterbank_is_librosas():
    expected = librosa.filters.mel(sr=22_050, n_fft=2048, n_mels=128)
    assert np.abs(filterbank().toarray() - expected).max() < 1e-6


def test_the_log_mel_is_within_a_hundredth_of_a_decibel_of_librosa(sound):
    power = librosa.feature.melspectrogram(y=sound, sr=22_050, n_fft=2048, hop_length=512, n_mels=128)
    expected = librosa.power_to_db(power, ref=np.max, top_db=80)
    ours = log_mel(sound)
    assert ours.shape == expected.shape
    assert np.abs(ours - expected).max() < 0.01


def test_chosen_frames_are_those_of_the_whole_but_for_the_loudest_cell(sound):
    frames = np.array([3, 4, 100, 215])
    chosen, whole = log_mel(sound, frames), log_mel(sound)[:, frames]
    assert chosen.shape == (128, 4)
    assert chosen.max() == 0
    assert np.allclose(chosen, np.maximum(whole - whole.max(), -80), atol=1e-3)


def test_all_frames_chosen_are_the_whole(sound):
    assert np.array_equal(log_mel(sound, np.arange(len(sound) // 512 + 1)), log_mel(sound))


def test_the_sparse_frames_are_those_of_the_mel_file():
    frames = sparse_frames(30 * 22_050)
    assert len(frames) == 387
    assert list(frames[:4]) == [1, 5, 8, 11]
    assert frames[-1] == round(3.33658 * 386 + 1.206) == 1289
    for n_samples in (3 * 22_050, 15 * 22_050 + 1, 2048):
        assert sparse_frames(n_samples)[-1] <= n_samples // 512 < sparse_frames(n_samples)[-1] + 4
