"""Sound to numbers: the log-mel spectrogram and a small named description; one definition for training and serving."""

from functools import cache

import numpy as np
from scipy import fft, sparse

from classifier.audio import SR_HZ

N_FFT, HOP, N_MELS = 2048, 512, 128
TOP_DB = 80.0
N_MFCC, N_BANDS = 13, 16
ROLL_OFF = 0.85
_FLOOR = 1e-10


def mel_hz(mels: np.ndarray) -> np.ndarray:
    """Slaney's mel scale (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above; returns Hz."""
    linear = mels * 200 / 3
    return np.where(mels < 15, linear, 1000 * np.exp((mels - 15) * np.log(6.4) / 27))


def hz_mel(hz: np.ndarray) -> np.ndarray:
    """The inverse of `mel_hz`."""
    above = 15 + 27 * np.log(np.maximum(hz, 1000) / 1000) / np.log(6.4)
    return np.where(hz < 1000, hz * 3 / 200, above)


@cache
def filterbank() -> sparse.csr_array:
    """Triangular filters of equal area, float32 [128, 1025], from 0 Hz to half the sampling rate."""
    bins_hz = np.arange(N_FFT // 2 + 1) * SR_HZ / N_FFT
    corners = mel_hz(np.linspace(0, hz_mel(np.array(SR_HZ / 2)), N_MELS + 2))
    low, centre, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising = (bins_hz - low) / (centre - low)
    falling = (high - bins_hz) / (high - centre)
    weights = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return sparse.csr_array(weights.astype(np.float32))


@cache
def _window() -> np.ndarray:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)


def _frames(y: np.ndarray) -> np.ndarray:
    """Overlapping frames [T, 2048] of y padded with half a frame of zeros on both sides."""
    padded = np.pad(np.asarray(y, np.float32), N_FFT // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]


def power_spectrum(y: np.ndarray) -> np.ndarray:
    """Power spectrogram float32 [T, 1025] of mono sound at 22,050 Hz; Hann window, hop 512, centred frames."""
    spectrum = fft.rfft(_frames(y) * _window(), axis=1)
    return spectrum.real**2 + spectrum.imag**2


def _decibel(power: np.ndarray) -> np.ndarray:
    return 10 * np.log10(np.maximum(power, _FLOOR))


def log_mel(y: np.ndarray) -> np.ndarray:
    """Log-mel spectrogram float32 [128, T] in dB below its loudest cell, floored at -80 dB.

    y: mono float32 [n] at 22,050 Hz. The same definition as librosa's power_to_db(melspectrogram(...), ref=max).
    """
    return _log_mel(power_spectrum(y))


def _log_mel(power: np.ndarray) -> np.ndarray:
    level = _decibel(filterbank() @ power.T)
    return np.maximum(level - level.max(), -TOP_DB).astype(np.float32)


def describe(y: np.ndarray) -> dict[str, float]:
    """A small description of mono sound float32 [n] at 22,050 Hz, by name with units in the names.

    Mean and deviation over time of 16 mel bands (dB below the loudest), 13 cepstral coefficients, loudness (dB),
    spectral centroid, bandwidth and 85 % roll-off (Hz), and the rate of zero crossings (share of samples).
    """
    power = power_spectrum(y)
    level = _log_mel(power)
    bands = level.reshape(N_BANDS, N_MELS // N_BANDS, -1).mean(1)
    cepstrum = fft.dct(level, axis=0, norm="ortho")[:N_MFCC]
    described = _over_time({f"mel_band_{i + 1:02}_db": band for i, band in enumerate(bands)})
    described |= _over_time({f"mfcc_{i + 1:02}": row for i, row in enumerate(cepstrum)})
    described |= _over_time(_shape(power) | _waveform(y))
    return described


def _over_time(rows: dict[str, np.ndarray]) -> dict[str, float]:
    means = {f"{name}_mean": float(row.mean()) for name, row in rows.items()}
    return means | {f"{name}_std": float(row.std()) for name, row in rows.items()}


def _shape(power: np.ndarray) -> dict[str, np.ndarray]:
    """Per frame: centroid, bandwidth and roll-off in Hz, weighted by magnitude; power [T, 1025]."""
    bins_hz = (np.arange(N_FFT // 2 + 1) * SR_HZ / N_FFT).astype(np.float32)
    magnitude = np.sqrt(power)
    total = np.maximum(magnitude.sum(1), _FLOOR)
    centroid = magnitude @ bins_hz / total
    spread = np.maximum(magnitude @ bins_hz**2 / total - centroid**2, 0)
    reached = np.cumsum(magnitude, axis=1)
    roll_off = bins_hz[(reached < ROLL_OFF * reached[:, -1:]).sum(1).clip(max=len(bins_hz) - 1)]
    return {"centroid_hz": centroid, "bandwidth_hz": np.sqrt(spread), "roll_off_hz": roll_off}


def _waveform(y: np.ndarray) -> dict[str, np.ndarray]:
    """Per block of 512 samples: loudness in dB relative to full scale, and zero crossings per sample."""
    blocks = y[: len(y) // HOP * HOP].reshape(-1, HOP)
    crossings = (np.signbit(blocks[:, 1:]) != np.signbit(blocks[:, :-1])).mean(1)
    return {"loudness_db": _decibel((blocks**2).mean(1)), "zero_crossing_rate": crossings}
