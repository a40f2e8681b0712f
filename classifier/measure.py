"""Test artists judge a calibrated model once: per evidence combination, per table, beside the baselines."""

from dataclasses import replace
from typing import Any

import numpy as np

from classifier.baselines import Baseline
from classifier.calibrate import Calibration, artist_expert, fused
from classifier.evaluate import accuracy_any, macro_f1, report, set_metrics, unknown_auroc
from classifier.fusion import combinations, key
from classifier.importance import permutation_importance
from classifier.models import Learner, Model
from classifier.networks import changed
from classifier.outlet import Outlet, is_shown, shown_rows
from classifier.rows import Rows
from classifier.splits import Split
from classifier.task import Balance, Task, rows_of

# What is said of each table; the whole report would repeat the confusion matrix for every one of them.
SHORT = (
    "tracks", "accuracy", "accuracy_interval", "accuracy_strict", "top_k", "macro_f1", "calibration_error", "sure_share",
    "sure_accuracy",
)  # fmt: skip
EVALUATION_ROWS = 5_000  # enough for every picture of the report
MIN_STRANGERS, MIN_LEARNED = 30, 50
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # of the training tracks, for the learning curve
BASELINES = {"majority": "dummy", "logistic": "logistic"}


def measure(
    task: Task, split: Split, model: Model, outlet: Outlet | None, calibration: Calibration, seed: int
) -> dict[str, Any]:
    """Test artists' figures per evidence combination, over all tables and for each, beside two baselines.

    "features" leaves the artist out for every test track. Combinations with "artist" cover the test tracks of which
    another track by one of the artists is known; those under "other_tables" know it from another table only.
    """
    test = split.test
    features = model.log_probabilities(task.data.x[test])
    result: dict[str, Any] = {"other_tables": {}, "baselines": _baselines(task, split, seed)}
    for other_tables in (False, True):
        heard, artist = artist_expert(
            task,
            np.arange(len(task.data)),
            test,
            calibration.fusion.prior,
            (calibration.smoothing, calibration.featured),
            other_tables=other_tables,
            at_least=0,
        )
        experts = {"features": features, "artist": artist}
        for names in combinations():
            rows = heard if "artist" in names else np.ones(len(test), bool)
            log_p = fused(calibration.fusion, names, experts, rows)
            place = result["other_tables"] if other_tables else result
            inside = (
                None if outlet is None or "artist" in names else 1 - outlet.chance(task.data.x[test[rows]])
            )
            threshold = calibration.thresholds.get(key(names), calibration.threshold)
            place[key(names)] = _reports(task, test[rows], log_p, threshold, inside)
    alone = fused(calibration.fusion, ("features",), experts, np.ones(len(test), bool))
    chosen = calibration.several.choose(alone)
    result["multi_label"] = {"at_most": calibration.several.at_most, **set_metrics(chosen, task.truth[test])}
    result["importance"] = permutation_importance(
        model.log_probabilities,
        task.data.x[test],
        task.truth[test],
        task.data.feature_names,
        rounds=3,
        seed=seed,
    )
    return result


def sample_arrays(x: np.ndarray, truth: np.ndarray, model: Model) -> dict[str, np.ndarray]:
    """A seeded sample of tracks for the report: x float32 [m, F], truth uint8 [m, K], log_p float32 [m, K]."""
    rows = np.sort(np.random.default_rng(0).permutation(len(x))[:EVALUATION_ROWS])
    log_p = model.log_probabilities(x[rows])
    return {
        "x": x[rows].astype(np.float32),
        "truth": truth[rows].astype(np.uint8),
        "log_p": log_p.astype(np.float32),
    }


def learning_curve(
    task: Task, split: Split, learner: Learner, balance: Balance, seed: int
) -> list[dict[str, Any]]:
    """Test accuracy and macro-F1 after learning from shares of the training tracks, with one network."""
    if learner.net:
        learner = replace(learner, net=changed(learner.net, members=1))
    order = np.random.default_rng(seed).permutation(split.train)
    points = []
    for share in SHARES:
        if int(share * len(order)) < MIN_LEARNED:
            continue
        model = learner.learn(
            rows_of(task, order[: int(share * len(order))], balance),
            rows_of(task, split.valid),
            features=task.data.feature_names,
            labels=task.labels,
            seed=seed,
        )
        log_p, truth = model.log_probabilities(task.data.x[split.test]), task.truth[split.test]
        figures = {
            "accuracy": accuracy_any(log_p, truth),
            "macro_f1": macro_f1(log_p, truth, task.first[split.test]),
        }
        points.append({"tracks": int(share * len(order)), **figures})
    return points


def _baselines(task: Task, split: Split, seed: int) -> dict[str, Any]:
    train, test = split.train, split.test
    # Unweighted: a baseline is to be as accurate as it can.
    rows = Rows(
        task.data.x[train],
        task.truth[train],
        task.first[train],
        np.ones(len(train)),
        task.artist_groups(train),
    )
    learned = {
        title: Baseline.learn(name, rows, features=task.data.feature_names, seed=seed)
        for title, name in BASELINES.items()
    }
    return {
        title: _reports(task, test, one.log_probabilities(task.data.x[test]))
        for title, one in learned.items()
    }


def measure_outlet(
    task: Task, parts: Split, strangers: Split | None, model: Model, seed: int
) -> tuple[Outlet | None, dict[str, Any]]:
    """An outlet that was shown half of the labels outside, and how well it knows tracks of the other half.

    None and nothing where there are too few tracks to say anything. Both the test tracks inside and those outside are by artists that were not learned from. Without exposure the
    score is how unsure the model is.
    """
    if task.outside is None or strangers is None:
        return None, {}
    shown, kept_back = (shown_rows(task.outside, shown=which) for which in (True, False))
    exposed, tested = strangers.train[shown[strangers.train]], strangers.test[kept_back[strangers.test]]
    if min(len(exposed), len(tested)) < MIN_STRANGERS:
        return None, {}
    outlet = Outlet.learn(task, parts.train, exposed, seed=seed)
    x = np.concatenate([task.data.x[parts.test], task.outside.x[tested]])
    is_outside = np.arange(len(x)) >= len(parts.test)
    labels = {label for own in task.outside.labels for label in own}
    without = -model.log_probabilities(x).max(1)
    unknown = {
        "auroc": rounded(unknown_auroc(outlet.chance(x), is_outside)),
        "auroc_without_exposure": rounded(unknown_auroc(without, is_outside)),
        "labels_exposed": sorted(label for label in labels if is_shown(label)),
        "labels_tested": sorted(label for label in labels if not is_shown(label)),
        "tracks_tested": {"inside": len(parts.test), "outside": len(tested)},
    }
    return outlet, {"unknown": unknown}


def rounded(value: float) -> float | None:
    """JSON knows no NaN."""
    return None if np.isnan(value) else round(value, 4)


def _reports(
    task: Task,
    rows: np.ndarray,
    log_p: np.ndarray,
    threshold: float | None = None,
    inside: np.ndarray | None = None,
) -> dict[str, Any]:
    def one(part: np.ndarray) -> dict[str, Any]:
        return report(
            log_p[part],
            task.truth[rows[part]],
            task.first[rows[part]],
            labels=task.labels,
            groups=task.artist_groups(rows[part]),
            threshold=threshold,
            inside=None if inside is None else inside[part],
        )

    whole = one(np.arange(len(rows)))
    parts = {name: one(np.flatnonzero(task.table[rows] == i)) for i, name in enumerate(task.tables)}
    whole["tables"] = {name: {key: part[key] for key in SHORT if key in part} for name, part in parts.items()}
    return whole
