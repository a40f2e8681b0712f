"""Sound made on the spot and encoded, for tests of decoding."""

import io

import av
import numpy as np
import soundfile as sf

SUFFIXES = (".mp3", ".wav", ".flac", ".ogg", ".opus", ".m4a", ".aac", ".webm", ".aiff", ".txt", "")
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


def tone(seconds: float, sr_hz: int = 44_100, channels: int = 2) -> np.ndarray:
    time = np.arange(int(seconds * sr_hz)) / sr_hz
    sound = 0.4 * np.sin(2 * np.pi * 440 * time) + 0.1 * np.random.default_rng(0).normal(size=len(time))
    return np.tile(sound[:, None], (1, channels)).astype(np.float32)


def music(seconds: float, sr_hz: int = 22_050) -> np.ndarray:
    """Mono sound [n]: an A with overtones, struck 120 times a minute over a little noise."""
    time = np.arange(int(seconds * sr_hz)) / sr_hz
    strike = np.exp(-8 * (time % 0.5))
    chord = sum(np.sin(2 * np.pi * 220 * k * time) / k for k in range(1, 9))
    noise = np.random.default_rng(0).normal(size=len(time))
    return (0.2 * strike * (chord + 0.3 * noise) + 0.003 * noise).astype(np.float32)


def encoded(sound: np.ndarray, file_format: str, sr_hz: int = 44_100, subtype: str | None = None) -> bytes:
    """sound [n, channels] as libsndfile writes it."""
    file = io.BytesIO()
    sf.write(file, sound, sr_hz, format=file_format, subtype=subtype)
    return file.getvalue()


def by_ffmpeg(
    sound: np.ndarray, container_format: str, codec: str, sr_hz: int = 44_100, **options: str
) -> bytes:
    """sound [n, channels] as FFmpeg writes it."""
    file = io.BytesIO()
    layout = LAYOUTS[sound.shape[1]]
    with av.open(file, "w", format=container_format, options=options) as container:
        stream = container.add_stream(codec, rate=sr_hz, layout=layout)
        fitting = av.AudioResampler(
            stream.format, layout, sr_hz, frame_size=stream.codec_context.frame_size or 0
        )
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T), format="fltp", layout=layout)
        frame.sample_rate = sr_hz
        frames = [*fitting.resample(frame), *fitting.resample(None)]
        for packet in [packet for one in (*frames, None) for packet in stream.encode(one)]:
            container.mux(packet)
    return file.getvalue()


def m4a(sound: np.ndarray, sr_hz: int = 44_100) -> bytes:
    return by_ffmpeg(sound, "mp4", "aac", sr_hz)


def opus(sound: np.ndarray, container_format: str = "ogg", sr_hz: int = 48_000) -> bytes:
    return by_ffmpeg(sound, container_format, "libopus", sr_hz)


def every_format(seconds: float) -> dict[str, bytes]:
    """The same music in every format that previews, uploads and libraries come in."""
    one = music(seconds, 48_000)[:, None]
    two = np.repeat(one, 2, axis=1)
    return {
        "MP3, constant": by_ffmpeg(two, "mp3", "libmp3lame", 48_000),
        "MP3, variable": encoded(two, "MP3", 48_000),
        "MP3, mono, bare": by_ffmpeg(
            one[::3], "mp3", "libmp3lame", 16_000, write_xing="0", id3v2_version="0"
        ),
        "WAV": encoded(two, "WAV", 48_000),
        "WAV, float": encoded(one, "WAV", 48_000, "FLOAT"),
        "WAV, ADPCM": encoded(one, "WAV", 48_000, "MS_ADPCM"),
        "AIFF": encoded(two, "AIFF", 48_000, "PCM_24"),
        "FLAC": encoded(two, "FLAC", 48_000),
        "Ogg Vorbis": encoded(two, "OGG", 48_000),
        "Ogg Opus": opus(two),
        "WebM Opus": opus(one, "webm"),
        "m4a AAC": m4a(two, 48_000),
        "m4a ALAC": by_ffmpeg(two, "ipod", "alac", 48_000),
        "AAC": by_ffmpeg(two, "adts", "aac", 48_000),
    }


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
