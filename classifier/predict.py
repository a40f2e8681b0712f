"""Predictor: a loaded version that turns tracks into genres with confidence and reasons."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import log_softmax, logsumexp

from classifier import models, registry
from classifier.artists import ArtistTable, Votes, key_of
from classifier.context import Credits, LibraryContext, move
from classifier.dataset import matrix, vector
from classifier.errors import DataError, ModelError
from classifier.fusion import EVIDENCE, Fusion, Weights
from classifier.models import Model
from classifier.outlet import Outlet
from classifier.several import Several
from classifier.taxonomy import label_to_show

__all__ = ["Example", "Predictor", "Result", "vector"]
REASONS = 3  # genres shown per kind of evidence
NEVER = -50.0  # log-probability of a genre that is switched off


@dataclass(frozen=True)
class Example:
    """One track. Features by name, any may be missing, None where there are none; artists by name, primary first."""

    track_id: str
    features: Mapping[str, float] | None
    artists: tuple[str, ...] = ()


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


class Predictor:
    """A version in memory; load it once per process."""

    def __init__(
        self,
        *,
        model: Model,
        feature_names: tuple[str, ...],
        artists: ArtistTable,
        fusion: Fusion,
        threshold: float,
        several: Several,
        version_name: str,
        level: str = "family",
        library: LibraryContext | None = None,
        outlet: Outlet | None = None,
    ) -> None:
        self.model = model
        self.feature_names = feature_names
        self.artists = artists
        self.labels = artists.labels
        self.fusion = fusion
        self.threshold = threshold
        self.several = several
        self.version_name = version_name
        self.level = level
        self.library = library
        self.outlet = outlet

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

    def predict(
        self,
        examples: Sequence[Example],
        *,
        votes: Votes | None = None,
        genres: Sequence[str] | None = None,
    ) -> list[Result]:
        """One result per example, in order.

        `votes` are a user's own corrections, artist name -> genre -> votes; they count as that many more tracks.
        `genres` narrows the choice; what the others would have got becomes the chance of "none of these".

        Raises
        ------
        DataError
            A genre that the version does not know.
        """
        ids = [example.track_id for example in examples]
        artists = [one.artists for one in examples]
        return self.predict_rows(ids, self._matrix(examples), artists, votes=votes, genres=genres)

    def predict_rows(
        self,
        ids: Sequence[str],
        x: np.ndarray,
        artists: Sequence[Sequence[str]],
        *,
        votes: Votes | None = None,
        genres: Sequence[str] | None = None,
        one_library: bool = False,
    ) -> list[Result]:
        """As `predict`, from features already in place: float32 [n, F] in `feature_names`' order, NaN unknown.

        With `one_library` the tracks belong to one person, and those of one artist speak for each other.
        """
        log_p, experts, present = self.log_probabilities(x, artists, votes=votes)
        if one_library and self.library:
            log_p = self._moved(self.library, log_p, artists, present)
        log_p, excluded = self.narrowed(log_p, genres)
        other = 1 - (1 - self._outside(x, present)) * (1 - excluded)
        return self._results(ids, log_p, other, experts, present)

    def _outside(self, x: np.ndarray, present: Mapping[str, np.ndarray]) -> np.ndarray:
        """Chance of belonging to no genre, float [n]; 0 where the artist is known to belong to some."""
        chance = np.zeros(len(x))
        rows = present["features"] & ~present["artist"]
        if self.outlet and rows.any():
            chance[rows] = self.outlet.chance(x[rows])
        return chance

    def _moved(
        self,
        library: LibraryContext,
        log_p: np.ndarray,
        artists: Sequence[Sequence[str]],
        present: Mapping[str, np.ndarray],
    ) -> np.ndarray:
        heard = np.any(list(present.values()), axis=0)
        credits = Credits.of([[key_of(name) for name in names] for names in artists])
        nothing_said = np.full(len(log_p), -1)
        return move(
            library, log_p, credits=credits, words=nothing_said, votes=heard, known=present["artist"]
        ).log_p

    def _matrix(self, examples: Sequence[Example]) -> np.ndarray:
        given = [example.features or {} for example in examples]
        columns = {name: [features.get(name) for features in given] for name in self.feature_names}
        return matrix(columns, len(examples), self.feature_names)

    def narrowed(self, log_p: np.ndarray, genres: Sequence[str] | None) -> tuple[np.ndarray, np.ndarray]:
        """log_p [n, K] among `genres` alone, and the probability of all others, float [n]."""
        unknown = sorted(set(genres or ()) - set(self.labels))
        if unknown:
            raise DataError(
                f"The model does not know {', '.join(unknown)}; it knows {', '.join(self.labels)}."
            )
        chosen = np.array([not genres or label in genres for label in self.labels])
        inside = np.exp(logsumexp(log_p[:, chosen], axis=1))
        return log_softmax(np.where(chosen, log_p, NEVER), axis=1), np.clip(1.0 - inside, 0.0, 1.0)

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
            "features": self.model.log_probabilities(x),
            "artist": self.artists.log_probabilities(counts),
        }
        return self.fusion.combine(experts, present), experts, present

    def _results(
        self,
        ids: Sequence[str],
        log_p: np.ndarray,
        other: np.ndarray,
        experts: Mapping[str, np.ndarray],
        present: Mapping[str, np.ndarray],
    ) -> list[Result]:
        chosen = self._chosen(log_p)
        tops = {name: _top(experts[name]) for name in EVIDENCE}
        rows = log_p.tolist()
        results = []
        for i, track_id in enumerate(ids):
            evidence = tuple(name for name in EVIDENCE if present[name][i])
            log_probs = dict(zip(self.labels, rows[i], strict=True))
            genre, confidence = self._shown(chosen[i][0], log_probs)
            results.append(
                Result(
                    track_id=track_id,
                    log_probs=log_probs,
                    genre=genre,
                    genres=chosen[i],
                    confidence=confidence,
                    other=float(other[i]),
                    sure=bool(evidence) and confidence * (1 - float(other[i])) >= self.threshold,
                    evidence=evidence,
                    why={name: {self.labels[k]: p for k, p in tops[name][i]} for name in evidence},
                )
            )
        return results

    def _shown(self, best: str, log_probs: dict[str, float]) -> tuple[str, float]:
        """The genre to show and its probability: where no sub-genre is sure, its family may be."""
        if self.level == "sub-genre":
            shown, chance = label_to_show(log_probs, self.threshold)
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
    """The likeliest REASONS families of each row with their probabilities."""
    order = np.argsort(-log_p, axis=1)[:, :REASONS]
    chances = np.exp(np.take_along_axis(log_p, order, 1))
    return [list(zip(*pair, strict=True)) for pair in zip(order.tolist(), chances.tolist(), strict=True)]


def _restore(version: registry.Version) -> Predictor:
    meta = version.meta
    labels = tuple(meta["labels"])
    features = tuple(feature["name"] for feature in meta["features"])
    prior = np.array(meta["fusion"]["prior"])
    weights = {key: Weights(**one) for key, one in meta["fusion"]["weights"].items()}
    settings = meta["artists"]
    table = ArtistTable.from_arrays(
        version.artists,
        labels=labels,
        prior=prior,
        smoothing=settings["smoothing"],
        featured=settings["featured"],
    )
    outlet = Outlet.restore(meta["outlet"], version.weights, features) if "outlet" in meta else None
    return Predictor(
        outlet=outlet,
        model=models.restore(meta["model"]["family"], meta["model"], version.weights, features, labels),
        feature_names=features,
        artists=table,
        fusion=Fusion(prior, weights),
        threshold=float(meta["threshold"]),
        several=Several(**meta.get("several", {})),
        version_name=str(meta["name"]),
        level=meta.get("level", "family"),
        library=LibraryContext.restore(meta["library"]) if "library" in meta else None,
    )
