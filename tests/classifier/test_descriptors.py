import librosa
import numpy as np
import pytest

from classifier.descriptor_names import DESCRIPTORS, PITCHES
from classifier.descriptors import describe_fully
from tests.classifier.audio_samples import music

SR_HZ = 22_050
SUMMARIES = {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max, "median": np.median}


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    return music(12)


def reference(y: np.ndarray) -> dict[str, np.ndarray]:
    """What librosa says over time, by our names."""
    of = librosa.feature
    fine = of.mfcc(y=y, sr=SR_HZ, n_mfcc=12, n_mels=12, n_fft=512, hop_length=256)
    rms = of.rms(y=y, frame_length=512, hop_length=256, pad_mode="constant")[0]
    rows = {f"mfcc_{i + 1:02}": row for i, row in enumerate(of.mfcc(y=y, sr=SR_HZ, n_mfcc=13))}
    rows |= {f"fine_mfcc_{i + 1:02}": row for i, row in enumerate(fine)}
    rows |= {f"chroma_{name}": row for name, row in zip(PITCHES, of.chroma_stft(y=y, tuning=0), strict=True)}
    return rows | {
        "rms": rms,
        "energy": 512 * rms**2,
        "centroid_hz": of.spectral_centroid(y=y)[0],
        "bandwidth_hz": of.spectral_bandwidth(y=y)[0],
        "roll_off_hz": of.spectral_rolloff(y=y)[0],
        "zero_crossing_rate": of.zero_crossing_rate(y)[0],
    }


def test_every_descriptor_is_within_a_percent_of_librosas(sound):
    ours, theirs = describe_fully(sound), reference(sound)
    assert len(theirs) * 5 + 1 == len(ours)
    for name, row in theirs.items():
        for kind, summary in SUMMARIES.items():
            # A mean near zero is judged by how much the row varies.
            scale = float(max(abs(summary(row)), row.std()))
            assert ours[f"{name}_{kind}"] == pytest.approx(summary(row), abs=0.01 * scale), f"{name}_{kind}"


def test_the_tempo_is_librosas_and_that_of_the_beat(sound):
    ours = describe_fully(sound)["tempo_bpm"]
    assert ours == pytest.approx(librosa.feature.tempo(y=sound, sr=SR_HZ)[0], rel=0.01)
    assert ours == pytest.approx(120, rel=0.03)


def test_the_loudest_pitch_class_is_the_one_played(sound):
    ours = describe_fully(sound)
    assert max(PITCHES, key=lambda name: ours[f"chroma_{name}_mean"]) == "a"


def test_the_columns_are_known_without_computing_any(sound):
    assert tuple(describe_fully(sound)) == DESCRIPTORS


@pytest.mark.parametrize("kind", ["click", "square", "constant", "three seconds"])
def test_odd_sound_has_finite_descriptors(kind):
    y = np.zeros(3 * SR_HZ, np.float32)
    if kind == "click":
        y[1000] = 1
    if kind == "square":
        y[:] = np.sign(np.sin(np.arange(len(y)) / 5)) * 1e6
    if kind == "constant":
        y[:] = 0.5
    if kind == "three seconds":
        y[::7] = 1e-4
    assert all(np.isfinite(value) for value in describe_fully(y).values())
