"""A run's data sets and settings as the classifier wants them. The classifier is imported inside functions."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from classifier.errors import DataError
from organizer.models import Dataset, ModelVersion, TrainingRun
from organizer.training import datasets, options
from organizer.training.options import Options

if TYPE_CHECKING:
    from classifier.dataset import Dataset as Tracks
    from classifier.fit import Progress
    from classifier.sound.clips import Clips
    from classifier.sound.head import Heard
    from classifier.splits import Split, SplitKind
    from classifier.train import TrainConfig

Report = Callable[["Progress"], None]
LEAST_CLIPS = 2  # in every part: an instance's own folders may be small
SOUND_SEED = (
    0  # of the split of clips: the same in every run, so that versions can be compared on the test part
)


def learn(run: TrainingRun, data: Sequence[Dataset], out: Path, report: Report) -> dict[str, Any]:
    """Train on `data` and write the version directory `out`; its description.

    Raises
    ------
    DataError
        The data sets cannot be learned from. ModelError: the version cannot be written.
    """
    if options.is_sound(run.family):
        return _from_sound(run, data, out, report)
    return _from_tables(run, data, out, report)


def in_order(data: Sequence[Dataset]) -> list[Dataset]:
    """Corrections first: see `_tracks`."""
    return sorted(data, key=lambda one: (one.kind != Dataset.Kind.CORRECTIONS, one.pk))


def _from_tables(run: TrainingRun, data: Sequence[Dataset], out: Path, report: Report) -> dict[str, Any]:
    from classifier.train import train_version

    tables = _tracks(run, data)
    if len({one.feature_names for one in tables}) > 1:
        raise DataError("The data sets have different features, so they cannot be learned from together.")
    return train_version(tables, out, _table_config(run, data), progress=report).meta


def _tracks(run: TrainingRun, data: Sequence[Dataset]) -> "list[Tracks]":
    """The tracks of each data set; of a song that users corrected their word alone, whatever tables say of it."""
    from classifier.same_song import outranked

    read = [datasets.read(one) for one in in_order(data)]
    if not _corrected(data):
        return read
    tables, said = outranked(read[1:], read[0])
    return [said if run.split == "artist" else _taught(said), *tables]


def _corrected(data: Sequence[Dataset]) -> list[str]:
    return [one.name for one in data if one.kind == Dataset.Kind.CORRECTIONS]


def _taught(said: "Tracks") -> "Tracks":
    """Only those by artists that no run's test by artist holds out, whatever the run's own split."""
    import numpy as np

    from classifier.splits import split

    parts = split(said, "artist")
    return said.take(np.sort(np.concatenate([parts.train, parts.valid])))


def _table_config(run: TrainingRun, data: Sequence[Dataset]) -> "TrainConfig":
    from classifier.models import Learner
    from classifier.networks import changed
    from classifier.task import Balance
    from classifier.train import TrainConfig

    chosen, net = Options.of(run.options), Learner.named(run.family).net
    return TrainConfig(
        model=run.family,
        net=changed(net, epochs=chosen.epochs, members=chosen.members) if net else None,
        seed=run.seed,
        genres=tuple(run.genres) or None,
        balance=Balance(genre=chosen.balance),
        split=cast("SplitKind", run.split),
        spare_test=True,
        genres_per_track=chosen.genres_per_track,
        learning_curve=chosen.learning_curve,
        table_weights=dict.fromkeys(_corrected(data), chosen.corrections),
    )


def _from_sound(run: TrainingRun, data: Sequence[Dataset], out: Path, report: Report) -> dict[str, Any]:
    from classifier.sound.head import train_head
    from classifier.sound.train import SoundConfig, train_sound

    epochs = Options.of(run.options).epochs
    config = SoundConfig(
        model=run.family, seed=run.seed, epochs=epochs, spare_test=True, least_clips=LEAST_CLIPS
    )
    heard, parts = _heard(run, data)
    if options.kind_of(run) == ModelVersion.Kind.SOUND:
        return train_head(heard, parts, out, config, base=expert_in_use(), progress=report).meta
    return train_sound(heard.clips, parts, out, config, progress=report).meta


def _heard(run: TrainingRun, data: Sequence[Dataset]) -> "tuple[Heard, Split]":
    """All clips of the wanted genres with their embeddings, every data set parted by itself."""
    import numpy as np

    from classifier.sound.head import Heard
    from classifier.sound.joined import split_each, together, within

    sets: list[tuple[Clips, np.ndarray]] = [datasets.clips(one) for one in data]
    clips = together([one for one, _ in sets])
    parts = split_each([one for one, _ in sets], SOUND_SEED)
    wanted = set(run.genres) or set(clips.labels)
    kept = [row for row, label in enumerate(clips.labels) if label in wanted]
    embeddings = np.concatenate([heard for _, heard in sets])
    return Heard(clips.take(kept), embeddings[kept]), within(parts, kept)


def expert_in_use() -> Path | None:
    """The sound expert that a new head is put on; None: the shipped one."""
    champion = ModelVersion.objects.champion(ModelVersion.Kind.SOUND)
    return champion.directory if champion else None
