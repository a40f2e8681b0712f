"""A log-mel spectrogram as a picture: PNG bytes without a drawing library, its axis, and what to say of it."""

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from classifier.audio import SR_HZ
from classifier.features import HOP, TOP_DB, hz_mel, mel_hz

WIDEST = 600  # columns; more than any page shows
TICKS_HZ = (100, 500, 1_000, 2_000, 5_000, 10_000)
MOST = (0.1, 0.9)  # of the energy
# From silence to the loudest, dark to bright, so that the picture reads without colours too.
_COLOURS = ("#17121a", "#4b2f57", "#a8472f", "#f0a45a", "#fff3d6")


@dataclass(frozen=True)
class Caption:
    """What a reader needs beside the picture. `ticks`: frequency in Hz and its height, 0 bottom to 1 top."""

    seconds: float
    low_hz: int
    high_hz: int
    ticks: tuple[tuple[int, float], ...]


def png(level: np.ndarray) -> bytes:
    """The picture of a log-mel spectrogram, float [mels, T] in dB below its loudest cell: 8-bit palette PNG.

    One pixel a mel band, low frequencies at the bottom; at most 600 columns, each the mean of its frames.
    """
    pixels = np.round((_narrowed(level) / TOP_DB + 1).clip(0, 1) * 255).astype(np.uint8)[::-1]
    rows = np.pad(pixels, ((0, 0), (1, 0)))  # each row begins with its filter: none
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", head),
        (b"PLTE", _palette()),
        (b"IDAT", zlib.compress(rows.tobytes())),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def caption(level: np.ndarray) -> Caption:
    """How long it is, between which frequencies four fifths of the energy lie, and the axis; level [mels, T] in dB."""
    corners_hz = mel_hz(np.linspace(0, hz_mel(np.array(SR_HZ / 2)), len(level) + 2))
    energy = (10 ** (level / 10)).sum(1) * (corners_hz[2:] - corners_hz[:-2])  # bands are densities
    reached = np.cumsum(energy) / energy.sum()
    low, high = (corners_hz[np.searchsorted(reached, share) + 1] for share in MOST)
    top = hz_mel(np.array(SR_HZ / 2))
    ticks = tuple((hz, round(float(hz_mel(np.array(hz)) / top), 4)) for hz in TICKS_HZ)
    return Caption(round(level.shape[1] * HOP / SR_HZ, 1), _round_hz(low), _round_hz(high), ticks)


def _narrowed(level: np.ndarray) -> np.ndarray:
    frames = level.shape[1]
    starts = np.linspace(0, frames, min(frames, WIDEST), endpoint=False).astype(int)
    return np.add.reduceat(level, starts, axis=1) / np.diff(np.append(starts, frames))


def _palette() -> bytes:
    anchors = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in _COLOURS])
    places = np.linspace(0, 255, len(anchors))
    channels = [np.interp(np.arange(256), places, anchors[:, channel]) for channel in range(3)]
    return np.round(np.stack(channels, axis=1)).astype(np.uint8).tobytes()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _round_hz(hz: float) -> int:
    """Two significant digits."""
    return int(float(f"{hz:.2g}"))
