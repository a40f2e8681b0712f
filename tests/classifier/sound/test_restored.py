import numpy as np
import pytest

from classifier.sound import taggrams
from classifier.sound.degrade import band
from classifier.sound.tagger import log_mel, restored
from tests.classifier.audio_samples import music


@pytest.fixture(scope="module")
def rich():
    """Music over pulsing pink noise, which has something in every band."""
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(size=6 * 22_050))
    noise = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1))
    pulse = 1 + np.sin(np.arange(len(noise)) / 2000)
    return (0.1 * music(6) + 0.3 * noise / noise.std() * pulse).astype(np.float32)


def level_db(mel):
    return 10 * np.log10(((10.0**mel - 1) / 1e4).mean(0) + 1e-12)


def test_sound_with_all_its_bands_is_left_alone(rich):
    mel = log_mel(rich)
    assert restored(mel) is mel


def test_bands_that_a_telephone_cuts_away_are_filled_in(rich):
    cut = log_mel(band(rich, 300, 3400))
    filled = restored(cut)
    assert level_db(cut)[85] < -55 < -40 < level_db(filled)[85]
    middle = slice(25, 50)  # well inside the channel
    assert np.allclose(filled[:, middle], cut[:, middle], atol=1e-4)
    assert np.isfinite(filled).all() and filled.shape == cut.shape


def test_what_is_filled_in_pulses_as_its_neighbours_do(rich):
    filled = restored(log_mel(band(rich, 300, 3400)))
    edge = level_db(filled) > -200
    assert edge.all()
    assert np.corrcoef(10.0 ** filled[:, 85], 10.0 ** filled[:, 90])[0, 1] > 0.99


@pytest.mark.parametrize(
    "wave", [np.full(70_000, 1e-6, np.float32), np.sin(np.arange(70_000) / 5).astype(np.float32)]
)
def test_sound_of_few_bands_stays_finite(wave):
    assert np.isfinite(restored(log_mel(wave))).all()


def test_copies_of_a_clip_are_all_there_and_the_same_again():
    wave = music(4)
    once, again = (taggrams._copies(wave, 3) for _ in range(2))
    assert len(once) == 1 + sum(taggrams.COPIES.values())
    assert all(np.array_equal(once[name], again[name]) and len(once[name]) == len(wave) for name in once)
    assert not np.array_equal(once["|phone 0"], once["|phone 1"])
