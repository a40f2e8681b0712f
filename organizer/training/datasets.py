"""Data sets: what an admin gives to train on, and what its labels mean. The classifier is imported inside functions."""

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings

from classifier.errors import DataError
from classifier.labels import guess_mapping
from organizer.models import Dataset, TrainingRun
from organizer.training import corrections

if TYPE_CHECKING:
    import numpy as np

    from classifier.dataset import Dataset as Tracks
    from classifier.sound.clips import Clips

CLIPS = "clips.npz"  # mel uint8 [n, 128, 387], names and files str [n], embeddings float16 [n, WIDTH]
AUDIO = "audio"
Kind = Dataset.Kind


def resolve_server_path(text: str) -> Path:
    """A file or folder that an admin names on the server. Only what lies in DATASET_DIRS is read, links followed."""
    if "\0" in text:
        raise DataError("A path on the server holds no NUL characters.")
    inside = [folder / text for folder in settings.DATASET_DIRS if (folder / text).exists()]
    path = (inside[0] if inside else Path(text)).resolve()
    if not is_allowed(path):
        folders = ", ".join(str(folder) for folder in settings.DATASET_DIRS)
        raise DataError(
            f"{path.name}: only files inside {folders} may be read. Set DATASET_DIRS to allow others."
        )
    if not (path.is_file() or path.is_dir()):
        raise DataError(f"{path.name}: there is no such file or folder on the server.")
    return path


def is_allowed(path: Path) -> bool:
    """It lies in DATASET_DIRS, wherever links on the way to it lead."""
    return any(path.resolve().is_relative_to(folder) for folder in settings.DATASET_DIRS)


def check_size(source: Path | IO[bytes]) -> None:
    """DataError for a file beyond what is taken."""
    size = source.stat().st_size if isinstance(source, Path) else source.seek(0, 2)
    if size > settings.DATASET_MAX_BYTES:
        raise DataError(f"The file is larger than {settings.DATASET_MAX_BYTES // 1_000_000} MB.")


def inspect_table(dataset: Dataset, source: Any, *, name: str | None = None) -> None:
    """Read a table's labels and propose a genre for each; DataError when the file cannot be used."""
    from classifier.data import label_counts

    check_size(source)
    if not isinstance(source, Path):
        source.seek(0)
    labels = label_counts(source, name=name)
    if not labels:
        raise DataError("The table has a header but no labelled rows.")
    propose_genres(dataset, labels)
    dataset.rows, dataset.report = sum(labels.values()), {"labels": labels}


def propose_genres(dataset: Dataset, labels: dict[str, int]) -> None:
    """A genre for each label; what a person has said already stays."""
    proposed = guess_mapping(labels)
    dataset.label_map = {label: dataset.label_map.get(label, proposed[label] or "") for label in labels}


def map_labels(dataset: Dataset, label_map: dict[str, str]) -> None:
    """Store the admin's mapping of the file's labels to genres; everything that is counted by genre follows from it."""
    dataset.label_map = label_map
    dataset.save(update_fields=["label_map"])


def read(dataset: Dataset) -> "Tracks":
    """The tracks as the classifier's Dataset, bad rows skipped and reported; of corrections as they are now.

    Raises
    ------
    DataError
        The table cannot be used any more, or the data set is no table.
    """
    from classifier.data import read_table

    if dataset.kind == Kind.CORRECTIONS:
        return corrections.read()
    if dataset.kind != Kind.TABLE:
        raise DataError(f"“{dataset}” holds sound, not a table of features.")
    mapping = {label: genre or None for label, genre in dataset.label_map.items()}
    tracks = read_table(dataset.path, mapping=mapping, on_bad_row="skip", licence=dataset.licence)
    return replace(tracks, provenance=tuple(replace(one, name=dataset.name) for one in tracks.provenance))


def clips(dataset: Dataset) -> "tuple[Clips, np.ndarray]":
    """The clips, labelled with families, and their embeddings float32 [n, opinion.WIDTH]; NaN where a part is missing.

    Raises
    ------
    DataError
        The data set holds no sound, or what was made of it is not there.
    """
    import numpy as np

    from classifier.dataset import Provenance
    from classifier.sound.clips import Clips

    with _opened_clips(dataset) as file:
        names = tuple(str(name) for name in file["names"])
        found = [dataset.label_map.get(name.split("/")[0]) or "" for name in names]
        kept = np.flatnonzero([bool(family) for family in found])
        origin = Provenance(dataset.name, dataset.sha256, len(names), dataset.licence)
        unnamed = Counter(name.split("/")[0] for name, family in zip(names, found, strict=True) if not family)
        whole = Clips(file["mel"], names, tuple(found), origin, left_out=dict(unnamed))
        embeddings = file["embeddings"].astype(np.float32)
    return (whole, embeddings) if len(kept) == len(names) else (whole.take(kept), embeddings[kept])


def _opened_clips(dataset: Dataset) -> Any:
    import numpy as np

    if dataset.kind != Kind.AUDIO:
        raise DataError(f"“{dataset}” holds no sound.")
    try:
        return np.load(dataset.folder / CLIPS, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DataError(
            f"The spectrograms of “{dataset}” are not there any more; have it checked again."
        ) from error


def sound_file(dataset: Dataset, name: str) -> Path:
    """The file behind a clip's name; DataError where there is none."""
    with _opened_clips(dataset) as file:
        places = dict(zip(map(str, file["names"]), map(str, file["files"]), strict=True))
    path = sound_folder(dataset) / places[name] if name in places else None
    if path is None or not path.is_file() or not (is_ours(dataset, path) or is_allowed(path)):
        raise DataError(f"“{dataset}” has no sound named {name!r} any more.")
    return path


def is_ours(dataset: Dataset, path: Path) -> bool:
    """It was unpacked here."""
    return path.resolve().is_relative_to(dataset.folder.resolve())


def sound_folder(dataset: Dataset) -> Path:
    """Where its sound files lie: a folder on the server stays where it is, a zip was unpacked."""
    given = Path(dataset.server_path) if dataset.server_path else None
    return given if given and given.is_dir() else dataset.folder / AUDIO


def runs_with(dataset: Dataset) -> list[TrainingRun]:
    """The runs that refer to it, the newest first."""
    return list(dataset.runs.all())


def forget_files(dataset: Dataset) -> None:
    """Remove what was uploaded and what was made of it; a file or folder on the server stays, as it is not ours."""
    if dataset.file:
        dataset.file.delete(save=False)
    shutil.rmtree(dataset.folder, ignore_errors=True)


def why_kept(dataset: Dataset) -> str:
    """Why it cannot be deleted, in one sentence; empty where it can."""
    runs = runs_with(dataset)
    if not runs:
        return ""
    named = ", ".join(str(run) for run in runs[:5]) + (" and others" if len(runs) > 5 else "")
    return (
        f"“{dataset}” stays, because {named} refer{'s' if len(runs) == 1 else ''} to it. Delete that first."
    )


def delete(dataset: Dataset) -> None:
    """Remove the row and its files; DataError while runs refer to it."""
    if why := why_kept(dataset):
        raise DataError(why)
    files = Dataset(pk=dataset.pk, file=dataset.file.name)
    dataset.delete()
    forget_files(files)
