"""Thirty-second clips as MP3 and AAC, cut from a few takes of each family.

Synthesising and encoding a clip takes a sixth of a second of processor time, more than listening to it does: with a
clip of its own for every track, a demo on two cores would mostly wait for its own stand-in. So each family is
recorded a few times, in its own tempos, keys and energies, when a take is first asked for; a track's clip is one of
these takes from a place of its own on. Cutting coded sound between its frames leaves real files, and costs next to
nothing.
"""

import io
import math
from fractions import Fraction
from functools import lru_cache
from threading import BoundedSemaphore

import av
import numpy as np

from simulator import identifiers
from simulator.catalog import Track
from simulator.invented import invent
from simulator.profiles import FAMILIES
from simulator.score import SR_HZ, Signal, compose
from simulator.synthesis import play

CLIP_S = 30
MP3_BLOCK, AAC_BLOCK = 1152, 1024  # samples a frame
BIT_RATE = 128_000
WARM_UP_FRAMES = 4  # encoded before the loop, so that its first frame follows on from its end
TAKES = 4  # a family: with the places to begin at, some 1,100 different clips
TAKES_SEED = 5
TAKES_KEPT = TAKES * len(FAMILIES)  # about 16 MB if everything is asked for in both formats
_AT_ONCE = BoundedSemaphore(2)  # more takes at a time would only starve the event loop
MUXER_OPTIONS = ("write_xing", "id3v2_version")


def mp3_preview(track: Track) -> bytes:
    """About 30 s of mono MP3 at 44.1 kHz and 128 kbit/s; always the same bytes for the same track."""
    frames = mp3_take(*_take_of(track))
    first = _beginning(track, len(frames))
    return b"".join(
        frames[(first + number) % len(frames)] for number in range(math.ceil(CLIP_S * SR_HZ / MP3_BLOCK))
    )


def m4a_preview(track: Track) -> bytes:
    """30 s of mono AAC in an MPEG-4 file; always the same bytes for the same track."""
    frames, head = aac_take(*_take_of(track))
    first = _beginning(track, len(frames))
    target = io.BytesIO()
    with av.open(io.BytesIO(head), "r") as take, av.open(target, "w", format="ipod") as clip:
        copied = clip.add_stream_from_template(take.streams.audio[0])
        for number in range(math.ceil(CLIP_S * SR_HZ / AAC_BLOCK)):
            packet = av.Packet(frames[(first + number) % len(frames)])
            packet.pts = packet.dts = number * AAC_BLOCK
            packet.duration, packet.time_base, packet.stream = AAC_BLOCK, Fraction(1, SR_HZ), copied
            clip.mux(packet)
    return target.getvalue()


def _take_of(track: Track) -> tuple[str, int]:
    family = track.family if track.family in FAMILIES else "pop"
    return family, identifiers.number("take", track.key) % TAKES


def _beginning(track: Track, frames: int) -> int:
    return identifiers.number("beginning", track.key) % frames


@lru_cache(maxsize=TAKES_KEPT)
def mp3_take(family: str, number: int) -> list[bytes]:
    """The MP3 frames of a take: a loop that may be entered anywhere.

    With the bit reservoir off every frame stands alone, so that repeating the frames repeats the sound.
    """
    options = {"compression_level": "9", "reservoir": "0", "write_xing": "0", "id3v2_version": "0"}
    with _AT_ONCE:
        loop = _loop(family, number, MP3_BLOCK)
        encoded = encode(_warmed_up(loop, MP3_BLOCK), "mp3", "libmp3lame", options)
        return _cycle(split_frames(encoded), loop, MP3_BLOCK)


@lru_cache(maxsize=TAKES_KEPT)
def aac_take(family: str, number: int) -> tuple[list[bytes], bytes]:
    """The AAC frames of a take, a loop too, and a file with the header that they need."""
    with _AT_ONCE:
        loop = _loop(family, number, AAC_BLOCK)
        head = encode(_warmed_up(loop, AAC_BLOCK), "ipod", "aac", {"aac_coder": "fast"})
        with av.open(io.BytesIO(head), "r") as take:
            frames = [bytes(packet) for packet in take.demux(audio=0) if packet.size]
        return _cycle(frames, loop, AAC_BLOCK), head


def _warmed_up(loop: Signal, block: int) -> Signal:
    return np.concatenate([loop[-WARM_UP_FRAMES * block :], loop, loop[: WARM_UP_FRAMES * block]])


def _cycle(frames: list[bytes], loop: Signal, block: int) -> list[bytes]:
    return frames[WARM_UP_FRAMES : WARM_UP_FRAMES + len(loop) // block]


def _loop(family: str, number: int, block: int) -> Signal:
    track = invent(family, TAKES, TAKES_SEED)[number]
    return play(compose(track, block), float(track.features.get("loudness", -8.0)))


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
