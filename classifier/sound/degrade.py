"""What befalls sound between a song and a microphone: codecs, narrow channels, noise, rooms; for the robustness table.

Waves are mono float32 [n] at 22,050 Hz; the same seed gives the same result.
"""

import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import soundfile as sf
import soxr
from scipy import signal

from classifier.audio import SR_HZ, decode

Degradation = Callable[[np.ndarray, np.random.Generator], np.ndarray]
NOISE_SNR_DB = 10.0
REVERBERATION_S = 0.8
MP3_HZ, MP3_KBIT_S = 32_000, (32, 320)  # a rate of MPEG-1, and the rates of bits it allows
ECHO_DB = 0.0  # energy of the echo relative to the direct sound
PHONE_HZ = (300.0, 3400.0)  # the telephone channel of ITU-T G.712


def mp3(wave: np.ndarray, kbit_s: int) -> np.ndarray:
    """Through an MP3 encoder (mono, constant rate of 32 to 320 kbit/s) and back, of the same length."""
    file = io.BytesIO()
    least, most = MP3_KBIT_S
    level = min((most - kbit_s) / (most - least), 0.999)  # 0 is the highest rate, 1 refused
    with sf.SoundFile(
        file, "w", MP3_HZ, 1, format="MP3", bitrate_mode="CONSTANT", compression_level=level
    ) as encoder:
        encoder.write(soxr.resample(wave, SR_HZ, MP3_HZ, quality="HQ"))
    return _fitted(decode(file.getvalue(), max_seconds=len(wave) / SR_HZ + 1), len(wave))


def band(wave: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    """Only what lies between two frequencies (Butterworth, 48 dB an octave on either side)."""
    sections = signal.butter(8, (low_hz, high_hz), "bandpass", fs=SR_HZ, output="sos")
    return signal.sosfilt(sections, wave).astype(np.float32)


def noise(wave: np.ndarray, snr_db: float, generator: np.random.Generator) -> np.ndarray:
    """White noise `snr_db` below the mean power of the wave."""
    level = np.sqrt(np.mean(np.square(wave, dtype=np.float64)) * 10 ** (-snr_db / 10))
    return (wave + level * generator.standard_normal(len(wave))).astype(np.float32)


def reverb(wave: np.ndarray, seconds: float, generator: np.random.Generator) -> np.ndarray:
    """A made room: direct sound and noise that falls by 60 dB within `seconds`, of equal energy."""
    length = int(seconds * SR_HZ)
    tail = generator.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    tail *= 10 ** (ECHO_DB / 20) / np.sqrt(np.sum(tail**2))
    response = np.concatenate([[1.0], tail])
    return signal.fftconvolve(wave, response)[: len(wave)].astype(np.float32)


def phone(wave: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Heard in a room by a telephone: echo, noise 20 dB below, 300 to 3,400 Hz, 32 kbit/s."""
    heard = noise(reverb(wave, REVERBERATION_S / 2, generator), 2 * NOISE_SNR_DB, generator)
    return mp3(band(heard, *PHONE_HZ), 32)


def _fitted(wave: np.ndarray, length: int) -> np.ndarray:
    return np.pad(wave[:length], (0, max(0, length - len(wave))))


DEGRADATIONS: Mapping[str, Degradation] = {
    "clean": lambda wave, generator: wave,
    "MP3 96 kbit/s": lambda wave, generator: mp3(wave, 96),
    "300-8000 Hz": lambda wave, generator: band(wave, 300, 8000),
    "300-3400 Hz": lambda wave, generator: band(wave, *PHONE_HZ),
    "noise 10 dB": lambda wave, generator: noise(wave, NOISE_SNR_DB, generator),
    "reverb": lambda wave, generator: reverb(wave, REVERBERATION_S, generator),
    "phone": phone,
}


def robustness(
    waves: Sequence[np.ndarray],
    truth: Sequence[int],
    answer: Callable[[Sequence[np.ndarray]], np.ndarray],
    *,
    seed: int = 0,
    on_clip: Callable[[], object] = lambda: None,
) -> dict[str, float]:
    """Accuracy per degradation: how often the greatest of `answer`'s numbers stands at the place in `truth`.

    answer: waves of n clips -> scores [n, K], asked clip by clip, so that no more than one is held twice.

    Raises
    ------
    ValueError
        No clips, or not one truth for each.
    """
    if not len(waves) or len(waves) != len(truth):
        raise ValueError("as many truths as waves are needed, and at least one")
    right = dict.fromkeys(DEGRADATIONS, 0)
    for i, (wave, wanted) in enumerate(zip(waves, truth, strict=True)):
        for name, degrade in DEGRADATIONS.items():
            heard = degrade(wave, np.random.default_rng([seed, i]))
            right[name] += int(answer([heard])[0].argmax() == wanted)
        on_clip()
    return {name: count / len(waves) for name, count in right.items()}
