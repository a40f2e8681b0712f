"""Predictor: a loaded version that turns tracks into genres with confidence and reasons."""

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from scipy.special import log_softmax, logsumexp

from classifier import models, registry
from classifier.artists import ArtistTable, Votes, key_of
from classifier.context import Credits, LibraryContext, move
from classifier.dataset import matrix, vector
from classifier.descriptor_names import DESCRIPTORS
from classifier.errors import DataError, ModelError
from classifier.fusion import Fusion, Weights
from classifier.hearing import SOUND, Ear
from classifier.models import Model
from classifier.outlet import Outlet
from classifier.results import Answering, Example, Result
from classifier.several import Several
from classifier.taxonomy import parent

__all__ = ["Example", "Predictor", "Result", "vector"]
# What reading parts that do not fit may raise, in numpy, torch and the file formats.
_DAMAGE = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError,
    TypeError, ValueError, BadZipFile, zlib.error,
)  # fmt: skip


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
        thresholds: Mapping[str, float] | None = None,
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
        self.thresholds = thresholds or {}
        self._ear = Ear(self.labels, fusion.prior)
        self._answering = Answering(self.labels, threshold, several, level, self.thresholds)

    @classmethod
    def load(cls, path: Path) -> "Predictor":
        """Read a version directory; ModelError says what is wrong with one that cannot be used."""
        version = registry.read(Path(path))
        try:
            return _restore(version)
        except _DAMAGE as error:
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
        sound = self._ear.spread([one.sound for one in examples])
        heard = np.array([one.features_were_heard and one.sound is not None for one in examples], bool)
        return self.predict_rows(
            ids,
            self._matrix(examples),
            artists,
            sound=sound,
            heard_features=heard,
            votes=votes,
            genres=genres,
        )

    def predict_rows(
        self,
        ids: Sequence[str],
        x: np.ndarray,
        artists: Sequence[Sequence[str]],
        *,
        sound: np.ndarray | None = None,
        heard_features: np.ndarray | None = None,
        votes: Votes | None = None,
        genres: Sequence[str] | None = None,
        one_library: bool = False,
    ) -> list[Result]:
        """As `predict`, from features already in place: float32 [n, F] in `feature_names`' order, NaN unknown.

        sound: [n, K], see `hearing.Ear.spread`; heard_features: bool [n], where the features come from the same sound,
        and are left out where the artist is known. With `one_library` the tracks belong to one person, and those of one
        artist speak for each other.
        """
        heard = np.zeros(len(x), bool) if heard_features is None else heard_features
        if heard.any():
            known = self.artists.evidence(artists, votes=votes).sum(1) > 0
            x = np.where((heard & known)[:, None], np.float32(np.nan), x)
        log_p, experts, present = self.log_probabilities(x, artists, votes=votes)
        outside = np.where(heard, 0.0, self.outside(x, present))
        if sound is not None:
            experts[SOUND], present[SOUND] = sound, ~np.isnan(sound).all(1)
            log_p, untaught = self._ear.join(log_p, sound, present, heard)
            outside = np.maximum(outside, untaught)
        if one_library:
            log_p = self.in_library(log_p, artists, present)
        log_p, excluded = self.narrowed(log_p, genres)
        other = 1 - (1 - outside) * (1 - excluded)
        return self._answering.results(ids, log_p, other, experts, present)

    def outside(self, x: np.ndarray, present: Mapping[str, np.ndarray]) -> np.ndarray:
        """Chance of belonging to no genre, float [n]; 0 where the artist is known to belong to some."""
        chance = np.zeros(len(x))
        rows = present["features"] & ~present["artist"]
        if self.outlet and rows.any():
            chance[rows] = self.outlet.chance(x[rows])
        return chance

    def in_library(
        self, log_p: np.ndarray, artists: Sequence[Sequence[str]], present: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """log_p [n, K] moved by what the other tracks of the same artists say, as if all were one person's."""
        if self.library is None:
            return log_p
        heard = np.any(list(present.values()), axis=0)
        moved = move(
            self.library,
            # What is said without evidence are the shares of the tables learned from, and those are not a library's.
            np.where(heard[:, None], log_p, 0.0),
            credits=Credits.of([[key_of(name) for name in names] for names in artists]),
            words=np.full(len(log_p), -1),
            votes=heard,
            known=present["artist"],
        )
        return np.where(moved.has_context[:, None], moved.log_p, log_p)

    @property
    def wants_descriptors(self) -> bool:
        """Whether it was trained on folders of sound, described by `descriptors.describe_fully`."""
        return bool({*DESCRIPTORS} & {*self.feature_names})

    def _matrix(self, examples: Sequence[Example]) -> np.ndarray:
        given = [example.features or {} for example in examples]
        columns = {name: [features.get(name) for features in given] for name in self.feature_names}
        return matrix(columns, len(examples), self.feature_names)

    def narrowed(self, log_p: np.ndarray, genres: Sequence[str] | None) -> tuple[np.ndarray, np.ndarray]:
        """log_p [n, K] among `genres` alone, and the probability of all others, float [n]."""
        if not genres:
            return log_p, np.zeros(len(log_p))
        families = [parent(label) if self.level == "sub-genre" else label for label in self.labels]
        unknown = sorted(set(genres) - {*self.labels, *families})
        if unknown:
            raise DataError(
                f"The model does not know {', '.join(unknown)}; it knows {', '.join(self.labels)}."
            )
        # A family stands for all its sub-genres.
        chosen = np.array([bool({*pair} & {*genres}) for pair in zip(self.labels, families, strict=True)])
        inside = np.exp(logsumexp(log_p[:, chosen], axis=1))
        return log_softmax(np.where(chosen, log_p, -np.inf), axis=1), np.clip(1.0 - inside, 0.0, 1.0)

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
    model = models.restore(meta["model"]["family"], meta["model"], version.weights, features, labels)
    _try(model, outlet, len(features), len(labels))
    return Predictor(
        outlet=outlet,
        thresholds={name: float(one) for name, one in meta.get("thresholds", {}).items()},
        model=model,
        feature_names=features,
        artists=table,
        fusion=Fusion(prior, weights),
        threshold=float(meta["threshold"]),
        several=Several(**meta.get("several", {})),
        version_name=str(meta["name"]),
        level=meta.get("level", "family"),
        library=LibraryContext.restore(meta["library"]) if "library" in meta else None,
    )


def _try(model: Model, outlet: Outlet | None, n_features: int, n_labels: int) -> None:
    """Answer one empty track, for a part that does not fit may only show when it is used."""
    empty = np.full((1, n_features), np.nan, np.float32)
    if model.log_probabilities(empty).shape != (1, n_labels):
        raise ValueError("the model answers with another number of genres")
    if outlet:
        outlet.chance(empty)
