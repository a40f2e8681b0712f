"""What is played for a track: a loop of a few bars, chosen from its genre and features."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator import identifiers
from simulator.catalog import Track
from simulator.styles import STYLES, Style

Signal = NDArray[np.float32]
SR_HZ = 44_100
LOOP_S = 7.5
STEPS = 16
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
# Scale degrees of four bars.
PROGRESSIONS = ((0, 4, 5, 3), (0, 3, 4, 3), (5, 3, 0, 4), (0, 5, 3, 4), (0, 0, 3, 4), (1, 4, 0, 0))


@dataclass(frozen=True)
class Score:
    """What is to be played: the loop's grid of steps and the choices drawn for this track."""

    style: Style
    samples: int
    edges: NDArray[np.int64]  # (steps + 1,) sample at which each step begins
    bars: int
    root_hz: float
    scale: tuple[int, ...]
    progression: tuple[int, ...]
    energy: float
    random: np.random.Generator

    def hertz(self, degree: int, octave: int = 0) -> float:
        turns, place = divmod(degree, len(self.scale))
        return float(self.root_hz * 2.0 ** ((self.scale[place] + 12 * (turns + octave)) / 12))

    def loudness(self, pattern: str) -> Signal:
        """(steps,) loudness of every step of the loop, a bar's pattern repeated; a rest is 0."""
        bar = [int(mark) / 9 if mark.isdigit() else 0.0 for mark in pattern]
        return np.tile(np.array(bar, dtype=np.float32), self.bars)


def compose(track: Track, block: int) -> Score:
    """The score of a track; its length is a whole number of blocks, so that encoded blocks can be repeated."""
    features = track.features
    random = np.random.default_rng(identifiers.number("sound", track.key) % (1 << 63))
    tempo_bpm = float(np.clip(features.get("tempo") or 110.0, 50, 220))
    beats = 3 if features.get("time_signature") == 3 else 4
    bar_s = beats * 60 / tempo_bpm
    bars = max(1, round(LOOP_S / bar_s))
    samples = round(bars * bar_s * SR_HZ / block) * block
    style = STYLES.get(track.family, STYLES["pop"])
    return Score(
        style=style,
        samples=samples,
        edges=_grid(samples, bars * STEPS, style.swing),
        bars=bars,
        root_hz=65.41 * 2 ** (max(0, int(features.get("key", 0))) / 12),  # C2 upwards
        scale=MAJOR if features.get("mode", 1) else MINOR,
        progression=PROGRESSIONS[int(random.integers(len(PROGRESSIONS)))],
        energy=float(features.get("energy", 0.6)),
        random=random,
    )


def _grid(samples: int, steps: int, swing: float) -> NDArray[np.int64]:
    step = np.arange(steps + 1, dtype=np.float64)
    step[1::2] += swing
    step[-1] = steps
    return np.round(step * samples / steps).astype(np.int64)
