"""Validation artists decide how evidence is weighed and when an answer is sure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from classifier.artists import ArtistTable
from classifier.context import Credits, LibraryContext
from classifier.context import fit as fit_context
from classifier.evaluate import sure_threshold
from classifier.fusion import Fusion, Weights, combinations, fit_weights, key
from classifier.models import Model
from classifier.outlet import Outlet
from classifier.several import Several
from classifier.splits import Split
from classifier.task import Task

SMOOTHING = (0.3, 1.0, 3.0)
FEATURED = (0.3, 0.6, 1.0)
MIN_ACROSS = 200  # with fewer validation tracks known from another table, the same table has to do
NEVER_SURE = 1.01
MIN_ROWS = 30  # with fewer validation tracks a combination keeps equal weights


@dataclass(frozen=True)
class Calibration:
    """How evidence is combined, from which confidence on an answer is sure, and how artists are counted.

    `threshold` is for evidence that was not measured; one above 1 means that such answers are never sure.
    """

    fusion: Fusion
    threshold: float
    smoothing: float
    featured: float
    thresholds: Mapping[str, float] = field(default_factory=dict)  # by evidence, as `fusion.key` writes it
    several: Several = Several()
    library: LibraryContext = LibraryContext()


def learn_artists(task: Task, rows: np.ndarray, calibration: Calibration) -> ArtistTable:
    """The artist table of the tracks in `rows`."""
    return _learn(task, rows, calibration.fusion.prior, calibration.smoothing, calibration.featured)


def _learn(task: Task, rows: np.ndarray, prior: np.ndarray, smoothing: float, featured: float) -> ArtistTable:
    return ArtistTable.learn(
        [task.data.artists[i] for i in rows],
        task.truth[rows],
        labels=task.labels,
        prior=prior,
        smoothing=smoothing,
        featured=featured,
    )


def calibrate(
    task: Task,
    split: Split,
    model: Model,
    outlet: Outlet | None,
    sure_accuracy: float,
    genres_per_track: int = 1,
) -> Calibration:
    """Fit weights, temperature and threshold on the validation rows, whose artists the model has not seen.

    Artist evidence is what *other tables* say about a track's artists, because that is what it is for a user's
    library: tables label whole artists and albums at once, so within one table it looks far better than it is.
    """
    share = task.truth[split.train].sum(0) + 1.0
    prior = share / share.sum()
    valid, truth = split.valid, task.truth[split.valid]
    known = np.concatenate([split.train, valid])
    settings = min(
        product(SMOOTHING, FEATURED), key=lambda pair: _artist_loss(task, known, valid, prior, pair)
    )
    heard, artist = artist_expert(task, known, valid, prior, settings)
    experts = {"features": model.log_probabilities(task.data.x[valid]), "artist": artist}
    rows = {key(names): heard if "artist" in names else np.ones(len(valid), bool) for names in combinations()}
    fusion = Fusion(prior, {key(names): _weights(names, experts, rows, truth) for names in combinations()})
    inside = 1 - outlet.chance(task.data.x[valid]) if outlet else np.ones(len(valid))
    measured = [names for names in combinations() if rows[key(names)].sum() >= MIN_ROWS]
    thresholds = {
        key(names): _threshold(fusion, names, experts, rows[key(names)], truth, inside, sure_accuracy)
        for names in measured
    }
    # An artist's evidence is over-confident on a library that sees genres otherwise, so what it adds never lowers the bar.
    bar = thresholds.get(key(("features",)), 0.0)
    if bar <= 1:
        thresholds = {name: max(one, bar) for name, one in thresholds.items()}
    reached = [one for one in thresholds.values() if one <= 1]
    alone = fused(fusion, ("features",), experts, np.ones(len(valid), bool))
    several = Several.fit(alone, truth, genres_per_track)
    library = _library(task, known, valid, fusion, settings, experts["features"])
    return Calibration(fusion, max(reached, default=NEVER_SURE), *settings, thresholds, several, library)


def _weights(
    names: Sequence[str],
    experts: Mapping[str, np.ndarray],
    rows: Mapping[str, np.ndarray],
    truth: np.ndarray,
) -> Weights:
    usable = rows[key(names)]
    if usable.sum() < MIN_ROWS:
        return Weights({name: 1 / len(names) for name in names}, 1.0)
    return fit_weights(names, [experts[name][usable] for name in names], truth[usable])


def _threshold(
    fusion: Fusion,
    names: Sequence[str],
    experts: Mapping[str, np.ndarray],
    rows: np.ndarray,
    truth: np.ndarray,
    inside: np.ndarray,
    accuracy: float,
) -> float:
    """From which confidence on answers from the evidence `names` are right often enough; see `sure_threshold`."""
    log_p = fused(fusion, names, experts, rows)
    right = truth[rows][np.arange(len(log_p)), log_p.argmax(1)]
    # A known artist is one of the genres', so the outlet has no say there.
    chance = np.exp(log_p.max(1)) * (1.0 if "artist" in names else inside[rows])
    return sure_threshold(chance, right, accuracy)


def fused(
    fusion: Fusion, names: Sequence[str], experts: Mapping[str, np.ndarray], rows: np.ndarray
) -> np.ndarray:
    """Log-probabilities [m, K] of the given rows from the evidence `names` alone."""
    present = {name: np.full(int(rows.sum()), name in names) for name in experts}
    return fusion.combine({name: expert[rows] for name, expert in experts.items()}, present)


def artist_expert(
    task: Task,
    known: np.ndarray,
    rows: np.ndarray,
    prior: np.ndarray,
    settings: tuple[float, float],
    *,
    other_tables: bool = True,
    at_least: int = MIN_ACROSS,
) -> tuple[np.ndarray, np.ndarray]:
    """Where the artists of `rows` are known from the tracks `known`, bool [m], and what those say, [m, K].

    With `other_tables` only tracks of other tables speak, if these know `at_least` so many rows; else all but the
    track itself.
    """
    artists = [task.data.artists[i] for i in rows]
    table = _learn(task, known, prior, *settings)
    counts = table.evidence(artists, own=task.truth[rows] * _repeats(task, known, rows)[:, None])
    if other_tables:
        across = _across(task, known, rows, prior, settings)
        counts = across if (across.sum(1) > 0).sum() >= at_least else counts
    return counts.sum(1) > 0, table.log_probabilities(counts)


def _repeats(task: Task, known: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """How many of the rows `known` are of the same track as each of `rows`, int [m]."""
    counts = Counter(task.data.track_ids[i] for i in known)
    return np.array([counts[task.data.track_ids[i]] for i in rows], np.int64)


def _across(
    task: Task, known: np.ndarray, rows: np.ndarray, prior: np.ndarray, settings: tuple[float, float]
) -> np.ndarray:
    """What the tracks `known` of other tables say of the artists of `rows`: weighted counts [m, K]."""
    across = np.zeros((len(rows), len(task.labels)))
    for i in np.unique(task.table):
        there = np.flatnonzero(task.table[rows] == i)
        others = _learn(task, known[task.table[known] != i], prior, *settings)
        across[there] = others.evidence([task.data.artists[rows[row]] for row in there])
    return across


def _library(
    task: Task,
    known: np.ndarray,
    rows: np.ndarray,
    fusion: Fusion,
    settings: tuple[float, float],
    features: np.ndarray,
) -> LibraryContext:
    """How the rest of a library moves an answer, fitted on the validation rows as if each table were a library.

    Half of the artists keep what another table says of them, so that songs of known and of unknown artists are both
    there. What the same table says would hold the answers.
    """
    counts = _across(task, known, rows, fusion.prior, settings)
    chosen = np.random.default_rng(0).random(len(rows))[task.artist_groups(rows)] < 0.5
    heard = (counts.sum(1) > 0) & chosen
    artist = _learn(task, known[:1], fusion.prior, *settings).log_probabilities(counts)
    present = {"features": np.ones(len(rows), bool), "artist": heard}
    return fit_context(
        fusion.combine({"features": features, "artist": artist}, present),
        credits=Credits.of([[(task.table[i], name) for name in task.data.artists[i]] for i in rows]),
        truth=task.truth[rows],
        votes=np.ones(len(rows), bool),
        known=heard,
    )


def _artist_loss(
    task: Task, known: np.ndarray, rows: np.ndarray, prior: np.ndarray, settings: tuple[float, float]
) -> float:
    """Mean cross-entropy of artist evidence on `rows`, for choosing smoothing and the weight of featured artists."""
    heard, log_p = artist_expert(task, known, rows, prior, settings)
    truth = task.truth[rows] / task.truth[rows].sum(1, keepdims=True)
    return float(-(truth * log_p).sum(1)[heard].mean()) if heard.any() else 0.0
