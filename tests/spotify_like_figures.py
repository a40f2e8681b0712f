"""How far features heard in sound are from Spotify's own, and what the shipped model makes of both.

    python -m tests.spotify_like_figures CLIPS TABLE

CLIPS: a folder genre/file.ogg; TABLE: a table of Spotify's features with genres. No recording is in both, so the means
of families are compared, and the shipped network's answers to the seven features alone.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

from classifier import audio, registry
from classifier.data import read_table
from classifier.dataset import matrix
from classifier.folders import list_clips
from classifier.labels import detect_mapping, families_of
from classifier.predict import Predictor
from classifier.sound import spotify_like
from classifier.sound.spotify_like import FEATURES

ROWS_PER_FAMILY = 500


def heard(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features [n, 7] and families [n] of the clips; prints what a clip costs."""
    clips = list_clips(folder)
    families = families_of({clip.label for clip in clips}, detect_mapping({clip.label for clip in clips}))
    rows, spent, seconds = [], 0.0, 0.0
    for clip in clips:
        wave = audio.decode(clip.path.read_bytes())
        began = time.process_time()
        rows += spotify_like.features_of([wave])
        spent, seconds = spent + time.process_time() - began, seconds + len(wave) / audio.SR_HZ
    print(
        f"{len(clips)} clips of {seconds / len(clips):.1f} s: {1000 * spent / len(clips):.0f} ms of CPU each"
    )
    values = np.array([[row[name] for name in FEATURES] for row in rows])
    return values, np.array([families[clip.label] for clip in clips])


def measured(table: Path, families: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Spotify's features [n, 7] and families [n]: as many rows of each family of the clips, drawn at random."""
    data = read_table(table, repeat=True, on_bad_row="skip")
    first = np.array([labels[0] for labels in data.labels])
    draw = np.random.default_rng(0)
    rows = np.concatenate(
        [draw.permutation(np.flatnonzero(first == one))[:ROWS_PER_FAMILY] for one in families]
    )
    return data.columns(FEATURES)[rows], first[rows]


def by_family(
    values: np.ndarray, families: np.ndarray, names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation [K, 7] of each family."""
    parts = [values[families == name] for name in names]
    return np.stack([part.mean(0) for part in parts]), np.stack([part.std(0) for part in parts])


def compare(sound: np.ndarray, spotify: np.ndarray, spreads: tuple[np.ndarray, np.ndarray]) -> None:
    print(f"{'feature':17} rank correlation   heard − Spotify's   mean distance   spread within a family")
    for i, name in enumerate(FEATURES):
        rho = np.corrcoef(rankdata(sound[:, i]), rankdata(spotify[:, i]))[0, 1]
        apart = sound[:, i] - spotify[:, i]
        within = " / ".join(f"{spread[:, i].mean():.3f}" for spread in spreads)
        print(f"{name:17} {rho:16.2f} {apart.mean():+19.3f} {np.abs(apart).mean():15.3f}   {within:>16}")


def answers(model: Predictor, values: np.ndarray, families: np.ndarray) -> str:
    """The shipped network on the seven features alone: every family counts the same."""
    columns = {name: list(values[:, i]) for i, name in enumerate(FEATURES)}
    log_p, _, _ = model.log_probabilities(
        matrix(columns, len(values), model.feature_names), [()] * len(values)
    )
    truth = np.array([model.labels.index(name) for name in families])
    place = (log_p > log_p[np.arange(len(truth)), truth][:, None]).sum(1)
    loss = -log_p[np.arange(len(truth)), truth]
    parts = [truth == one for one in np.unique(truth)]
    top = [100 * np.mean([(place[part] < k).mean() for part in parts]) for k in (1, 2, 3)]
    mean_loss = np.mean([loss[part].mean() for part in parts])
    return f"top 1 {top[0]:.1f} %, top 2 {top[1]:.1f} %, top 3 {top[2]:.1f} %, log-loss {mean_loss:.2f}"


def main(clips: Path, table: Path) -> None:
    sound, families = heard(clips)
    names = [name for name in dict.fromkeys(families) if name]
    spotify, truth = measured(table, names)
    means, spreads = zip(by_family(sound, families, names), by_family(spotify, truth, names), strict=True)
    compare(*means, spreads)
    model = Predictor.load(registry.shipped_path())
    print(f"shipped network, features heard in the clips: {answers(model, sound, families)}")
    print(f"shipped network, Spotify's own for other songs: {answers(model, spotify, truth)}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
