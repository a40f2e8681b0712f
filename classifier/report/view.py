"""What a report is made from: a version's description and, where they were kept, its test tracks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifier.errors import ModelError
from classifier.evaluate import calibration_error, reliability
from classifier.labels import FAMILIES, display_name
from classifier.report.markup import plain


@dataclass(frozen=True)
class Tracks:
    """Test tracks: x float [n, F], NaN where unknown; truth bool [n, K]; log_p float [n, K] from features alone."""

    x: np.ndarray
    truth: np.ndarray
    log_p: np.ndarray


@dataclass(frozen=True)
class View:
    """A version's meta.json, with its genres' names as people write them."""

    meta: Mapping[str, Any]
    genres: Sequence[str]
    tracks: Tracks | None

    @property
    def metrics(self) -> Mapping[str, Any]:
        return self.meta.get("metrics") or {}

    @property
    def hears(self) -> bool:
        """Whether the version answers to sound; else it answers to features."""
        return "features" not in self.meta

    @property
    def report(self) -> Mapping[str, Any]:
        """The figures of what is heard, or of features alone, which need no known artist."""
        return self.metrics if self.hears else self.metrics.get("features") or {}

    def rows_by_size(self) -> list[int]:
        """Indices of the genres, those with most test tracks first."""
        assert self.tracks is not None
        return np.argsort(-self.tracks.truth.sum(0), kind="stable").tolist()


def genre_name(label: Any) -> str:
    """A family as people write it; another label as it is."""
    return display_name(label) if label in FAMILIES else plain(label)


def view(meta: Mapping[str, Any], evaluation: Mapping[str, np.ndarray] | None) -> View:
    """Raises ModelError where the arrays do not belong to the description."""
    genres = [genre_name(label) for label in meta["labels"]]
    return View(meta, genres, None if evaluation is None else _tracks(meta, evaluation))


def _tracks(meta: Mapping[str, Any], evaluation: Mapping[str, np.ndarray]) -> Tracks | None:
    missing = [name for name in ("x", "truth", "log_p") if name not in evaluation]
    if missing:
        raise ModelError(f"The kept test tracks are damaged: {', '.join(missing)} is missing.")
    x, truth, log_p = (evaluation[name] for name in ("x", "truth", "log_p"))
    wanted = (len(x), len(meta["labels"]))
    if truth.shape != wanted or log_p.shape != wanted or x.shape != (len(x), len(meta["features"])):
        raise ModelError("The kept test tracks do not fit the model version: other genres or features.")
    return Tracks(x, truth.astype(bool), log_p.astype(float)) if len(x) else None


def reliability_of(view: View) -> tuple[list[dict[str, float]], float | None]:
    """The measured reliability and calibration error; older versions' from their test tracks."""
    report, tracks = view.report, view.tracks
    if report.get("reliability") or tracks is None:
        return report.get("reliability") or [], report.get("calibration_error")
    confidence = np.exp(tracks.log_p.max(1))
    right = tracks.truth[np.arange(len(tracks.truth)), tracks.log_p.argmax(1)]
    return reliability(confidence, right), calibration_error(confidence, right)
