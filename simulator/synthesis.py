"""Plays a score: a seamless loop of a few bars, made with numpy."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from simulator.score import SR_HZ, STEPS, Score, Signal
from simulator.styles import TIMBRES

TABLE = 2048
VOWELS_HZ = ((730, 1090), (530, 1840), (390, 1990), (570, 840), (440, 1020))  # two formants each


def play(score: Score, loudness_db: float) -> Signal:
    """(samples,) float32 in [-1, 1]: the loop, at about the loudness asked for."""
    style = score.style
    drums, bass, chords, lead = style.levels
    tonal = chords * _chords(score) + lead * _lead(score)
    if style.drive:
        tonal = np.tanh(tonal * style.drive) * np.float32(0.6)
    mix = tonal
    if bass:
        mix = mix + bass * _bass(score)
    if style.voice:
        mix = mix + style.voice * _voice(score)
    mix = _softened(mix, style.tops_hz * (0.6 + 0.6 * score.energy))
    if drums:
        mix = mix + drums * (0.5 + 0.6 * score.energy) * _drums(score)
    if style.hiss:
        mix = mix + style.hiss * score.random.standard_normal(score.samples, dtype=np.float32)
    return _levelled(mix, loudness_db)


def _levelled(mix: Signal, loudness_db: float) -> Signal:
    target = 10 ** ((np.clip(loudness_db, -35, -3) - 7) / 20)  # RMS; loudness reads some 7 dB above it
    rms = float(np.sqrt(np.mean(np.square(mix)))) or 1.0
    return np.tanh(mix * np.float32(target / rms)).astype(np.float32)


def _softened(mix: Signal, cutoff_hz: float) -> Signal:
    """First-order low-pass in the frequency domain, with the loop's end before its start: a silent seam."""
    size = math.ceil((len(mix) + 2_000) / 8_192) * 8_192  # small factors only, which the FFT likes
    spectrum = np.fft.rfft(np.concatenate([mix[len(mix) - size :], mix]))
    ratio = np.fft.rfftfreq(size, 1 / SR_HZ).astype(np.float32) / np.float32(cutoff_hz)
    return np.fft.irfft(spectrum / (1 + 1j * ratio), size)[-len(mix) :].astype(np.float32)


@cache
def _table(timbre: str) -> Signal:
    """(TABLE,) one cycle of a timbre."""
    return _cycle(np.array(TIMBRES[timbre]))


def _cycle(partials: NDArray[np.float64]) -> Signal:
    spectrum = np.zeros(TABLE // 2 + 1, complex)
    spectrum[1 : len(partials) + 1] = -1j * partials
    wave = np.fft.irfft(spectrum)
    return (wave / np.abs(wave).max()).astype(np.float32)


def _held(values: Signal, onsets: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(steps,) index of the step whose note is sounding at each step; notes ring on over the seam."""
    steps = np.arange(len(values))
    last = np.maximum.accumulate(np.where(onsets, steps, -1))
    return np.where(last < 0, steps[onsets].max(initial=0), last)


def _envelope(score: Score, loudness: Signal, attack_s: float, decay_s: float) -> Signal:
    """(samples,) rise and exponential fall of every note."""
    onsets = loudness > 0
    held = _held(loudness, onsets)
    lengths = np.diff(score.edges)
    begins = score.edges[held]
    begins = np.where(begins > score.edges[:-1], begins - score.samples, begins).astype(np.float32)
    age = np.arange(score.samples, dtype=np.float32) - np.repeat(begins, lengths)
    level = np.repeat(loudness[held], lengths)
    attack = np.minimum(age * np.float32(1 / (attack_s * SR_HZ)), 1)
    fall = np.exp(age * np.float32(-1 / (decay_s * SR_HZ)))
    return np.asarray(level * attack * fall, dtype=np.float32)


def _phase(score: Score, hertz: NDArray[np.float64]) -> NDArray[np.int32]:
    """(samples,) place in the wave table; the loop holds a whole number of cycles."""
    phase = np.cumsum(np.repeat(hertz, np.diff(score.edges)) / SR_HZ)
    phase *= max(1, round(phase[-1])) / phase[-1]
    return (phase * TABLE).astype(np.int32) & (TABLE - 1)


def _degrees(score: Score) -> NDArray[np.int64]:
    """(steps,) root degree of the chord under every step."""
    bars = [score.progression[bar % len(score.progression)] for bar in range(score.bars)]
    return np.repeat(np.array(bars, dtype=np.int64), STEPS)


def _bass(score: Score) -> Signal:
    loudness = score.loudness(score.style.bass)
    if not loudness.any():
        return np.zeros(score.samples, np.float32)
    fifth = score.random.random(len(loudness)) < 0.25
    hertz = np.array([score.hertz(d + 4 * f, -1) for d, f in zip(_degrees(score), fifth, strict=True)])
    hertz = np.where(hertz < 40, hertz * 2, hertz)[_held(loudness, loudness > 0)]
    decay_s = 0.9 if score.style.bass_timbre == "sine" else 0.35
    return _table(score.style.bass_timbre)[_phase(score, hertz)] * _envelope(score, loudness, 0.005, decay_s)


def _chords(score: Score) -> Signal:
    style = score.style
    loudness = score.loudness(style.chords)
    if not loudness.any():
        return np.zeros(score.samples, np.float32)
    intervals = (0, 4, 7) if style.power_chords else (0, 2, 4, 6) if style.seventh else (0, 2, 4)
    octave = 0 if style.power_chords else 1
    degrees, table = _degrees(score), _table(style.chord_timbre)
    total = np.zeros(score.samples, np.float32)
    for interval in intervals:
        hertz = np.array([score.hertz(int(degree) + interval, octave) for degree in degrees])
        total += table[_phase(score, hertz)]
    envelope = _envelope(score, loudness, style.chord_attack_s, style.chord_decay_s)
    return total * envelope / np.float32(len(intervals))


def _melody(score: Score, steps: int) -> NDArray[np.int64]:
    """(steps,) scale degrees: an arpeggio, or a walk that leans on the chord."""
    degrees = _degrees(score)
    if score.style.arpeggio:
        return degrees + np.resize([0, 2, 4, 7, 4, 2], steps)
    walk = np.cumsum(score.random.integers(-2, 3, steps))
    return degrees + np.abs(walk) % 8


def _lead(score: Score) -> Signal:
    loudness = score.loudness(score.style.lead)
    loudness = loudness * (score.random.random(len(loudness)) < 0.6 + 0.5 * score.energy)
    if not loudness.any():
        return np.zeros(score.samples, np.float32)
    degrees = _melody(score, len(loudness))[_held(loudness, loudness > 0)]
    hertz = np.array([score.hertz(int(degree), 2) for degree in degrees])
    decay_s = 3.0 if score.style.chord_decay_s > 5 else 0.3
    return _table(score.style.lead_timbre)[_phase(score, hertz)] * _envelope(score, loudness, 0.01, decay_s)


@cache
def _vowels(fundamental_hz: int) -> Signal:
    """(vowels, TABLE) one cycle of a voice for each vowel."""
    partials = np.arange(1, min(40, 5_000 // fundamental_hz) + 1) * fundamental_hz
    cycles = []
    for first, second in VOWELS_HZ:
        peaks = np.exp(-(((partials - first) / 130) ** 2)) + 0.6 * np.exp(-(((partials - second) / 180) ** 2))
        cycles.append(_cycle(peaks + 0.15 * fundamental_hz / partials))
    return np.stack(cycles)


def _voice(score: Score) -> Signal:
    """A voice: sung notes on the melody's pitches, or talking at about five syllables a second."""
    steps = len(score.edges) - 1
    talks = score.style.talks
    sounding = score.random.random(steps) < (0.62 if talks else 0.4)
    sounding[0] = True
    loudness = np.where(sounding, score.random.uniform(0.5, 1.0, steps), 0).astype(np.float32)
    held = _held(loudness, sounding)
    base_hz = 110 if score.random.random() < 0.5 else 200
    if talks:
        hertz = base_hz * score.random.uniform(0.85, 1.3, steps)[held]
    else:
        hertz = np.array([score.hertz(int(degree), 1) for degree in _melody(score, steps)[held]])
    vowels = score.random.integers(len(VOWELS_HZ), size=steps)[held]
    which = np.repeat(vowels, np.diff(score.edges))
    return _vowels(base_hz)[which, _phase(score, hertz)] * _envelope(score, loudness, 0.03, 0.22)


@cache
def _hits() -> tuple[Signal, Signal, Signal]:
    """Kick, snare and hat, as every band here has them."""
    noise = np.random.default_rng(7).standard_normal(12_000).astype(np.float32)
    time_s = np.arange(12_000, dtype=np.float32) / SR_HZ
    kick = np.sin(2 * np.pi * (48 * time_s + 5.0 * (1 - np.exp(-time_s * 35)))) * np.exp(-time_s * 14)
    snare = (0.5 * noise + 0.5 * np.sin(2 * np.pi * 190 * time_s)) * np.exp(-time_s * 22)
    hat = np.diff(noise, n=2, prepend=[0, 0])[:3_000] * np.exp(-time_s[:3_000] * 70) * 0.25
    return kick.astype(np.float32), snare.astype(np.float32), hat.astype(np.float32)


def _drums(score: Score) -> Signal:
    longest = 12_000
    track = np.zeros(score.samples + longest, np.float32)
    style = score.style
    for pattern, hit in zip((style.kick, style.snare, style.hat), _hits(), strict=True):
        loudness = score.loudness(pattern) * score.random.uniform(0.85, 1.0, len(score.edges) - 1)
        for step in np.flatnonzero(loudness):
            start = score.edges[step]
            track[start : start + len(hit)] += np.float32(loudness[step]) * hit
    track[:longest] += track[score.samples :]
    return track[: score.samples]
