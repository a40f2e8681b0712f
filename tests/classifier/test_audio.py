import io

import numpy as np
import pytest
import soundfile as sf

from classifier.audio import decode
from classifier.errors import AudioError
from tests.classifier.audio_samples import encoded, m4a, tone


@pytest.mark.parametrize("file_format", ["MP3", "FLAC", "OGG", "WAV"])
def test_each_common_format_becomes_mono_at_22050_hz(file_format):
    sound = decode(encoded(tone(4), file_format))
    assert sound.dtype == np.float32
    assert sound.ndim == 1
    assert len(sound) == pytest.approx(4 * 22_050, abs=2_500)
    assert np.argmax(np.abs(np.fft.rfft(sound))) * 22_050 / len(sound) == pytest.approx(440, abs=1)


def test_m4a_is_decoded_without_a_system_ffmpeg():
    sound = decode(m4a(tone(4)))
    assert len(sound) == pytest.approx(4 * 22_050, abs=2_500)
    assert np.argmax(np.abs(np.fft.rfft(sound))) * 22_050 / len(sound) == pytest.approx(440, abs=1)


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


def _mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """A cut, a few overwritten bytes (often in the header) or a removed stretch."""
    changed = bytearray(data)
    kind = rng.integers(3)
    if kind == 0:
        return bytes(changed[: rng.integers(len(changed))])
    if kind == 1:
        start = rng.integers(len(changed) - 1)
        del changed[start : start + rng.integers(1, 5_000)]
    span = len(changed) if rng.random() < 0.5 else min(80, len(changed))
    for place in rng.integers(span, size=rng.integers(1, 40)):
        changed[place] = rng.integers(256)
    return bytes(changed)


@pytest.mark.parametrize("file_format", ["MP3", "WAV", "M4A"])
def test_damaged_bytes_give_sound_or_audio_error_and_nothing_else(file_format):
    sound = tone(3.5)
    data = m4a(sound) if file_format == "M4A" else encoded(sound, file_format)
    rng = np.random.default_rng(1)
    outcomes = set()
    for _ in range(150):
        try:
            decoded = decode(_mutated(data, rng))
            outcomes.add("sound")
            assert np.isfinite(decoded).all()
        except AudioError as error:
            outcomes.add("error")
            assert str(error).endswith(".")
    assert "error" in outcomes
