"""Clips to measure with: music made on the spot as stereo MP3s of 30 s, 44.1 kHz and 128 kbit/s, or a folder of sound."""

import io
from pathlib import Path

import av
import numpy as np

from simulator.invented import invent
from simulator.profiles import FAMILIES
from simulator.score import SR_HZ, compose
from simulator.synthesis import play

SECONDS, BIT_RATE, MP3_BLOCK = 30, 128_000, 1152
ECHO = 661  # samples by which the right channel lags: 15 ms
SUFFIXES = {".mp3", ".m4a", ".aac", ".ogg", ".opus", ".flac", ".wav"}


def load(folder: Path | None, count: int) -> list[bytes]:
    """`count` clips: of the folder's files, spread over them, or made of as many invented songs of all families."""
    if folder is None:
        return [_mp3(_stereo(*divmod(number, len(FAMILIES)))) for number in range(count)]
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise SystemExit(f"{folder} holds no sound files.")
    return [files[i * len(files) // count].read_bytes() for i in range(count)]


def _stereo(take: int, family: int) -> np.ndarray:
    """float32 [2, n] with channels that differ as a room's would, so that the encoder cannot join them."""
    track = invent(list(FAMILIES)[family], take + 1, 11)[take]
    mono = np.resize(play(compose(track, MP3_BLOCK), -9.0), SECONDS * SR_HZ)
    noise = np.random.default_rng(take).normal(0, 0.002, len(mono))
    return np.stack([mono + noise, 0.8 * np.roll(mono, ECHO) - noise]).astype(np.float32)


def _mp3(sound: np.ndarray) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="mp3") as output:
        stream = output.add_stream("libmp3lame", rate=SR_HZ, layout="stereo")
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate = BIT_RATE
        frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="stereo")
        frame.sample_rate = SR_HZ
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return target.getvalue()
