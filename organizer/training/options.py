"""What an admin may choose for a training, by family: which data fits, which settings there are, and their defaults."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from classifier.model_names import MODELS, MOST_ROWS, SOUND_MODELS
from organizer.models import Dataset, ModelVersion, TrainingRun

NETWORKS = ("mlp", "mlp-labels", "classic-mlp", "blend")  # have epochs, and may be several that are averaged
SHIPPED, SCRATCH = "shipped", "scratch"
MOST_EPOCHS, MOST_MEMBERS, MOST_GENRES, MOST_WEIGHT = 500, 9, 5, 20.0
# Group -> its families, in the order in which somebody who knows none should read them.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Networks on features": ("mlp", "mlp-labels", "blend"),
    "Trees on features": (
        "lightgbm",
        "random-forest",
        "extra-trees",
        "trees",
        "gradient-boosting",
        "adaboost",
    ),
    "Plainer ones on features": ("logistic", "svc", "knn", "dummy", "classic-mlp"),
    "Nets that hear": ("cnn", "classic-cnn", "classic-ffnn"),
}
SPLITS: Mapping[str, str] = {
    "artist": "By artist: nothing is tested on an artist that was learned from. The honest one.",
    "album": "By album: artists are shared between training and test, and so the figures flatter.",
    "stratified": "At random, with each genre’s share kept: artists are shared, and so the figures flatter.",
    "random": "At random: artists are shared, and so the figures flatter; published figures are mostly of this kind.",
}


@dataclass(frozen=True)
class Options:
    """Settings beyond family, data, genres, split and seed. None: the family's own."""

    epochs: int | None = None
    members: int | None = None
    balance: float = 0.5  # how much a rare genre counts: see classifier.task.Balance
    genres_per_track: int = 1
    learning_curve: bool = False
    corrections: float = 3.0  # how much a corrected song counts beside a track of another data set
    start: Literal["shipped", "scratch"] = "shipped"  # of the net cnn: on the ears in use, or from nothing

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Options":
        """What a run has stored; names that this program does not know are passed over."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})

    def stored(self) -> dict[str, Any]:
        """Only what differs from the defaults."""
        return {name: value for name, value in asdict(self).items() if value != getattr(Options(), name)}


def is_sound(family: str) -> bool:
    return family in SOUND_MODELS


def has_epochs(family: str) -> bool:
    return is_sound(family) or family in NETWORKS


def reason(family: str) -> str:
    """What the family is and why it is here, in a sentence without its full stop."""
    most = MOST_ROWS.get(family)
    sampled = f"; learns from a sample of {most:,} tracks where there are more" if most else ""
    return {**MODELS, **SOUND_MODELS}[family] + sampled


def fits(family: str, dataset: Dataset) -> bool:
    """Nets that hear learn from sound, all others from tables and corrections."""
    return is_sound(family) == (dataset.kind == Dataset.Kind.AUDIO)


def kind_of(run: TrainingRun) -> ModelVersion.Kind:
    """What kind of version the run makes."""
    if not is_sound(run.family):
        return ModelVersion.Kind.TABLES
    keeps_ears = run.family == "cnn" and Options.of(run.options).start == SHIPPED
    return ModelVersion.Kind.SOUND if keeps_ears else ModelVersion.Kind.NET


def unfit(family: str, chosen: Options) -> dict[str, str]:
    """Option -> a sentence, for each that the family does not have."""
    found = {}
    if chosen.epochs is not None and not 1 <= chosen.epochs <= MOST_EPOCHS:
        found["epochs"] = f"Epochs are a whole number from 1 to {MOST_EPOCHS}."
    elif chosen.epochs and not has_epochs(family):
        found["epochs"] = f"{family} learns in one go and has no epochs: leave this empty."
    if chosen.members and family not in NETWORKS:
        found["members"] = f"{family} is one model: leave this empty."
    if is_sound(family) and chosen.genres_per_track > 1:
        found["genres_per_track"] = "Versions that hear name one genre for a clip: leave this at 1."
    if is_sound(family) and chosen.learning_curve:
        found["learning_curve"] = "Learning from fewer clips is not measured for nets that hear."
    return found
