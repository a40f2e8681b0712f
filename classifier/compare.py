"""Model families side by side: the same tracks, the same splits, always beside the dummy and logistic regression."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from classifier.errors import DataError
from classifier.evaluate import report
from classifier.models import Learner
from classifier.networks import changed
from classifier.splits import ARTISTS_SHARED, Split, SplitKind, cross_validation, split
from classifier.task import Balance, Task, rows_of

ALWAYS = ("dummy", "logistic")


@dataclass(frozen=True)
class Plan:
    """What to compare. With `folds` every track is tested once per seed, else a fifth of them."""

    models: tuple[str, ...]
    split: SplitKind = "artist"
    folds: int = 0
    seeds: tuple[int, ...] = (0,)
    members: int | None = None
    balance: Balance = Balance()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*ALWAYS, *self.models)))

    @property
    def fits(self) -> int:
        return len(self.names) * len(self.seeds) * max(1, self.folds)

    def describe(self) -> str:
        shared = "artists shared between parts" if ARTISTS_SHARED[self.split] else "artists disjoint"
        how = f"{self.folds}-fold cross-validation" if self.folds else "60/20/20"
        return f"split {self.split} {how}, {shared}, seeds {', '.join(map(str, self.seeds))}"

    def splits(self, task: Task, seed: int) -> Iterator[Split]:
        if self.folds:
            yield from cross_validation(task.data, self.split, self.folds, seed=seed)
        else:
            yield split(task.data, self.split, seed=seed)


def compare(
    task: Task, plan: Plan, *, on_fit: Callable[[str], object] = lambda name: None
) -> dict[str, dict[str, tuple[float, float]]]:
    """Mean and standard deviation over splits of each family's figures on the test parts.

    "accuracy" counts any true label, "strict" the row's own; the deviation of cross-validation is between seeds, each
    over all rows. Networks stop early by the validation part; families that need none learn from it too.
    """
    learners = {name: _learner(name, plan) for name in plan.names}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in learners}
    for seed in plan.seeds:
        parts = list(plan.splits(task, seed))
        _check(task, parts, plan)
        for name, learner in learners.items():
            tested = []
            for one in parts:
                tested.append(_figures(task, one, learner, plan.balance, seed))
                on_fit(name)
            found[name].append({key: float(np.mean([part[key] for part in tested])) for key in tested[0]})
    return {name: _spread(figures) for name, figures in found.items()}


def _check(task: Task, parts: Sequence[Split], plan: Plan) -> None:
    for one in parts:
        if not len(one.valid) or not len(one.test) or len(set(task.first[one.train])) < 2:
            raise DataError(
                f"The split {plan.split} leaves a part without tracks, or training with a single genre; "
                "there are too few artists or tracks for it."
            )


def _learner(name: str, plan: Plan) -> Learner:
    learner = Learner.named(name)
    return replace(learner, net=changed(learner.net, members=plan.members)) if learner.net else learner


def _figures(task: Task, parts: Split, learner: Learner, balance: Balance, seed: int) -> dict[str, float]:
    started = time.perf_counter()
    known = parts.train if learner.net else np.concatenate([parts.train, parts.valid])
    model = learner.learn(
        rows_of(task, known, balance),
        rows_of(task, parts.valid),
        features=task.data.feature_names,
        labels=task.labels,
        seed=seed,
    )
    seconds = time.perf_counter() - started
    log_p, truth = model.log_probabilities(task.data.x[parts.test]), task.truth[parts.test]
    one = report(
        log_p, truth, task.first[parts.test], labels=task.labels, groups=task.artist_groups(parts.test)
    )
    top_5 = one["top_k"].get("5", 1.0)
    return {
        "accuracy": one["accuracy"],
        "strict": one["accuracy_strict"],
        "top_5": top_5,
        "macro_f1": one["macro_f1"],
        "calibration_error": one["calibration_error"],
        "seconds": seconds,
    }


def _spread(figures: Sequence[Mapping[str, float]]) -> dict[str, tuple[float, float]]:
    return {
        key: (float(np.mean([one[key] for one in figures])), float(np.std([one[key] for one in figures])))
        for key in figures[0]
    }
