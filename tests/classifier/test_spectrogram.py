import io

import av
import numpy as np
import pytest

from classifier import features, spectrogram
from classifier.audio import SR_HZ


def sung(hertz: float, seconds: float = 5.0) -> np.ndarray:
    time = np.arange(int(seconds * SR_HZ)) / SR_HZ
    return features.log_mel((0.5 * np.sin(2 * np.pi * hertz * time)).astype(np.float32))


def drawn(level: np.ndarray) -> np.ndarray:
    """The picture as a decoder of somebody else's sees it: [rows, columns, 3]."""
    with av.open(io.BytesIO(spectrogram.png(level)), format="png_pipe") as picture:
        return next(picture.decode(video=0)).to_ndarray(format="rgb24")


def test_a_picture_has_a_row_a_band_and_at_most_six_hundred_columns() -> None:
    assert drawn(sung(440, 5)).shape == (128, 216, 3)
    assert drawn(sung(440, 30)).shape == (128, 600, 3)


@pytest.mark.parametrize("hertz", [200, 1_000, 5_000])
def test_a_tone_is_a_bright_line_at_its_place_on_the_axis(hertz: float) -> None:
    level = sung(hertz)
    row = int(drawn(level).sum((1, 2)).argmax())
    top = features.hz_mel(np.array(SR_HZ / 2))
    assert abs((127.5 - row) / 128 - features.hz_mel(np.array(hertz)) / top) < 0.01


def test_time_runs_to_the_right() -> None:
    time = np.arange(5 * SR_HZ) / SR_HZ
    swelling = (np.sin(2 * np.pi * 440 * time) * time / 10).astype(np.float32)
    picture = drawn(features.log_mel(swelling)).sum((0, 2))
    assert picture[-20:].mean() > picture[:20].mean()


@pytest.mark.parametrize("hertz", [200, 1_000, 5_000])
def test_the_caption_says_how_long_it_is_and_where_the_energy_lies(hertz: float) -> None:
    caption = spectrogram.caption(sung(hertz))
    assert caption.seconds == pytest.approx(5, abs=0.1)
    assert hertz * 0.9 <= caption.low_hz <= caption.high_hz <= hertz * 1.1


def test_the_axis_rises_and_stays_inside_the_picture() -> None:
    heights = [height for _, height in spectrogram.caption(sung(440)).ticks]
    assert heights == sorted(heights) and heights[0] > 0 and heights[-1] < 1
