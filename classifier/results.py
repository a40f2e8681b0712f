"""What is asked of a version and what it answers, track by track."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from classifier.fusion import EVIDENCE
from classifier.hearing import SOUND, threshold
from classifier.several import Several
from classifier.taxonomy import label_to_show

REASONS = 3  # genres shown per kind of evidence


@dataclass(frozen=True)
class Example:
    """One track. Features by name, any may be missing, None where there are none; artists by name, primary first.

    features_were_heard: in the same sound (see `sound.spotify_like`), so that they are no evidence of their own.
    sound: what the sound expert heard, family -> log-probability; families it was never taught are missing.
    """

    track_id: str
    features: Mapping[str, float] | None
    artists: tuple[str, ...] = ()
    sound: Mapping[str, float] | None = None
    features_were_heard: bool = False


@dataclass(frozen=True)
class Result:
    """log_probs: genre -> log-probability, given that the track belongs to one of them; `confidence` is the best's.

    genres: those to file the track under, the likeliest first; one unless the version was trained for several.
    other: chance that it belongs to none of the genres. sure: `confidence` times 1 - `other` reaches the threshold.
    why: evidence -> its three likeliest genres with their probabilities.
    """

    track_id: str
    log_probs: dict[str, float]
    genre: str
    genres: tuple[str, ...]
    confidence: float
    other: float
    sure: bool
    evidence: tuple[str, ...]
    why: dict[str, dict[str, float]]


@dataclass(frozen=True)
class Answering:
    """How a version turns probabilities into answers."""

    labels: tuple[str, ...]
    threshold: float
    several: Several
    level: str
    thresholds: Mapping[str, float] = field(default_factory=dict)  # by evidence; `threshold` is for any other

    def results(
        self,
        ids: Sequence[str],
        log_p: np.ndarray,
        other: np.ndarray,
        experts: Mapping[str, np.ndarray],
        present: Mapping[str, np.ndarray],
    ) -> list[Result]:
        chosen = self._chosen(log_p)
        tops = {name: _top(expert) for name, expert in experts.items()}
        rows = log_p.tolist()
        results = []
        for i, track_id in enumerate(ids):
            evidence = tuple(name for name in (*EVIDENCE, SOUND) if name in present and present[name][i])
            log_probs = dict(zip(self.labels, rows[i], strict=True))
            bar = threshold(evidence, self.thresholds, self.threshold)
            genre, confidence = self._shown(chosen[i][0], log_probs, bar)
            results.append(
                Result(
                    track_id=track_id,
                    log_probs=log_probs,
                    genre=genre,
                    genres=chosen[i],
                    confidence=confidence,
                    other=float(other[i]),
                    sure=bool(evidence) and confidence * (1 - float(other[i])) >= bar,
                    evidence=evidence,
                    why={name: {self.labels[k]: p for k, p in tops[name][i] if p > 0} for name in evidence},
                )
            )
        return results

    def _shown(self, best: str, log_probs: dict[str, float], threshold: float) -> tuple[str, float]:
        """The genre to show and its probability: where no sub-genre is sure, its family may be."""
        if self.level == "sub-genre":
            shown, chance = label_to_show(log_probs, threshold)
            if shown:
                return shown, chance
        return best, math.exp(log_probs[best])

    def _chosen(self, log_p: np.ndarray) -> list[tuple[str, ...]]:
        """The genres to file each row under, the likeliest first."""
        if self.several.at_most == 1:
            return [(self.labels[k],) for k in log_p.argmax(1)]
        order = np.argsort(-log_p, axis=1, kind="stable")[:, : self.several.at_most]
        kept = np.take_along_axis(self.several.choose(log_p), order, 1)
        return [
            tuple(self.labels[k] for k, keep in zip(places, keeps, strict=True) if keep)
            for places, keeps in zip(order.tolist(), kept.tolist(), strict=True)
        ]


def _top(log_p: np.ndarray) -> list[list[tuple[int, float]]]:
    """The likeliest REASONS families of each row with their probabilities; NaN is none."""
    chance = np.nan_to_num(np.exp(log_p))  # nothing is said of a genre that was never taught
    order = np.argsort(-chance, axis=1, kind="stable")[:, :REASONS]
    chances = np.take_along_axis(chance, order, 1)
    return [list(zip(*pair, strict=True)) for pair in zip(order.tolist(), chances.tolist(), strict=True)]
