import io
import os
import struct
import tracemalloc

import av
import numpy as np
import pytest
import soundfile as sf

from classifier.audio import MAX_BYTES, SR_HZ, decode
from classifier.errors import AudioError
from tests.classifier.audio_samples import by_ffmpeg, encoded, every_format, m4a, tone

FORMATS = sorted(every_format(1))


PITCH_HZ = 440


def pitch_hz(sound: np.ndarray) -> float:
    return np.argmax(np.abs(np.fft.rfft(sound))) * SR_HZ / len(sound)


@pytest.fixture(scope="module")
def in_every_format() -> dict[str, bytes]:
    return every_format(6)


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_becomes_mono_at_22050_hz(in_every_format, name):
    sound = decode(in_every_format[name])
    assert sound.dtype == np.float32
    assert sound.ndim == 1
    assert len(sound) == pytest.approx(6 * SR_HZ, abs=0.1 * SR_HZ)
    assert pitch_hz(sound) == pytest.approx(220, abs=1)


@pytest.mark.parametrize("name", FORMATS)
def test_a_window_is_what_decoding_everything_has_in_the_middle(in_every_format, name):
    sound, window = decode(in_every_format[name]), decode(in_every_format[name], window_s=3)
    assert len(window) == pytest.approx(3 * SR_HZ, abs=2)
    start = (len(sound) - len(window)) // 2
    shifts = range(-SR_HZ // 50, SR_HZ // 50)  # 20 ms: WebM counts in thousandths, AAC in frames
    likeness = [np.dot(window, sound[start + k : start + k + len(window)]) for k in shifts]
    assert max(likeness) > 0.98 * np.dot(window, window)


@pytest.mark.parametrize("sr_hz", [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_rate_and_number_of_channels_is_read(sr_hz, channels):
    sound = decode(encoded(tone(3.5, sr_hz, channels), "FLAC", sr_hz))
    assert len(sound) == pytest.approx(3.5 * SR_HZ, abs=2)
    assert pitch_hz(sound) == pytest.approx(PITCH_HZ, abs=1)


def test_surround_sound_is_averaged_in_aac_and_opus_too():
    sound = tone(4, 48_000, 6)
    for data in (by_ffmpeg(sound, "mp4", "aac", 48_000), by_ffmpeg(sound, "ogg", "libopus", 48_000)):
        assert pitch_hz(decode(data)) == pytest.approx(PITCH_HZ, abs=1)


def test_channels_are_averaged():
    sound = tone(3.5, sr_hz=22_050)
    sound[:, 1] = 0
    assert np.allclose(decode(encoded(sound, "WAV", 22_050)), sound[:, 0] / 2, atol=1e-4)


def test_no_more_than_the_wanted_seconds_are_decoded():
    assert len(decode(encoded(tone(6), "WAV"), max_seconds=4)) == pytest.approx(4 * 22_050, abs=2)
    assert len(decode(m4a(tone(6)), max_seconds=4)) == pytest.approx(4 * 22_050, abs=2)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>blocked</html>", "web page"),
        (b'\n{"error": "no such preview"}', "JSON"),
        (b"\xff\xd8\xff\xe0 picture", "picture"),
        (b"not audio at all " * 50, "not audio that can be read"),
    ],
)
def test_what_is_not_audio_is_named(data, words):
    with pytest.raises(AudioError, match=words):
        decode(data)


def test_short_and_silent_audio_are_refused():
    with pytest.raises(AudioError, match="only 2.0 s"):
        decode(encoded(tone(2), "WAV"))
    with pytest.raises(AudioError, match="silent"):
        decode(encoded(np.zeros((44_100 * 4, 2), np.float32), "WAV"))


def test_truncated_audio_says_what_is_missing():
    with pytest.raises(AudioError, match="cut off"):
        decode(m4a(tone(4))[:3_000])
    with pytest.raises(AudioError, match="only"):
        decode(encoded(tone(6), "MP3")[:20_000])


def test_a_wav_of_not_a_number_is_refused():
    sound = tone(4)
    sound[1000] = np.nan
    file = io.BytesIO()
    sf.write(file, sound, 44_100, format="WAV", subtype="FLOAT")
    with pytest.raises(AudioError, match="not numbers"):
        decode(file.getvalue())


def test_absurdly_loud_sound_is_refused():
    with pytest.raises(AudioError, match="no loudspeaker"):
        decode(encoded(tone(4) * 1e9, "WAV", subtype="FLOAT"))


def test_the_first_or_middle_seconds_of_eight_hours_cost_no_more_than_those(tmp_path):
    path = tmp_path / "long.wav"
    hours = 8 * 3600 * 8_000
    path.write_bytes(encoded(tone(4, 8_000, 1), "WAV", 8_000))
    for place, value in ((4, 36 + 2 * hours), (40, 2 * hours)):  # a sparse file: silence but for two beeps
        with path.open("r+b") as file:
            file.seek(place)
            file.write(struct.pack("<I", value))
    beep = (tone(20, 8_000, 1) * 32_000).astype("<i2").tobytes()
    with path.open("r+b") as file:
        file.truncate(44 + 2 * hours)
        file.seek(44 + hours - len(beep) // 2)
        file.write(beep)
    tracemalloc.start()
    assert len(decode(path)) == 60 * SR_HZ
    window = decode(path, window_s=15)
    assert tracemalloc.get_traced_memory()[1] < 25e6
    tracemalloc.stop()
    assert len(window) == 15 * SR_HZ
    assert np.sqrt((window**2).mean()) == pytest.approx(0.3, abs=0.02)  # all of it lies in the second beep


def test_eight_hours_of_mp3_are_read_from_the_middle():
    minute = by_ffmpeg(
        tone(60, 16_000, 1), "mp3", "libmp3lame", 16_000, write_xing="0", id3v2_version="0", b="8k"
    )
    sound = decode(minute * (MAX_BYTES // len(minute)), window_s=15)
    assert len(sound) == 15 * SR_HZ
    assert pitch_hz(sound) == pytest.approx(PITCH_HZ, abs=1)


def test_more_than_64_mb_of_bytes_are_refused_and_a_file_of_any_size_is_read(tmp_path):
    path = tmp_path / "large.wav"
    path.write_bytes(encoded(tone(4), "WAV"))
    os.truncate(path, MAX_BYTES + 1)
    with pytest.raises(AudioError, match="larger than 64 MB"):
        decode(path.read_bytes())
    assert len(decode(path)) == pytest.approx(4 * SR_HZ, abs=2)


def test_a_path_that_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp3")
    for name in ("nothing.mp3", "pipe.mp3", "", "x" * 999):
        with pytest.raises(AudioError):
            decode(tmp_path / name)


def test_a_file_that_lies_about_its_length_gives_the_middle_of_what_there_is():
    data = bytearray(encoded(tone(8), "FLAC"))
    data[21:26] = bytes([data[21] | 0x0F, 0xFF, 0xFF, 0xFF, 0xFF])  # 2**36 samples
    assert len(decode(bytes(data), window_s=4)) == pytest.approx(4 * SR_HZ, abs=2)
    half = encoded(tone(8), "MP3")
    assert len(decode(half[: len(half) // 2], window_s=3)) == pytest.approx(3 * SR_HZ, abs=2)


@pytest.mark.parametrize(("place", "value"), [(22, 60_000), (22, 0), (24, 2**31), (24, 0), (24, 1)])
def test_absurd_channels_and_rates_reserve_no_memory(place, value):
    data = bytearray(encoded(tone(4), "WAV"))
    struct.pack_into("<H" if place == 22 else "<I", data, place, value)
    tracemalloc.start()
    with pytest.raises(AudioError):
        decode(bytes(data))
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def test_a_window_falls_back_where_the_middle_is_silent():
    sound = tone(20, 22_050)
    sound[5 * 22_050 : 15 * 22_050] = 0
    assert pitch_hz(decode(encoded(sound, "WAV", 22_050), window_s=4)) == pytest.approx(PITCH_HZ, abs=1)


def test_a_window_longer_than_the_sound_is_all_of_it():
    data = encoded(tone(5), "WAV")
    assert np.array_equal(decode(data, window_s=30), decode(data))
    with pytest.raises(ValueError, match="outside 3"):
        decode(data, window_s=1)


PLAYLISTS = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{}'\n",
    "M3U": "{}\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_play_list_opens_no_other_file(tmp_path, kind):
    (tmp_path / "secret.wav").write_bytes(encoded(tone(4), "WAV"))
    listed = tmp_path / "list.m3u8"
    listed.write_text(PLAYLISTS[kind].format(tmp_path / "secret.wav"))
    for source in (listed, listed.read_bytes()):
        with pytest.raises(AudioError):
            decode(source)


def test_a_film_is_heard_and_not_seen():
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        picture = container.add_stream("mpeg4", rate=25, options={})
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        sound = container.add_stream("aac", rate=44_100, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(tone(4).T), format="fltp", layout="stereo")
        frame.sample_rate = 44_100
        images = [av.VideoFrame(64, 64, "yuv420p") for _ in range(100)]
        for stream, frames in ((sound, [frame]), (picture, images)):
            for packet in [packet for one in (*frames, None) for packet in stream.encode(one)]:
                container.mux(packet)
    assert pitch_hz(decode(file.getvalue())) == pytest.approx(PITCH_HZ, abs=1)
