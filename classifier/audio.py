"""Bytes of unknown quality to mono sound; whatever is wrong with them becomes an AudioError."""

import io

import av
import numpy as np
import soundfile as sf
import soxr

from classifier.errors import AudioError

SR_HZ = 22_050
MIN_SECONDS = 3.0
MAX_BYTES = 64 * 1024**2
MAX_CHANNELS = 8
SR_RANGE_HZ = (4_000, 384_000)
SILENCE = 1e-4  # peak, -80 dB below full scale
BLOCK = 65_536  # frames read at a time, so that a lying header cannot reserve memory

_NOT_AUDIO: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML document"),
    (b"{", "a JSON document"),
    (b"\x89png", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"%pdf", "a PDF document"),
)


def decode(data: bytes, sr_hz: int = SR_HZ, *, max_seconds: float = 60.0) -> np.ndarray:
    """Mono sound float32 [n] at `sr_hz` from MP3, FLAC, Ogg, WAV, AAC/m4a or WebM bytes.

    At most `max_seconds` are decoded. Channels are averaged; resampling is soxr HQ for training and serving alike.

    Raises
    ------
    AudioError
        Empty, not audio, damaged, silent, shorter than 3 s, or larger than 64 MB; the message says which.
    """
    _refuse_non_audio(data)
    sound, source_hz = _with_soundfile(data, max_seconds)
    if sound is None:
        sound, source_hz = _with_av(data, max_seconds)
    if not np.isfinite(sound).all():
        raise AudioError("The audio is damaged: it contains values that are not numbers.")
    seconds = len(sound) / source_hz
    if seconds < MIN_SECONDS:
        raise AudioError(
            f"The audio holds only {seconds:.1f} s of sound; at least {MIN_SECONDS:g} s are needed."
        )
    if np.abs(sound).max() < SILENCE:
        raise AudioError("The audio is silent.")
    if source_hz != sr_hz:
        sound = soxr.resample(sound, source_hz, sr_hz, quality="HQ")
    return np.ascontiguousarray(sound, np.float32)


def _refuse_non_audio(data: bytes) -> None:
    if not data:
        raise AudioError("The audio file is empty (0 bytes).")
    if len(data) > MAX_BYTES:
        raise AudioError(f"The audio file is larger than {MAX_BYTES // 1024**2} MB.")
    start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for beginning, what in _NOT_AUDIO:
        if start.startswith(beginning):
            raise AudioError(f"The file is {what}, not audio.")


def _check_format(source_hz: int, channels: int) -> None:
    if not SR_RANGE_HZ[0] <= source_hz <= SR_RANGE_HZ[1]:
        raise AudioError(f"The audio is damaged: it claims {source_hz} samples per second.")
    if not 1 <= channels <= MAX_CHANNELS:
        raise AudioError(f"The audio has {channels} channels; at most {MAX_CHANNELS} can be read.")


def _down_mix(frames: np.ndarray) -> np.ndarray:
    """frames [n, channels] to [n]; adding channel by channel is ten times faster than `mean(axis=1)`."""
    mono = frames[:, 0].copy()
    for channel in range(1, frames.shape[1]):
        mono += frames[:, channel]
    return mono / np.float32(frames.shape[1])


def _with_soundfile(data: bytes, max_seconds: float) -> tuple[np.ndarray | None, int]:
    """Decoded sound, or None where libsndfile does not know the format. What comes before damage is kept."""
    blocks: list[np.ndarray] = []
    source_hz = 1
    try:
        with sf.SoundFile(io.BytesIO(data)) as file:
            source_hz = file.samplerate
            _check_format(source_hz, file.channels)
            wanted = int(max_seconds * source_hz)
            while wanted > 0 and len(block := file.read(min(BLOCK, wanted), "float32", always_2d=True)):
                blocks.append(_down_mix(block))
                wanted -= len(block)
    except (sf.SoundFileError, RuntimeError, OSError, ValueError, OverflowError):
        if not blocks:
            return None, 1
    return (np.concatenate(blocks), source_hz) if blocks else (None, 1)


def _with_av(data: bytes, max_seconds: float) -> tuple[np.ndarray, int]:
    try:
        blocks, source_hz = _av_blocks(data, max_seconds)
    except (av.FFmpegError, ValueError, OverflowError, EOFError) as error:
        raise AudioError("The file is not audio that can be read, or it is cut off or damaged.") from error
    if not blocks:
        raise AudioError("The file contains no sound that can be read; it may be cut off.")
    return np.concatenate(blocks), source_hz


def _av_blocks(data: bytes, max_seconds: float) -> tuple[list[np.ndarray], int]:
    blocks: list[np.ndarray] = []
    with av.open(io.BytesIO(data), mode="r", metadata_errors="ignore") as container:
        if not container.streams.audio:
            raise AudioError("The file contains no sound, only other data.")
        stream = container.streams.audio[0]
        source_hz = stream.rate or 0
        _check_format(source_hz, stream.channels)
        wanted = int(max_seconds * source_hz)
        to_float = av.AudioResampler(format="fltp", layout=stream.layout.name, rate=source_hz)
        try:
            for frame in container.decode(stream):
                for part in to_float.resample(frame):
                    blocks.append(_down_mix(part.to_ndarray().T)[:wanted])
                    wanted -= len(blocks[-1])
                if wanted <= 0:
                    break
        except av.FFmpegError:
            if not blocks:  # what comes before damage is kept
                raise
    return blocks, source_hz
