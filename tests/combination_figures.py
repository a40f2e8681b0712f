"""python -m tests.combination_figures MELS.npz LISTS TAGGRAMS: heads on the tagger's tags, MelCNN and mel statistics, alone
and together, on GTZAN's fault-filtered lists.

Weights of a combination are fitted on the training clips by experts that had not learned from them (four folds of
neighbouring file numbers); the combination is chosen there too. Test clips are scored once, by every line that is printed.
"""

import sys
from pathlib import Path

import numpy as np
from scipy import fft
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from classifier.fusion import fit_weights
from classifier.sound import taggrams
from classifier.sound.answer import log_probabilities
from classifier.sound.clips import Clips, read_clips, split_by_lists
from classifier.sound.nets import decibels
from classifier.sound.recipes import RECIPES
from classifier.sound.taggrams import Taggrams
from classifier.sound.train import learn_net

FOLDS, SEEDS = 4, (0, 1, 2)
COMBINATIONS = (("tags",), ("tags", "cnn"), ("tags", "cnn", "mel"))
SEGMENT = 64  # columns of a modulation spectrum: 5 s


def mel_statistics(mel: np.ndarray) -> np.ndarray:
    """mel dB [n, 128, T] -> [n, 203]: level and spread of 32 bands, of 20 cepstral rows and their change, modulation."""
    bands = mel.reshape(len(mel), 32, 4, -1).mean(2)
    cepstrum = fft.dct(mel, axis=1, norm="ortho")[:, :20]
    parts = [
        bands.mean(2) - bands.mean((1, 2))[:, None],
        bands.std(2),
        cepstrum.mean(2)[:, 1:],
        cepstrum.std(2),
    ]
    return np.concatenate([*parts, np.diff(cepstrum, axis=2).std(2), _modulation(bands)], axis=1)


def _modulation(bands: np.ndarray) -> np.ndarray:
    """How strongly 8 bands pulse, by rate, from bands [n, 32, T]; mean of half-overlapping segments."""
    starts = range(0, bands.shape[2] - SEGMENT + 1, SEGMENT // 2)
    cut = [bands[:, :, start : start + SEGMENT] for start in starts]
    spectra = [
        np.abs(fft.rfft((one - one.mean(2, keepdims=True)) * np.hanning(SEGMENT), axis=2)) for one in cut
    ]
    level = np.log(np.mean(spectra, axis=0)[:, :, 1:] + 1)
    edges = np.unique(np.round(np.geomspace(1, SEGMENT // 2, 13)).astype(int)) - 1
    rates = [
        level[:, :, low : max(high, low + 1)].mean(2) for low, high in zip(edges[:-1], edges[1:], strict=True)
    ]
    return np.stack(rates, axis=2).reshape(len(bands), 8, 4, -1).mean(2).reshape(len(bands), -1)


def _by_tags(
    clips: Taggrams, known: np.ndarray, asked: Taggrams, seed: int, genres: tuple[str, ...]
) -> np.ndarray:
    head = taggrams.learn_head(clips.take(known.tolist()), seed)
    x = np.array([taggrams.statistics(taggrams.evenly(tags)) for tags in asked.tags])
    return head.log_probabilities(x)[:, [head.labels.index(genre) for genre in genres]]


def _by_cnn(clips: Clips, known: np.ndarray, asked: np.ndarray, seed: int) -> np.ndarray:
    net, _ = learn_net(RECIPES["cnn"], clips, known, seed=seed)
    return log_probabilities(net, clips.mel[asked])


def _by_mel(x: np.ndarray, truth: np.ndarray, known: np.ndarray, asked: np.ndarray, seed: int) -> np.ndarray:
    model = make_pipeline(StandardScaler(), SVC(C=3, probability=True, random_state=seed)).fit(
        x[known], truth[known]
    )
    return np.log(model.predict_proba(x[asked]) + 1e-9)


def main() -> None:
    mels, lists, folder = map(Path, sys.argv[1:4])
    clips = read_clips(mels, level="own")
    rows = split_by_lists(clips, lists)
    heard = {}
    for part, name in ((rows.train, "training"), (rows.test, "evaluation")):
        found, _ = taggrams.read(folder / f"{name}_data_GTZAN_MSDmusicnn_taggram.npz")
        place = {name: i for i, name in enumerate(found.names)}
        heard[name] = found.take([place[clips.names[row]] for row in part])
    truth, x = clips.truth.argmax(1), mel_statistics(decibels(clips.mel).numpy())

    def experts(known: np.ndarray, asked: np.ndarray, tags: Taggrams, seed: int) -> dict[str, np.ndarray]:
        """known, asked: places among the training clips, and rows of the clips to answer for."""
        learned = rows.train[known]
        return {
            "tags": _by_tags(heard["training"], known, tags, seed, clips.genres),
            "cnn": _by_cnn(clips, learned, asked, seed),
            "mel": _by_mel(x, truth, learned, asked, seed),
        }

    fold = np.zeros(len(rows.train), int)
    for genre in clips.genres:
        mine = [i for i, row in enumerate(rows.train) if clips.labels[row] == genre]
        for number, part in enumerate(
            np.array_split(sorted(mine, key=lambda i: clips.names[rows.train[i]]), FOLDS)
        ):
            fold[part] = number
    blind = {name: np.zeros((len(fold), len(clips.genres))) for name in ("tags", "cnn", "mel")}
    for number in range(FOLDS):
        asked = np.flatnonzero(fold == number)
        answers = experts(
            np.flatnonzero(fold != number), rows.train[asked], heard["training"].take(asked.tolist()), 0
        )
        for name, log_p in answers.items():
            blind[name][asked] = log_p
    judged = [experts(np.arange(len(fold)), rows.test, heard["evaluation"], seed) for seed in SEEDS]
    for names in COMBINATIONS:
        weights = fit_weights(names, [blind[name] for name in names], clips.truth[rows.train]).evidence
        known = sum(weights[name] * blind[name] for name in names).argmax(1) == truth[rows.train]
        found = [
            100
            * float((sum(weights[name] * one[name] for name in names).argmax(1) == truth[rows.test]).mean())
            for one in judged
        ]
        shares = ", ".join(f"{name} {weights[name]:.2f}" for name in names)
        print(
            f"{' + '.join(names):18} blind on training clips {100 * known.mean():.1f}, test {np.mean(found):.1f} ± "
            f"{np.std(found):.1f}   ({shares})",
            flush=True,
        )


if __name__ == "__main__":
    main()
