"""A written version judged on a labelled table it may never have seen."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from classifier.data import read_table
from classifier.dataset import Dataset, targets
from classifier.errors import DataError
from classifier.evaluate import report
from classifier.fusion import combinations, key, rows_with
from classifier.labels import some_of
from classifier.measure import sample_arrays
from classifier.predict import Predictor
from classifier.registry import read_meta
from classifier.splits import split as split_rows


def read_for(path: Path, table: str, **how: Any) -> Dataset:
    """A labelled table with the features and the kind of labels that the version at `path` was trained on.

    `how` goes to `read_table`: label_column, mapping, on_bad_row.
    """
    meta = read_meta(path)
    names = tuple(feature["name"] for feature in meta["features"])
    return read_table(table, features=names, level=meta.get("level", "family"), **how)


def evaluate_version(path: Path, data: Dataset, split: str) -> dict[str, Any]:
    """Reports (see `evaluate.report`) of all evidence, of features alone, and of each evidence combination.

    All evidence is also judged with the table taken as one person's library, and both that and features alone with
    the choice narrowed to the genres that occur in the table.

    split: "by-artist" keeps tracks of which the version knows no artist; "random" a random fifth; "all" every
    track. In the latter two, artist evidence may include the very tracks judged if the version was trained on them.
    Tracks that have none of the version's genres are left out.
    """
    predictor = Predictor.load(path)
    rows = _rows(predictor, data, split)
    if not len(rows):
        raise DataError(f"No track of {_name(data)} is left to judge with --split {split}; try --split all.")
    part = data.take(rows)
    log_p, _, present = predictor.log_probabilities(part.x, part.artists)
    alone, _, unheard = predictor.log_probabilities(part.x, ((),) * len(part))
    truth = targets(part, predictor.labels)
    occurring = [predictor.labels[k] for k in np.flatnonzero(truth.any(0))]
    together = predictor.in_library(log_p, part.artists, present)
    inside, inside_alone = (1 - predictor.outside(part.x, where) for where in (present, unheard))
    bounds, bounds_alone = (_thresholds(predictor, where) for where in (present, unheard))
    answers = {
        "all evidence": (log_p, inside, bounds),
        "all evidence, one library": (together, inside, bounds),
        "features only": (alone, inside_alone, bounds_alone),
    }
    for name in ("all evidence, one library", "features only"):
        wide, belongs, bound = answers[name]
        narrowed, excluded = predictor.narrowed(wide, occurring)
        answers[f"{name}, the table's genres"] = (narrowed, belongs * (1 - excluded), bound)
    everything = np.ones(len(part), bool)
    result = {name: _report(predictor, part, *answer, everything) for name, answer in answers.items()}
    for names in combinations():
        chosen = rows_with(names, present)
        if chosen.any():
            result[key(names)] = _report(predictor, part, log_p, inside, bounds, chosen)
    return result


def _thresholds(predictor: Predictor, present: Mapping[str, np.ndarray]) -> np.ndarray:
    """From which confidence each row's answer is sure, by the evidence it has, [n]."""
    result = np.full(len(next(iter(present.values()))), predictor.threshold)
    for names in combinations():
        result[rows_with(names, present)] = predictor.thresholds.get(key(names), predictor.threshold)
    return result


def evaluation_arrays(path: Path, data: Dataset) -> dict[str, np.ndarray]:
    """A sample of the table's tracks for the report; see `measure.sample_arrays`."""
    predictor = Predictor.load(path)
    rows = _rows(predictor, data, "all")
    return sample_arrays(data.x[rows], targets(data.take(rows), predictor.labels), predictor.model)


def _name(data: Dataset) -> str:
    return data.provenance[0].name if data.provenance else "the table"


def _rows(predictor: Predictor, data: Dataset, split: str) -> np.ndarray:
    """Row indices of the split, of tracks with at least one of the version's genres."""
    usable = np.flatnonzero(targets(data, predictor.labels).any(1))
    if not len(usable):
        raise DataError(
            f"No track of {_name(data)} has one of the version's genres: {some_of(predictor.labels)}."
        )
    if split == "by-artist":
        known = [any(map(predictor.artists.knows, names)) for names in data.artists]
        return np.setdiff1d(usable, np.flatnonzero(known))
    return np.intersect1d(usable, split_rows(data, "random").test) if split == "random" else usable


def _report(
    predictor: Predictor,
    data: Dataset,
    log_p: np.ndarray,
    inside: np.ndarray,
    thresholds: np.ndarray,
    rows: np.ndarray,
) -> dict[str, Any]:
    part, labels = data.take(rows), predictor.labels
    first = [
        next(labels.index(family) for family in families if family in labels) for families in part.labels
    ]
    names = [
        (artists or (track,))[0].lower() for artists, track in zip(part.artists, part.track_ids, strict=True)
    ]
    return report(
        log_p[rows],
        targets(part, labels),
        np.array(first),
        labels=labels,
        groups=np.unique(names, return_inverse=True)[1],
        threshold=thresholds[rows],
        inside=inside[rows],
    )
