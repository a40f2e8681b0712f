"""Sound of unknown quality to mono numbers; whatever is wrong with it becomes an AudioError."""

import io
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soxr

from classifier.decoders import Sound, Stretch, read
from classifier.errors import AudioError

SR_HZ = 22_050
MIN_SECONDS = 3.0
MAX_SECONDS = 60.0
MAX_BYTES = 64 * 1024**2
SILENCE = 1e-4  # peak, -80 dB below full scale
LOUDEST = 1e6  # peak; full scale is 1, or 32,768 where somebody forgot to scale

_NOT_AUDIO: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", "The file is a web page, not audio."),
    (b"<html", "The file is a web page, not audio."),
    (b"<?xml", "The file is an XML document, not audio."),
    (b"{", "The file is a JSON document, not audio."),
    (b"\x89png", "The file is a picture, not audio."),
    (b"\xff\xd8\xff", "The file is a picture, not audio."),
    (b"%pdf", "The file is a PDF document, not audio."),
)


def decode(
    source: bytes | Path,
    sr_hz: int = SR_HZ,
    *,
    max_seconds: float = MAX_SECONDS,
    window_s: float | None = None,
) -> np.ndarray:
    """Mono sound float32 [n] at `sr_hz` from MP3, FLAC, Ogg, WAV, AAC/m4a, Opus or WebM.

    The first `max_seconds` of the source, or with `window_s` only its middle: that many seconds (at least 3), found
    by seeking, so that the rest costs nothing. Where a file does not know its length, lies about it, or is silent in
    the middle, the window is cut out of its first `max_seconds` instead. Memory depends on the seconds wanted, never
    on the length of the source or on what its header claims: bytes may be 64 MB, the file behind a Path of any size.

    Channels are averaged; resampling is soxr HQ for training and serving alike.

    Raises
    ------
    AudioError
        Empty, not audio, damaged, silent, shorter than 3 s, too large or not to be opened; the message says which.
    """
    if window_s is not None and not MIN_SECONDS <= window_s <= max_seconds:
        raise ValueError(f"window_s is {window_s}, outside {MIN_SECONDS} to {max_seconds}")
    with _opened(source) as file:
        try:
            _refuse_non_audio(file)
            sound = _middle(file, window_s, max_seconds) if window_s else read(file, Stretch(max_seconds))
        except OSError as error:
            raise AudioError(
                "The audio file cannot be read: %(why)s.", why=error.strerror or error
            ) from error
    _refuse_unusable(sound)
    mono = sound.mono
    if sound.sr_hz != sr_hz:
        mono = soxr.resample(mono, sound.sr_hz, sr_hz, quality="HQ")
    return np.ascontiguousarray(mono, np.float32)


def _opened(source: bytes | Path) -> AbstractContextManager[BinaryIO]:
    if isinstance(source, bytes):
        if len(source) > MAX_BYTES:
            raise AudioError("The audio file is larger than %(size)s MB.", size=MAX_BYTES // 1024**2)
        return io.BytesIO(source)
    try:
        if not source.is_file():  # opening a pipe would wait for somebody to write into it
            raise AudioError("There is no file %(name)s.", name=repr(source.name))
        return source.open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AudioError("The audio file cannot be opened: %(why)s.", why=reason) from error


def _refuse_non_audio(file: BinaryIO) -> None:
    start = file.read(64)
    if not start:
        raise AudioError("The audio file is empty (0 bytes).")
    start = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for beginning, sentence in _NOT_AUDIO:
        if start.startswith(beginning):
            raise AudioError(sentence)


def _middle(file: BinaryIO, window_s: float, max_seconds: float) -> Sound:
    """The middle as the header has it; where that is no good, the middle of what can be read from the beginning."""
    try:
        sound = read(file, Stretch(window_s, from_middle=True))
        if sound.seconds > 0.99 * window_s and sound.peak >= SILENCE:
            return sound
    except AudioError:
        pass  # the same file may be readable from its beginning, and if not, that says why
    whole = read(file, Stretch(max_seconds))
    surplus = max(0, len(whole.mono) - round(window_s * whole.sr_hz))
    middle = Sound(whole.mono[surplus // 2 : len(whole.mono) - (surplus + 1) // 2], whole.sr_hz)
    return middle if middle.peak >= SILENCE else Sound(whole.mono[: len(middle.mono)], whole.sr_hz)


def _refuse_unusable(sound: Sound) -> None:
    if not np.isfinite(peak := sound.peak):
        raise AudioError("The audio is damaged: it contains values that are not numbers.")
    if peak > LOUDEST:
        raise AudioError("The audio is damaged: it contains values that no loudspeaker could play.")
    if sound.seconds < MIN_SECONDS:
        raise AudioError(
            "The audio holds only %(seconds)s s of sound; at least %(least)s s are needed.",
            seconds=f"{sound.seconds:.1f}",
            least=f"{MIN_SECONDS:g}",
        )
    if peak < SILENCE:
        raise AudioError("The audio is silent.")
