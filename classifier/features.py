"""Sound to numbers: the log-mel spectrogram and a small named description; one definition for training and serving."""

import math
from collections.abc import Iterator
from functools import cache

import numpy as np
from scipy import fft, sparse

from classifier.audio import SR_HZ

N_FFT, HOP, N_MELS = 2048, 512, 128
TOP_DB = 80.0
ROLL_OFF = 0.85
SPARSE_STEP, SPARSE_FIRST = 3.33658, 1.206
BATCH = 64  # frames transformed at a time: they stay in the cache
_FLOOR = 1e-10
_DB = 10 / math.log(10)


def mel_hz(mels: np.ndarray) -> np.ndarray:
    """Slaney's mel scale (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above; returns Hz."""
    linear = mels * 200 / 3
    return np.where(mels < 15, linear, 1000 * np.exp((mels - 15) * np.log(6.4) / 27))


def hz_mel(hz: np.ndarray) -> np.ndarray:
    """The inverse of `mel_hz`."""
    above = 15 + 27 * np.log(np.maximum(hz, 1000) / 1000) / np.log(6.4)
    return np.where(hz < 1000, hz * 3 / 200, above)


@cache
def filterbank(n_fft: int = N_FFT, n_mels: int = N_MELS) -> sparse.csr_array:
    """Triangular filters of equal area, float32 [n_mels, n_fft / 2 + 1], from 0 Hz to half the sampling rate."""
    bins_hz = np.arange(n_fft // 2 + 1) * SR_HZ / n_fft
    corners = mel_hz(np.linspace(0, hz_mel(np.array(SR_HZ / 2)), n_mels + 2))
    low, centre, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising = (bins_hz - low) / (centre - low)
    falling = (high - bins_hz) / (high - centre)
    weights = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return sparse.csr_array(weights.astype(np.float32))


@cache
def _hann(n_fft: int) -> np.ndarray:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)


def power_batches(
    y: np.ndarray, frames: np.ndarray | None = None, *, n_fft: int = N_FFT, hop: int = HOP
) -> Iterator[np.ndarray]:
    """The rows of `power_spectrum` in batches that stay in the processor's cache, float32 [≤ 64, n_fft / 2 + 1]."""
    padded = np.pad(np.asarray(y, np.float32), n_fft // 2)
    every = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    places = np.arange(len(every)) if frames is None else frames
    for i in range(0, len(places), BATCH):
        some = every[places[i : i + BATCH]]
        some *= _hann(n_fft)
        spectrum = fft.rfft(some.T, axis=0)  # frames as columns, as `mel_power` wants them
        yield (spectrum.real**2 + spectrum.imag**2).T


def power_spectrum(y: np.ndarray) -> np.ndarray:
    """Power spectrogram float32 [T, 1025] of mono sound at 22,050 Hz; Hann window, hop 512, centred frames.

    y: [n], zeros are assumed around it; T = n // 512 + 1.
    """
    rows = np.empty((len(y) // HOP + 1, N_FFT // 2 + 1), np.float32)
    return np.concatenate(list(power_batches(y)), out=rows)


def decibel(power: np.ndarray) -> np.ndarray:
    """10 log10 of power, which is taken to be 1e-10 at least."""
    return _DB * np.log(np.maximum(power, _FLOOR))  # numpy computes log eight at a time, log10 one by one


def log_mel(y: np.ndarray, frames: np.ndarray | None = None) -> np.ndarray:
    """Log-mel spectrogram float32 [128, T] in dB below its loudest cell, floored at -80 dB.

    y: mono float32 [n] at 22,050 Hz. The same definition as librosa's power_to_db(melspectrogram(...), ref=max).

    With `frames` (whole numbers [T], see `sparse_frames`) only these are computed, at the cost of these alone, and
    the loudest cell is the loudest among them. On 91 real clips of 15 to 30 s that lies 0.6 dB below the loudest of
    all frames (median 0.4, 95 % of clips at most 1.9, all at most 3.4): what a net learns from must be made so too.
    """
    return below_loudest(np.concatenate([mel_power(power) for power in power_batches(y, frames)], axis=1))


def sparse_frames(n_samples: int) -> np.ndarray:
    """Every 3.34th frame, 77.5 ms apart, as whole numbers [T]: those of the published mel file of GTZAN.

    Its column j is frame round(3.33658 j + 1.206).
    """
    last = n_samples // HOP
    columns = np.arange(int((last - SPARSE_FIRST) / SPARSE_STEP) + 2)
    frames = np.round(SPARSE_STEP * columns + SPARSE_FIRST).astype(np.int64)
    return frames[frames <= last]


def mel_power(power: np.ndarray) -> np.ndarray:
    """Power [128, T] in the mel bands of a `power_spectrum` [T, 1025]."""
    return filterbank() @ power.T


def below_loudest(power: np.ndarray) -> np.ndarray:
    """dB below the loudest cell, floored at -80 dB; float32 of the shape of `power`."""
    level = decibel(power)
    return np.maximum(level - level.max(), -TOP_DB).astype(np.float32)


def spectral_shape(power: np.ndarray) -> dict[str, np.ndarray]:
    """Per frame: centroid, bandwidth and roll-off in Hz, weighted by magnitude; power [T, 1025]."""
    bins_hz = (np.arange(N_FFT // 2 + 1) * SR_HZ / N_FFT).astype(np.float32)
    magnitude = np.sqrt(power)
    total = np.maximum(magnitude.sum(1), _FLOOR)
    centroid = magnitude @ bins_hz / total
    spread = np.maximum(magnitude @ bins_hz**2 / total - centroid**2, 0)
    reached = np.cumsum(magnitude, axis=1)
    roll_off = bins_hz[(reached < ROLL_OFF * reached[:, -1:]).sum(1).clip(max=len(bins_hz) - 1)]
    return {"centroid_hz": centroid, "bandwidth_hz": np.sqrt(spread), "roll_off_hz": roll_off}
