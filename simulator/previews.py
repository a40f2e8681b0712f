"""Thirty-second clips as MP3 and AAC, made when asked for and kept in a small cache."""

import io
import math
from functools import lru_cache
from threading import BoundedSemaphore

import av
import numpy as np

from simulator.catalog import Track
from simulator.score import SR_HZ, Signal, compose
from simulator.synthesis import play

CLIP_S = 30
MP3_BLOCK, AAC_BLOCK = 1152, 1024  # samples a frame
BIT_RATE = 128_000
WARM_UP_FRAMES = 4  # encoded before the loop, so that its first frame follows on from its end
_AT_ONCE = BoundedSemaphore(2)  # more clips at a time would only starve the event loop
CLIPS_KEPT = 256  # about 120 MB at most
MUXER_OPTIONS = ("write_xing", "id3v2_version")


@lru_cache(maxsize=CLIPS_KEPT)
def mp3_preview(track: Track) -> bytes:
    """About 30 s of mono MP3 at 44.1 kHz and 128 kbit/s; always the same bytes for the same track."""
    with _AT_ONCE:
        return repeated_frames(_loop(track, MP3_BLOCK), math.ceil(CLIP_S * SR_HZ / MP3_BLOCK))


@lru_cache(maxsize=CLIPS_KEPT // 4)
def m4a_preview(track: Track) -> bytes:
    """30 s of mono AAC in an MPEG-4 file; always the same bytes for the same track."""
    with _AT_ONCE:
        loop = _loop(track, AAC_BLOCK)
        return encode(np.resize(loop, CLIP_S * SR_HZ), "ipod", "aac", {"aac_coder": "fast"})


def _loop(track: Track, block: int) -> Signal:
    return play(compose(track, block), float(track.features.get("loudness", -8.0)))


def repeated_frames(loop: Signal, frames: int) -> bytes:
    """An MP3 stream of that many frames that plays the loop over and over.

    The loop, a whole number of frames long, is encoded once; with the bit reservoir off every frame
    stands alone, so repeating the frames repeats the sound, at a quarter of the encoder's time.
    """
    lead_in, lead_out = loop[-WARM_UP_FRAMES * MP3_BLOCK :], loop[: WARM_UP_FRAMES * MP3_BLOCK]
    options = {"compression_level": "9", "reservoir": "0", "write_xing": "0", "id3v2_version": "0"}
    encoded = encode(np.concatenate([lead_in, loop, lead_out]), "mp3", "libmp3lame", options)
    count = len(loop) // MP3_BLOCK
    cycle = split_frames(encoded)[WARM_UP_FRAMES : WARM_UP_FRAMES + count]
    return b"".join(cycle[number % count] for number in range(frames))


def split_frames(stream: bytes) -> list[bytes]:
    """The frames of a constant-rate MPEG-1 layer III stream of our own making."""
    frames, place = [], 0
    while place + 4 <= len(stream) and stream[place] == 0xFF:
        padding = stream[place + 2] >> 1 & 1
        length = 144 * BIT_RATE // SR_HZ + padding
        frames.append(stream[place : place + length])
        place += length
    return frames


def encode(signal: Signal, container: str, codec: str, options: dict[str, str]) -> bytes:
    """Mono float32 samples as a file of that container and codec."""
    target = io.BytesIO()
    muxer_options, codec_options = _split_options(options)
    with av.open(target, "w", format=container, options=muxer_options) as output:
        stream = output.add_stream(codec, rate=SR_HZ, layout="mono", options=codec_options)
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate = BIT_RATE
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(signal[None]), format="fltp", layout="mono")
        frame.sample_rate = SR_HZ
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return target.getvalue()


def _split_options(options: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The muxer's options, and the encoder's."""
    muxer = {name: value for name, value in options.items() if name in MUXER_OPTIONS}
    return muxer, {name: value for name, value in options.items() if name not in MUXER_OPTIONS}
