"""Spotify-like features heard in a preview, by the vibenet model, where the operator has installed it.

vibenet is under the GPL and no part of this program: of the installed wheel only its ONNX file is read and run. The
front end below is ours, from the settings that the model expects.
"""

import importlib.metadata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soxr
from scipy import fft

from classifier.audio import SR_HZ
from classifier.errors import ModelError
from classifier.features import hz_mel, mel_hz

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

WHEEL, MODEL_FILE = "vibenet", "efficientnet_model.onnx"
# What vibenet 0.1.0 was trained with: frames of 40 ms, 20 ms apart, not padded at the ends.
MODEL_SR_HZ, FRAME, HOP, N_FFT, N_MELS, TOP_DB = 16_000, 640, 320, 1024, 128, 80.0
# Its outputs, in order. Likelihoods come as logits, the others as shares that may overshoot.
FEATURES = (
    "acousticness", "danceability", "energy", "instrumentalness", "liveness", "speechiness", "valence",
)  # fmt: skip
_LIKELIHOODS = np.isin(FEATURES, ("acousticness", "instrumentalness", "liveness"))
_SILENT = 1e-10


def available() -> bool:
    """Whether the operator has installed the extra: the model and what runs it."""
    try:
        return _model_file() is not None and bool(importlib.metadata.version("onnxruntime"))
    except importlib.metadata.PackageNotFoundError:
        return False


def features_of(waves: Sequence[np.ndarray]) -> list[dict[str, float]]:
    """Seven of Spotify's features, shares from 0 to 1, for each mono float32 wave [n] at 22,050 Hz.

    Raises
    ------
    ModelError
        The extra is not installed, or its model cannot be used.
    """
    return [_named(_raw(log_mel(wave))) for wave in waves]


def log_mel(wave: np.ndarray) -> np.ndarray:
    """The model's view of mono sound [n] at 22,050 Hz: dB of mel power, float32 [128, T], 50 frames a second.

    Cells more than 80 dB below the loudest are raised to that.
    """
    sound = soxr.resample(np.asarray(wave, np.float32), SR_HZ, MODEL_SR_HZ, quality="HQ")
    sound = np.pad(sound, (0, max(0, FRAME - len(sound))))
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]
    spectrum = fft.rfft(frames * _window(), N_FFT, axis=1)
    power = _filterbank() @ (spectrum.real**2 + spectrum.imag**2).T
    level = 10 * np.log10(np.maximum(power, _SILENT))
    return np.maximum(level, level.max() - TOP_DB).astype(np.float32)


@cache
def _filterbank() -> np.ndarray:
    """Slaney's triangular filters of equal area, float32 [128, 513], from 0 to 8000 Hz."""
    bins_hz = np.arange(N_FFT // 2 + 1) * MODEL_SR_HZ / N_FFT
    corners = mel_hz(np.linspace(0, hz_mel(np.array(MODEL_SR_HZ / 2)), N_MELS + 2))
    low, centre, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    weights = np.maximum(0, np.minimum((bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)))
    return (weights * 2 / (high - low)).astype(np.float32)


@cache
def _window() -> np.ndarray:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)


def _model_file() -> Path | None:
    """The ONNX file of the installed wheel, found by its list of files: vibenet itself is never imported."""
    files = importlib.metadata.distribution(WHEEL).files or []
    return next((Path(str(file.locate())) for file in files if file.name == MODEL_FILE), None)


@cache
def _session() -> "InferenceSession":
    """Loaded once per process. One thread: who has more cores starts more workers."""
    try:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as errors

        path = _model_file()
    except (ImportError, importlib.metadata.PackageNotFoundError) as error:
        raise ModelError("Features from sound need the packages of requirements-extra.txt.") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except (errors.Fail, errors.InvalidGraph, errors.InvalidProtobuf, errors.NoSuchFile) as error:
        raise ModelError(f"The installed {WHEEL} has no usable {MODEL_FILE}.") from error


def _raw(mel: np.ndarray) -> np.ndarray:
    """float32 [7] for mel [128, T]. One at a time: the exported network knows no batches."""
    session = _session()
    (answer,) = session.run(None, {session.get_inputs()[0].name: mel[None]})
    return answer[0]


def _named(raw: np.ndarray) -> dict[str, float]:
    values = np.where(_LIKELIHOODS, 1 / (1 + np.exp(-raw)), np.clip(raw, 0, 1))
    return dict(zip(FEATURES, map(float, values), strict=True))
