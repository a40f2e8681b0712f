"""The pretrained musicnn taggers: waves to tags that people gave to songs, and the layer before the tags.

Weights come from the `musicnn` wheel, which is only read: its code needs TensorFlow 1.
"""

import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import soxr
import torch
from scipy import fft

from classifier.audio import SR_HZ
from classifier.errors import ModelError
from classifier.features import hz_mel, mel_hz
from classifier.sound import checkpoint
from classifier.sound.musicnn import N_MELS, Musicnn
from classifier.sound.tag_names import MSD_TAGS, MTT_TAGS

WHEEL = "musicnn"
TAGGER_SR_HZ, N_FFT, HOP, PATCH = 16_000, 512, 256, 187  # musicnn's configuration.py; 187 frames are 3 s
PATCHES = 10  # 30 s without a gap; on GTZAN (cross-validated) 8 do as well, 6 lose about 1 point, 4 lose 3
TAGS = MSD_TAGS
# How loud a band usually is, dB relative to the clip: a straight line through the medians of 91 clips of all families,
# 1 dB off on average.
_USUAL_DB = np.linspace(16.2, -17.2, N_MELS)
CUT_AWAY_DB, FEW_BANDS, NEIGHBOURS = 20.0, 8, 6
_TAGS_OF = {"MSD_musicnn": MSD_TAGS, "MTT_musicnn": MTT_TAGS}


@dataclass(frozen=True)
class Tagged:
    """What the tagger says of one wave, by patch of 3 s."""

    tags: np.ndarray  # float32 [patches, 50], probabilities
    penultimate: np.ndarray  # float32 [patches, 200]


@cache
def _filterbank() -> np.ndarray:
    """Slaney's triangular filters of equal area, float32 [257, 96], from 0 to 8000 Hz."""
    bins_hz = np.arange(N_FFT // 2 + 1) * TAGGER_SR_HZ / N_FFT
    corners = mel_hz(np.linspace(0, hz_mel(np.array(TAGGER_SR_HZ / 2)), N_MELS + 2))
    low, centre, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    weights = np.maximum(0, np.minimum((bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)))
    return (weights * 2 / (high - low)).T.astype(np.float32)


@cache
def _window() -> np.ndarray:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)


def log_mel(wave: np.ndarray) -> np.ndarray:
    """The tagger's view of mono sound [n] at 22,050 Hz: log10(1 + 10,000 S), float32 [T, 96], 62.5 frames a second.

    S is the mel power spectrogram at 16 kHz (Hann window of 512, hop 256, centred, mirrored at the ends).
    """
    sound = soxr.resample(np.asarray(wave, np.float32), SR_HZ, TAGGER_SR_HZ, quality="HQ")
    padded = np.pad(sound, N_FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    spectrum = fft.rfft(frames * _window(), axis=1)
    return np.log10(1 + 10_000 * ((spectrum.real**2 + spectrum.imag**2) @ _filterbank()))


def restored(mel: np.ndarray) -> np.ndarray:
    """mel [T, 96] of `log_mel` with bands that a telephone or a codec has cut away filled in from their neighbours.

    A band counts as cut away when it lies 20 dB further below its usual level than the clip as a whole. It then pulses as
    the nearest bands do, at its usual level: what the tagger knows is music with all its bands. On 181 clips cut to 300
    to 8,000 Hz the head's accuracy rose from 69 to 84 %, and 12 % of untouched clips change at all.
    """
    power = (10.0**mel - 1) / 1e4
    relative = 10 * np.log10(power.mean(0) + 1e-12) - _USUAL_DB
    alive = relative > np.percentile(relative, 75) - CUT_AWAY_DB
    if alive.all() or alive.sum() < FEW_BANDS:
        return mel
    left = np.flatnonzero(alive)
    for band in np.flatnonzero(~alive):
        near = left[np.argsort(np.abs(left - band))[:NEIGHBOURS]]
        pulse = (power[:, near] / np.maximum(power[:, near].mean(0), 1e-12)).mean(1)
        power[:, band] = pulse * 10 ** ((_USUAL_DB[band] + np.median(relative[near])) / 10)
    return np.log10(1 + 1e4 * power).astype(np.float32)


def spread(mel: np.ndarray, patches: int) -> np.ndarray:
    """At most `patches` patches [p, 187, 96] of mel [T, 96], spread evenly without overlap; a short one is repeated."""
    if len(mel) < PATCH:
        return np.resize(mel, (1, PATCH, N_MELS))
    count = min(patches, len(mel) // PATCH)
    starts = (np.arange(count) + 0.5) * len(mel) / count - PATCH / 2  # in the middle of equal parts
    return np.stack([mel[start : start + PATCH] for start in starts.astype(int)])


class Tagger:
    """Loaded once per process; calls may come from several threads."""

    def __init__(self, net: Musicnn, tags: tuple[str, ...], patches: int) -> None:
        self.tags = tags
        self._net = net.eval()
        self._patches = patches

    @classmethod
    def load(cls, name: str = "MSD_musicnn", *, patches: int = PATCHES) -> "Tagger":
        """A tagger of the installed wheel, "MSD_musicnn" or "MTT_musicnn"; it hears at most `patches` of each wave.

        MTT_musicnn has tags of its own (classical, opera, techno, indian, ...) and takes three times as long, as
        fewer of its filters are empty.

        Raises
        ------
        ModelError
            The wheel is not installed, has no such tagger, or its files are damaged.
        """
        if name not in _TAGS_OF:
            raise ModelError(f"There is no tagger {name}; there are {' and '.join(_TAGS_OF)}.")
        weights = checkpoint.read(f"{_folder(name)}/")
        try:
            return cls(Musicnn(weights), _TAGS_OF[name], patches)
        except KeyError as error:
            raise ModelError(
                f"The checkpoint of the tagger {name} does not hold a musicnn network."
            ) from error

    @torch.inference_mode()
    def __call__(self, waves: Sequence[np.ndarray]) -> list[Tagged]:
        """Tags of mono float32 waves [n] at 22,050 Hz, each at least one sample long."""
        return [self._tagged(wave) for wave in waves]

    def _tagged(self, wave: np.ndarray) -> Tagged:
        tags, penultimate = self._net(torch.from_numpy(spread(restored(log_mel(wave)), self._patches)))
        return Tagged(tags.numpy(), penultimate.numpy())


def _folder(name: str) -> str:
    try:
        distribution = importlib.metadata.distribution(WHEEL)
    except importlib.metadata.PackageNotFoundError as error:
        raise ModelError(
            "The music tagger is not installed. Install it with `pip install --no-deps musicnn==0.1.0`."
        ) from error
    return str(distribution.locate_file(f"{WHEEL}/{name}"))


def is_installed() -> bool:
    """Whether the wheel with the weights is there."""
    try:
        return bool(importlib.metadata.distribution(WHEEL))
    except importlib.metadata.PackageNotFoundError:
        return False
