"""The two decoders, libsndfile and FFmpeg's libraries: a stretch of a sound file, with its channels averaged."""

from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import av
import numpy as np
import soundfile as sf

from classifier.errors import AudioError

MAX_CHANNELS = 8
SR_RANGE_HZ = (4_000, 192_000)
BLOCK = 2**18  # frames read at a time: a lying header cannot reserve memory

# Beginnings of what libsndfile reads faster or more exactly. It knows two dozen formats more, which nobody asked for.
_LIBSNDFILE = (
    b"RIFF",
    b"RF64",
    b"FORM",
    b"fLaC",
    b"OggS",
    b"ID3",
    b"\xff\xfb",
    b"\xff\xfa",
    b"\xff\xf3",
    b"\xff\xf2",
)
# What FFmpeg may open. Others are play lists that name further files or addresses, and video.
_FFMPEG = {
    "format_whitelist": "aac,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,mp3,flac,wav,aiff",
    "codec_whitelist": "aac,alac,flac,mp3,mp3float,opus,vorbis,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_f32le",
    "protocol_whitelist": "none",
}


@dataclass(frozen=True)
class Stretch:
    """Which seconds to read: from the beginning, or around the middle of the length that the header gives."""

    seconds: float
    from_middle: bool = False

    def start(self, length_s: float) -> float:
        """Seconds to pass over in a file of `length_s`."""
        return max(0.0, (length_s - self.seconds) / 2) if self.from_middle else 0.0


@dataclass(frozen=True)
class Sound:
    """mono: float32 [n], n > 0, at `sr_hz` samples a second."""

    mono: np.ndarray
    sr_hz: int

    @property
    def seconds(self) -> float:
        return len(self.mono) / self.sr_hz

    @cached_property
    def peak(self) -> float:
        return float(max(self.mono.max(), -self.mono.min()))  # without the copy that abs() would make


def read(file: BinaryIO, stretch: Stretch) -> Sound:
    """The stretch, as much of it as there is; what comes before damage is kept.

    Raises
    ------
    AudioError
        Neither decoder finds any sound, or the header makes absurd claims.
    """
    file.seek(0)
    head = file.read(64)
    # libsndfile takes 2.4 times as long for Opus, and loses its place when it seeks.
    if head.startswith(_LIBSNDFILE) and b"OpusHead" not in head:
        file.seek(0)
        if sound := _with_libsndfile(file, stretch):
            return sound
    file.seek(0)
    return _with_ffmpeg(file, stretch)


def _check_format(sr_hz: int, channels: int) -> None:
    if not SR_RANGE_HZ[0] <= sr_hz <= SR_RANGE_HZ[1]:
        raise AudioError("The audio is damaged: it claims %(rate)s samples per second.", rate=sr_hz)
    if not 1 <= channels <= MAX_CHANNELS:
        sentence = "The audio has %(channels)s channels; at most %(most)s can be read."
        raise AudioError(sentence, channels=channels, most=MAX_CHANNELS)


def _down_mix(frames: np.ndarray, mono: np.ndarray) -> None:
    """frames [n, channels] into mono [n]; adding channel by channel is ten times faster than `mean(axis=1)`."""
    channels = frames.shape[1]
    np.add(frames[:, 0], frames[:, 1] if channels > 1 else np.float32(0), out=mono)
    for channel in range(2, channels):
        mono += frames[:, channel]
    mono /= np.float32(channels)


class _Forwards(sf.SoundFile):
    """For reading on and on: soundfile seeks after each read of a file that can, and for MP3 that costs a tenth."""

    def seekable(self) -> bool:
        return False


def _with_libsndfile(file: BinaryIO, stretch: Stretch) -> Sound | None:
    """None where libsndfile does not know the format or reads nothing."""
    mono, got, sr_hz = np.empty(0, np.float32), 0, 1
    try:
        with _Forwards(file) as sound:
            sr_hz = sound.samplerate
            _check_format(sr_hz, sound.channels)
            if start := int(stretch.start(sound.frames / sr_hz) * sr_hz):
                sound.seek(start)
            wanted = round(stretch.seconds * sr_hz)
            # What is written to again costs less than fresh memory, in which the system clears page after page.
            mono = np.empty(wanted, np.float32)
            frames = np.empty((min(BLOCK, wanted), sound.channels), np.float32)
            while got < wanted and len(block := sound.read(out=frames[: wanted - got])):
                _down_mix(block, mono[got : got + len(block)])
                got += len(block)
    except (sf.SoundFileError, RuntimeError, OSError, ValueError, OverflowError):
        pass  # what was read is kept; if nothing was, FFmpeg may know better
    return Sound(mono[:got], sr_hz) if got else None


def _with_ffmpeg(file: BinaryIO, stretch: Stretch) -> Sound:
    try:
        blocks, sr_hz = _ffmpeg_blocks(file, stretch)
    except (av.FFmpegError, ValueError, OverflowError, EOFError) as error:
        raise AudioError("The file is not audio that can be read, or it is cut off or damaged.") from error
    if not blocks:
        raise AudioError("The file contains no sound that can be read; it may be cut off.")
    return Sound(np.concatenate(blocks), sr_hz)


def _ffmpeg_blocks(file: BinaryIO, stretch: Stretch) -> tuple[list[np.ndarray], int]:
    with av.open(file, mode="r", options=_FFMPEG, metadata_errors="ignore") as container:
        if not container.streams.audio:
            raise AudioError("The file contains no sound, only other data.")
        start = stretch.start((container.duration or 0) / av.time_base)
        if start:
            container.seek(int(start * av.time_base))
        collected = _Collected(start, stretch.seconds)
        try:
            for frame in container.decode(container.streams.audio[0]):
                if collected.add(frame):
                    break
        except av.FFmpegError:
            if not collected.blocks:  # what comes before damage is kept
                raise
    return collected.blocks, collected.sr_hz


class _Collected:
    """Decoded frames as mono blocks, without those before `start` (seconds): a seek lands up to seconds too early."""

    def __init__(self, start: float, seconds: float) -> None:
        self.blocks: list[np.ndarray] = []
        self.sr_hz = 0
        self._start, self._seconds, self._wanted = start, seconds, 0

    def add(self, frame: av.AudioFrame) -> bool:
        """Whether no further frame is wanted. The first one, not the header, says the rate: HE-AAC doubles it."""
        if not self.sr_hz:
            _check_format(frame.sample_rate, frame.layout.nb_channels)
            self.sr_hz = frame.sample_rate
            self._wanted = round(self._seconds * self.sr_hz)
        if frame.sample_rate != self.sr_hz:
            return True  # two files stuck together
        frames = _floats(frame)[self._early(frame) :][: self._wanted]
        _down_mix(frames, mono := np.empty(len(frames), np.float32))
        if len(mono):
            self.blocks.append(mono)
        self._wanted -= len(mono)
        return self._wanted <= 0

    def _early(self, frame: av.AudioFrame) -> int:
        """How many of the frame's samples come before `start`."""
        if self.blocks or not self._start or frame.time is None:
            return 0
        return max(0, round((self._start - frame.time) * self.sr_hz))


def _floats(frame: av.AudioFrame) -> np.ndarray:
    """The frame as float32 [n, channels], full scale 1."""
    samples = frame.to_ndarray()
    by_time = samples.T if frame.format.is_planar else samples.reshape(-1, frame.layout.nb_channels)
    if by_time.dtype.kind == "f":
        return by_time.astype(np.float32, copy=False)
    middle = 128 if by_time.dtype == np.uint8 else 0
    return (by_time.astype(np.float32) - middle) / np.float32(2 ** (8 * by_time.itemsize - 1))
