"""What a simple model says to the rows that judge: what every version has to beat. The classifier is imported inside."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from classifier.labels import FAMILIES, FEATURE_NAMES
from organizer.models import ModelVersion
from organizer.training.answers import Answers
from organizer.training.testsets import Part

if TYPE_CHECKING:
    from classifier.dataset import Dataset as Tracks


def baseline(kind: str, rest: Sequence[Part], parts: Sequence[Part]) -> tuple[str, Answers] | None:
    """Logistic regression on tables, the commonest family of clips, learned from `rest`; None: that teaches nothing."""
    if not sum(map(len, rest)):
        return None
    if kind == ModelVersion.Kind.TABLES:
        return _logistic(_tracks(rest), _tracks(parts))
    return _majority(rest, parts)


def _tracks(parts: Sequence[Part]) -> "list[Tracks]":
    return [part.tracks for part in parts if part.tracks is not None]


def _logistic(rest: "list[Tracks]", judged: "list[Tracks]") -> tuple[str, Answers] | None:
    import numpy as np

    from classifier.baselines import Baseline
    from classifier.dataset import targets
    from classifier.rows import Rows
    from classifier.splits import primary_artist

    artists = {primary_artist(one, row) for one in judged for row in range(len(one))}
    kept = [
        one.take(np.array([primary_artist(one, row) not in artists for row in range(len(one))], bool))
        for one in rest
    ]
    x = np.concatenate([one.columns(FEATURE_NAMES) for one in kept])
    truth = np.concatenate([targets(one, FAMILIES) for one in kept])
    some = truth.any(1) & ~np.isnan(x).all(1)
    first, n = truth[some].argmax(1), int(some.sum())
    if len(np.unique(first)) < 2:
        return None
    rows = Rows(x[some], truth[some], first, np.ones(n), np.arange(n))
    model = Baseline.learn("logistic", rows, features=FEATURE_NAMES)
    log_p = model.log_probabilities(np.concatenate([one.columns(FEATURE_NAMES) for one in judged]))
    return "logistic regression", Answers(FAMILIES, log_p, {})


def _majority(rest: Sequence[Part], parts: Sequence[Part]) -> tuple[str, Answers]:
    import numpy as np

    labels = [label for part in rest if part.clips is not None for label in part.clips.labels]
    families, counts = np.unique(labels, return_counts=True)
    log_p = np.repeat(np.log(counts / counts.sum())[None], sum(map(len, parts)), axis=0)
    return "always the commonest genre", Answers(tuple(map(str, families)), log_p, {})
