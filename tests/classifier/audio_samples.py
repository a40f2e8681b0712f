"""Sound made on the spot and encoded, for tests of decoding."""

import io

import av
import numpy as np
import soundfile as sf


def tone(seconds: float, sr_hz: int = 44_100, channels: int = 2) -> np.ndarray:
    time = np.arange(int(seconds * sr_hz)) / sr_hz
    sound = 0.4 * np.sin(2 * np.pi * 440 * time) + 0.1 * np.random.default_rng(0).normal(size=len(time))
    return np.tile(sound[:, None], (1, channels)).astype(np.float32)


def encoded(sound: np.ndarray, file_format: str, sr_hz: int = 44_100) -> bytes:
    file = io.BytesIO()
    sf.write(file, sound, sr_hz, format=file_format)
    return file.getvalue()


def m4a(sound: np.ndarray, sr_hz: int = 44_100) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=sr_hz, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T), format="fltp", layout="stereo")
        frame.sample_rate = sr_hz
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return file.getvalue()


def music(seconds: float, sr_hz: int = 22_050) -> np.ndarray:
    """Mono sound [n]: an A with overtones, struck 120 times a minute over a little noise."""
    time = np.arange(int(seconds * sr_hz)) / sr_hz
    strike = np.exp(-8 * (time % 0.5))
    chord = sum(np.sin(2 * np.pi * 220 * k * time) / k for k in range(1, 9))
    noise = np.random.default_rng(0).normal(size=len(time))
    return (0.2 * strike * (chord + 0.3 * noise) + 0.003 * noise).astype(np.float32)


def long_mp3(hours: float) -> bytes:
    """A tone at the lowest rate there is, its first minute over and over: 3.6 MB an hour."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp3", options={"write_xing": "0", "id3v2_version": "0"}) as container:
        stream = container.add_stream("libmp3lame", rate=8_000, layout="mono")
        stream.bit_rate = 8_000
        minute = tone(60, 8_000, 1).T
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(minute), format="fltp", layout="mono")
        frame.sample_rate = 8_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return file.getvalue() * round(60 * hours)
