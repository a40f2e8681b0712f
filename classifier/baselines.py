"""The classical models that people compare with, each in the pipeline it needs; saved without pickle (skops)."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.special import softmax

from classifier.errors import ModelError
from classifier.labels import feature_named
from classifier.model_names import MOST_ROWS
from classifier.rows import Rows

NEIGHBOURS = 25
# Forests whose trees grow until leaves are small would hold gigabytes of many tracks: beyond `WHOLE` tracks there are more of
# them in a leaf, and fewer trees. In the same room, on artists unknown to 65,075 tracks, 80 extra trees with 5 in a leaf had
# 41.9 % right and a log-loss of 1.73, 33 with 2 in a leaf 41.2 % and 1.81; 100 trees of 10,000 tracks 40.1 % and 1.80.
WHOLE, LEAF, LARGE_LEAF = 10_000, 2, 5
MOST_TREES, TREES_BY_TRACKS = 300, 5_000_000
LEAST = 1e-9  # probability of what a model rules out
SKOPS = "skops"
# What a saved model may consist of besides the types skops trusts by itself.
TRUSTED = frozenset(
    {
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "numpy.dtype",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)


@dataclass(frozen=True)
class Recipe:
    """How one classical model is built and fed.

    inputs: "scaled" numbers are standardised and categories one-hot, for models that measure distances; "filled"
    only missing values are replaced, for trees; "raw" with NaN. Beyond `MOST_ROWS` a seeded sample is learned from.
    forests: beginnings of the parameters of forests whose trees grow until leaves are small.
    """

    make: Callable[[int], Any]  # seed -> unfitted scikit-learn classifier
    inputs: Literal["scaled", "filled", "raw"]
    forests: tuple[str, ...] = ()


def _jobs() -> int:
    """Threads for forests: two, or as few as the operator gives OpenMP; the trees are the same with any number."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return min(2, int(wanted)) if wanted.isdigit() and int(wanted) else 2


def _size(tracks: int) -> dict[str, int]:
    """Parameters of a forest, so that it holds some 400 MB at most."""
    leaf = LEAF if tracks <= WHOLE else LARGE_LEAF
    return {"n_estimators": max(1, min(MOST_TREES, TREES_BY_TRACKS // tracks)), "min_samples_leaf": leaf}


def _dummy(seed: int) -> Any:
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior")


def _knn(seed: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    # Enough neighbours for probabilities of several genres; near ones count more.
    return KNeighborsClassifier(n_neighbors=NEIGHBOURS, weights="distance")


def _logistic(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=300)


def _adaboost(seed: int) -> Any:
    from sklearn.ensemble import AdaBoostClassifier

    return AdaBoostClassifier(random_state=seed)


def _gradient_boosting(seed: int) -> Any:
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(max_features="sqrt", random_state=seed)


def _random_forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=200, max_depth=10, n_jobs=_jobs(), random_state=seed)


def _svc(seed: int) -> Any:
    from sklearn.svm import SVC

    return SVC(random_state=seed)


def _light_gbm(seed: int, **changed: Any) -> Any:
    from lightgbm import LGBMClassifier

    settings = {
        "n_estimators": 170, "learning_rate": 0.05, "num_leaves": 48, "min_child_samples": 30,
        "subsample": 0.8, "subsample_freq": 1, "colsample_bytree": 0.8,
    }  # fmt: skip
    # 0 leaves the number of threads to OpenMP and so to OMP_NUM_THREADS; the default would take every core, and lose
    # much time where other processes want them too.
    return LGBMClassifier(
        **{**settings, **changed}, n_jobs=0, random_state=seed, deterministic=True, verbose=-1
    )


def _extra_trees(seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    # More than the root of the features at each node, for most of them say little about most genres.
    return ExtraTreesClassifier(max_features=0.6, n_jobs=_jobs(), random_state=seed)


def _trees(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier, VotingClassifier

    forest = RandomForestClassifier(max_features=0.4, n_jobs=_jobs(), random_state=seed)
    members = [("forest", forest), ("extra", _extra_trees(seed)), ("boosting", _light_gbm(seed))]
    return VotingClassifier(members, voting="soft")


RECIPES: Mapping[str, Recipe] = {
    "dummy": Recipe(_dummy, "raw"),
    "knn": Recipe(_knn, "scaled"),
    "logistic": Recipe(_logistic, "scaled"),
    "adaboost": Recipe(_adaboost, "filled"),
    "gradient-boosting": Recipe(_gradient_boosting, "filled"),
    "random-forest": Recipe(_random_forest, "filled"),
    "svc": Recipe(_svc, "scaled"),
    "lightgbm": Recipe(_light_gbm, "raw"),
    "trees": Recipe(_trees, "filled", ("forest__", "extra__")),
    "extra-trees": Recipe(_extra_trees, "filled", ("",)),
}


class Baseline:
    """A fitted classical model."""

    def __init__(self, pipeline: Any, n_labels: int) -> None:
        self.pipeline = pipeline
        self.n_labels = n_labels

    @classmethod
    def learn(cls, name: str, rows: Rows, *, features: tuple[str, ...], seed: int = 0) -> "Baseline":
        """Fit the recipe `name`. A track of several genres counts as one row for each, with its weight divided."""
        from sklearn.pipeline import Pipeline
        from sklearn.utils.validation import has_fit_parameter

        recipe = RECIPES[name]
        chosen = np.random.default_rng(seed).permutation(len(rows.x))[: MOST_ROWS.get(name)]
        place, label = np.nonzero(rows.truth[chosen])
        row = chosen[place]
        model = recipe.make(seed)
        if name == "knn" and len(row) < NEIGHBOURS:
            model.set_params(n_neighbors=len(row))
        for forest in recipe.forests:
            model.set_params(**{forest + name: value for name, value in _size(len(row)).items()})
        pipeline = Pipeline([("inputs", _inputs(recipe.inputs, features)), ("model", model)])
        weight = rows.weight[row] / rows.truth[row].sum(1)
        weighed = {"model__sample_weight": weight} if has_fit_parameter(model, "sample_weight") else {}
        pipeline.fit(rows.x[row], label, **weighed)
        return cls(pipeline, rows.truth.shape[1])

    def log_probabilities(self, x: np.ndarray) -> np.ndarray:
        """x float32 [n, F], NaN for missing -> log-probabilities float64 [n, K]."""
        chances = np.full((len(x), self.n_labels), LEAST)
        if len(x):
            chances[:, self.pipeline.classes_] = np.maximum(self._chances(x), LEAST)
        return np.log(chances / chances.sum(1, keepdims=True))

    def _chances(self, x: np.ndarray) -> np.ndarray:
        if hasattr(self.pipeline, "predict_proba"):
            return np.asarray(self.pipeline.predict_proba(x))
        # Support vectors give margins; what these are worth as probabilities, the fitted temperature decides.
        margins = self.pipeline.decision_function(x)
        return softmax(margins if margins.ndim == 2 else np.stack([-margins, margins], axis=1), axis=1)

    def arrays(self) -> dict[str, np.ndarray]:
        """The pipeline as bytes, uint8 [m]."""
        from skops import io

        return {SKOPS: np.frombuffer(io.dumps(self.pipeline, compression=8), np.uint8)}

    def description(self) -> dict[str, Any]:
        return {}

    @classmethod
    def restore(cls, arrays: Mapping[str, np.ndarray], n_labels: int) -> "Baseline":
        """Back from `arrays`.

        Raises
        ------
        ModelError
            The file holds types that no model of ours consists of.
        """
        from skops import io

        content = arrays[SKOPS].tobytes()
        strange = sorted(set(io.get_untrusted_types(data=content)) - TRUSTED)
        if strange:
            raise ModelError(f"The model holds unexpected parts and was not loaded: {', '.join(strange)}.")
        return cls(io.loads(content, trusted=sorted(TRUSTED)), n_labels)


def _inputs(kind: str, features: tuple[str, ...]) -> Any:
    """What turns x [n, F] into the model's input."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    if kind == "raw":
        return "passthrough"
    if kind == "filled":
        return SimpleImputer(strategy="median", keep_empty_features=True)
    schema = [feature_named(name) for name in features]
    numbers = [i for i, one in enumerate(schema) if one.kind == "number"]
    others = [i for i, one in enumerate(schema) if one.kind != "number"]
    values = [np.arange(schema[i].low, schema[i].high + 1) for i in others]
    filled = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    one_hot = OneHotEncoder(categories=values, handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer([("numbers", filled, numbers), ("categories", one_hot, others)])
