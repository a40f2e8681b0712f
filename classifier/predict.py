"""Predictor: a loaded version that turns tracks into genres with confidence and reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from classifier import registry
from classifier.artists import ArtistTable, Votes
from classifier.dataset import matrix, vector
from classifier.errors import ModelError
from classifier.fusion import EVIDENCE, Fusion, Weights
from classifier.nets import MLPConfig, TabularMLP, log_probabilities

__all__ = ["Example", "Predictor", "Result", "vector"]
REASONS = 3  # families shown per kind of evidence


@dataclass(frozen=True)
class Example:
    """One track. Features by name, any may be missing, None where there are none; artists by name, primary first."""

    track_id: str
    features: Mapping[str, float] | None
    artists: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """log_probs: family -> log-probability over the version's labels; why: evidence -> its three likeliest families."""

    track_id: str
    log_probs: dict[str, float]
    genre: str
    confidence: float
    sure: bool
    evidence: tuple[str, ...]
    why: dict[str, dict[str, float]]


class Predictor:
    """A version in memory; load it once per process."""

    def __init__(
        self,
        *,
        nets: Sequence[TabularMLP],
        artists: ArtistTable,
        fusion: Fusion,
        threshold: float,
        version_name: str,
    ) -> None:
        self.nets = tuple(net.eval() for net in nets)
        self.artists = artists
        self.fusion = fusion
        self.threshold = threshold
        self.version_name = version_name
        self.labels: tuple[str, ...] = nets[0].config.labels
        self.feature_names: tuple[str, ...] = nets[0].config.feature_names

    @classmethod
    def load(cls, path: Path) -> "Predictor":
        """Read a version directory; ModelError says what is wrong with one that cannot be used."""
        version = registry.read(Path(path))
        try:
            return _restore(version)
        except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
            raise ModelError(
                f"The model version {Path(path).name} is damaged: its parts do not fit."
            ) from error

    def predict(self, examples: Sequence[Example], *, votes: Votes | None = None) -> list[Result]:
        """One result per example, in order.

        `votes` are a user's own corrections, artist name -> family -> votes; they count as that many more tracks.
        """
        ids = [example.track_id for example in examples]
        return self.predict_rows(ids, self._matrix(examples), [one.artists for one in examples], votes=votes)

    def predict_rows(
        self,
        ids: Sequence[str],
        x: np.ndarray,
        artists: Sequence[Sequence[str]],
        *,
        votes: Votes | None = None,
    ) -> list[Result]:
        """As `predict`, from features already in place: float32 [n, F] in `feature_names`' order, NaN unknown."""
        log_p, experts, present = self.log_probabilities(x, artists, votes=votes)
        return self._results(ids, log_p, experts, present)

    def _matrix(self, examples: Sequence[Example]) -> np.ndarray:
        given = [example.features or {} for example in examples]
        columns = {name: [features.get(name) for features in given] for name in self.feature_names}
        return matrix(columns, len(examples), self.feature_names)

    def log_probabilities(
        self,
        x: np.ndarray,
        artists: Sequence[Sequence[str]],
        *,
        own: np.ndarray | None = None,
        votes: Votes | None = None,
    ) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Fused [n, K], each expert's own [n, K], and where each is present [n]; x is float32 [n, F] with NaN."""
        counts = self.artists.evidence(artists, own=own, votes=votes)
        present = {"features": ~np.isnan(x).all(1), "artist": counts.sum(1) > 0}
        experts = {
            "features": log_probabilities(self.nets, x),
            "artist": self.artists.log_probabilities(counts),
        }
        return self.fusion.combine(experts, present), experts, present

    def _results(
        self,
        ids: Sequence[str],
        log_p: np.ndarray,
        experts: Mapping[str, np.ndarray],
        present: Mapping[str, np.ndarray],
    ) -> list[Result]:
        best = log_p.argmax(1)
        confidence = np.exp(log_p.max(1))
        tops = {name: _top(experts[name]) for name in EVIDENCE}
        rows = log_p.tolist()
        results = []
        for i, track_id in enumerate(ids):
            evidence = tuple(name for name in EVIDENCE if present[name][i])
            results.append(
                Result(
                    track_id=track_id,
                    log_probs=dict(zip(self.labels, rows[i], strict=True)),
                    genre=self.labels[best[i]],
                    confidence=float(confidence[i]),
                    sure=bool(evidence) and bool(confidence[i] >= self.threshold),
                    evidence=evidence,
                    why={name: {self.labels[k]: p for k, p in tops[name][i]} for name in evidence},
                )
            )
        return results


def _top(log_p: np.ndarray) -> list[list[tuple[int, float]]]:
    """The likeliest REASONS families of each row with their probabilities."""
    order = np.argsort(-log_p, axis=1)[:, :REASONS]
    chances = np.exp(np.take_along_axis(log_p, order, 1))
    return [list(zip(*pair, strict=True)) for pair in zip(order.tolist(), chances.tolist(), strict=True)]


def _restore(version: registry.Version) -> Predictor:
    meta = version.meta
    labels = tuple(meta["labels"])
    fusion = meta["fusion"]
    prior = np.array(fusion["prior"])
    weights = {key: Weights(**one) for key, one in fusion["weights"].items()}
    settings = meta["artists"]
    table = ArtistTable.from_arrays(
        version.artists,
        labels=labels,
        prior=prior,
        smoothing=settings["smoothing"],
        featured=settings["featured"],
    )
    return Predictor(
        nets=[_net(meta, version.weights, member) for member in range(meta["members"])],
        artists=table,
        fusion=Fusion(prior, weights),
        threshold=float(meta["threshold"]),
        version_name=str(meta["name"]),
    )


def _net(meta: Mapping[str, Any], weights: Mapping[str, np.ndarray], member: int) -> TabularMLP:
    names = tuple(feature["name"] for feature in meta["features"])
    shape = {**meta["net"], "hidden": tuple(meta["net"]["hidden"])}
    net = TabularMLP(MLPConfig(feature_names=names, labels=tuple(meta["labels"]), **shape))
    prefix = f"{member}."
    state = {key[len(prefix) :]: torch.from_numpy(a) for key, a in weights.items() if key.startswith(prefix)}
    net.load_state_dict(state)
    return net
