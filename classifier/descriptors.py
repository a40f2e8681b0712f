"""Sound to a table's row: the descriptive features that classic genre projects use, as named numbers.

Definitions are librosa's defaults at 22,050 Hz, so that published tables and papers can be compared with. What differs:
chroma assumes concert pitch (A = 440 Hz) where librosa first estimates the tuning, and tempo averages every fourth
window of the tempogram, which is smooth.
"""

from functools import cache

import numpy as np
from scipy import fft

from classifier.audio import SR_HZ
from classifier.descriptor_names import DESCRIPTORS, N_FINE, N_MFCC
from classifier.features import (
    HOP,
    N_FFT,
    TOP_DB,
    decibel,
    filterbank,
    mel_power,
    power_batches,
    power_spectrum,
    spectral_shape,
)

N_PITCHES = 12
FINE_FFT, FINE_HOP = 512, 256  # the short frames of the preview-based projects: 2,584 in 30 s
TEMPO_FRAMES, TEMPO_STEP = 344, 4  # 8 s of onsets a window
USUAL_BPM, FASTEST_BPM = 120.0, 320.0

_OVER_TIME = (np.mean, np.std, np.min, np.max, np.median)  # as in SUMMARIES


def describe_fully(y: np.ndarray) -> dict[str, float]:
    """The 216 `DESCRIPTORS` of mono sound float32 [n] at 22,050 Hz, n at least 2048, by name.

    Mean, deviation, least, greatest and median over time of: `mfcc_01` … 13 (of 128 mel bands in dB); `fine_mfcc_01`
    … 12 (of 12 mel bands, frames of 512 every 256 samples); `rms` and `energy` (sum of squares) of such short frames;
    `centroid_hz`, `bandwidth_hz`, `roll_off_hz` (85 %); `zero_crossing_rate` (share of samples); `chroma_c` … `_b`
    (share of the loudest pitch class). And `tempo_bpm`.
    """
    power = power_spectrum(y)
    level = _below_peak(mel_power(power))
    fine = _below_peak(
        np.concatenate(list(map(_fine_bands, power_batches(y, n_fft=FINE_FFT, hop=FINE_HOP))), 1)
    )
    shape = spectral_shape(power)
    rows = [*cepstrum(level, N_MFCC), *cepstrum(fine, N_FINE), *_strength(y)]
    rows += [*shape.values(), _zero_crossings(y), *chroma(power)]
    values = [float(summary(row)) for row in rows for summary in _OVER_TIME]
    return dict(zip(DESCRIPTORS, [*values, tempo(level)], strict=True))


def _below_peak(power: np.ndarray) -> np.ndarray:
    """dB relative to full scale, at most 80 below the loudest cell."""
    level = decibel(power)
    return np.maximum(level, level.max() - TOP_DB)


def cepstrum(level: np.ndarray, n: int) -> np.ndarray:
    """The first n mel-frequency cepstral coefficients [n, T] of bands in dB [bands, T]; Davis & Mermelstein, 1980."""
    return fft.dct(level, axis=0, norm="ortho")[:n]


def _fine_bands(power: np.ndarray) -> np.ndarray:
    return filterbank(FINE_FFT, N_FINE) @ power.T


def _frame_sums(padded: np.ndarray, frame: int, hop: int) -> np.ndarray:
    """Sums over frames `hop` apart, by way of sums over hops; `padded` has half a frame more at both ends."""
    whole = padded[: (len(padded) - frame) // hop * hop + frame]
    hops = whole.reshape(-1, hop).sum(1)
    return np.lib.stride_tricks.sliding_window_view(hops, frame // hop).sum(1)


def _strength(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Root mean square and sum of squares of each short frame, centred, zeros around the sound."""
    energy = _frame_sums(np.pad(y.astype(np.float32) ** 2, FINE_FFT // 2), FINE_FFT, FINE_HOP)
    return np.sqrt(energy / FINE_FFT), energy


def _zero_crossings(y: np.ndarray) -> np.ndarray:
    """Share of a frame's 2048 samples whose sign differs from the sample before."""
    changes = np.diff(np.signbit(y), prepend=np.signbit(y[:1])).astype(np.float32)
    return _frame_sums(np.pad(changes, N_FFT // 2), N_FFT, HOP) / N_FFT


@cache
def _pitch_weights() -> np.ndarray:
    """How much each frequency says about each pitch class, float32 [12, 1025], C first.

    Gaussian bumps a semitone wide around every octave of the pitch, weaker away from the fifth octave: D. Ellis,
    "Chroma feature analysis and synthesis", 2007; parameters as in librosa.filters.chroma.
    """
    bins_hz = np.arange(1, N_FFT) * SR_HZ / N_FFT
    pitch = N_PITCHES * np.log2(bins_hz / (440 / 16))  # semitones above the lowest A
    pitch = np.concatenate([[pitch[0] - 1.5 * N_PITCHES], pitch])
    width = np.concatenate([np.maximum(np.diff(pitch), 1), [1]])
    distance = (pitch - np.arange(N_PITCHES)[:, None] + 10.5 * N_PITCHES) % N_PITCHES - N_PITCHES / 2
    weights = np.exp(-0.5 * (2 * distance / width) ** 2)
    weights /= np.sqrt((weights**2).sum(0))
    weights *= np.exp(-0.5 * ((pitch / N_PITCHES - 5) / 2) ** 2)
    return np.roll(weights, -3, axis=0)[:, : N_FFT // 2 + 1].astype(np.float32)


def chroma(power: np.ndarray) -> np.ndarray:
    """Pitch classes [12, T], C first, the loudest of a frame 1, of a power spectrum [T, 1025]."""
    pitches = _pitch_weights() @ power.T
    loudest = pitches.max(0)
    return pitches / np.where(loudest < np.finfo(np.float32).tiny, 1, loudest)


def tempo(level: np.ndarray) -> float:
    """Beats per minute from bands in dB [128, T]: the period at which onsets repeat, with a preference for 120.

    Autocorrelation of the rise of all bands in windows of 8 s, weighted by a log-normal prior one octave wide:
    D. Ellis, "Beat tracking by dynamic programming", 2007; parameters as in librosa.feature.tempo.
    """
    onsets = np.maximum(np.diff(level, axis=1), 0).mean(0)
    onsets = np.pad(onsets, (1 + N_FFT // (2 * HOP), 0))[: level.shape[1]]
    padded = np.pad(onsets, TEMPO_FRAMES // 2, mode="linear_ramp")
    windows = np.lib.stride_tricks.sliding_window_view(padded, TEMPO_FRAMES)[: len(onsets) : TEMPO_STEP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(TEMPO_FRAMES) / TEMPO_FRAMES)
    spectrum = fft.rfft(windows * hann, 2 * TEMPO_FRAMES, axis=1)
    correlation = fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :TEMPO_FRAMES]
    loudest = np.maximum(np.abs(correlation).max(1, keepdims=True), np.finfo(np.float32).tiny)
    repeats = (correlation / loudest).mean(0)[1:]
    bpm = 60 * SR_HZ / HOP / np.arange(1, TEMPO_FRAMES)
    score = np.log1p(1e6 * repeats) - 0.5 * np.log2(bpm / USUAL_BPM) ** 2
    score[bpm >= FASTEST_BPM] = -np.inf
    return float(bpm[score.argmax()])
