import numpy as np
import pytest

from classifier.audio import SR_HZ
from classifier.sound.degrade import DEGRADATIONS, band, noise, reverb, robustness

WAVE = np.sin(2 * np.pi * 1000 * np.arange(4 * SR_HZ) / SR_HZ).astype(np.float32) * 0.3


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_every_degradation_keeps_length_and_type_and_follows_its_seed(name):
    one, same, other = (DEGRADATIONS[name](WAVE, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert one.shape == WAVE.shape
    assert one.dtype == np.float32
    assert np.array_equal(one, same)
    assert np.array_equal(one, other) == (name not in ("noise 10 dB", "reverb", "phone"))
    assert (name == "clean") == np.array_equal(one, WAVE)


def _power_db(wave: np.ndarray, hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(wave)) ** 2
    place = int(hz * len(wave) / SR_HZ)
    return 10 * np.log10(spectrum[place - 20 : place + 20].sum())


def test_a_narrow_channel_lets_only_its_middle_through():
    hiss = np.random.default_rng(0).normal(size=4 * SR_HZ).astype(np.float32)
    narrow = band(hiss, 300, 3400)
    assert abs(_power_db(narrow, 1000) - _power_db(hiss, 1000)) < 1
    for hz in (100, 6000):
        assert _power_db(narrow, hz) < _power_db(hiss, hz) - 30


def test_noise_lies_as_far_below_as_said():
    added = noise(WAVE, 10, np.random.default_rng(0)) - WAVE
    assert 10 * np.log10(np.mean(WAVE**2) / np.mean(added**2)) == pytest.approx(10, abs=0.2)


def test_a_room_goes_on_sounding():
    knock = np.zeros(2 * SR_HZ, np.float32)
    knock[SR_HZ // 2] = 1
    heard = reverb(knock, 0.8, np.random.default_rng(0))
    energy = [np.sum(heard[start : start + SR_HZ // 10] ** 2) for start in (0, SR_HZ // 2 + 1, SR_HZ)]
    assert energy[0] < 1e-9 < energy[2] < energy[1]


def test_robustness_counts_right_answers_per_degradation():
    def loudest_is_first(waves):
        return np.array([[np.abs(wave).max(), 0.35] for wave in waves])

    seen = []
    figures = robustness([WAVE, 2 * WAVE], [1, 0], loudest_is_first, on_clip=lambda: seen.append(1))
    assert list(figures) == list(DEGRADATIONS)
    assert figures["clean"] == 1
    assert figures["noise 10 dB"] == 0.5  # noise makes the quiet one loud
    assert len(seen) == 2
    with pytest.raises(ValueError, match="as many truths"):
        robustness([WAVE], [], loudest_is_first)
