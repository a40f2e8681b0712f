"""What decides a training's result, as one number: equal where nothing would come out differently."""

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import classifier
from organizer.models import Dataset, ModelVersion, TrainingRun
from organizer.training import corrections, options


def of(run: TrainingRun, admitted: Sequence[Dataset]) -> str:
    """sha256 over the data as they are now, the settings and the program that learns."""
    decides = {
        "data": sorted(_data(one) for one in admitted),
        "family": run.family,
        "genres": sorted(run.genres),
        "split": run.split,
        "seed": run.seed,
        "options": options.Options.of(run.options).stored(),
        "made from": ears_in_use(run),
        "program": program(),
    }
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def _data(dataset: Dataset) -> list[object]:
    if dataset.kind == Dataset.Kind.CORRECTIONS:
        return [dataset.name, corrections.read().provenance[0].sha256]
    labels = sorted((label, genre) for label, genre in dataset.label_map.items() if genre)
    return [dataset.name, dataset.sha256 or _sha256(dataset.path), labels]


def _sha256(path: Path) -> str:
    """Of a data set from before files were numbered; the path stands for a folder."""
    if not path.is_file():
        return str(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ears_in_use(run: TrainingRun) -> str:
    """Which sound expert a new head would be put on; empty where none is."""
    if options.kind_of(run) != ModelVersion.Kind.SOUND:
        return ""
    champion = ModelVersion.objects.champion(ModelVersion.Kind.SOUND)
    return champion.name if champion else "shipped"


@lru_cache(maxsize=1)
def program() -> str:
    """sha256 of the classifier's source."""
    digest = hashlib.sha256()
    folder = Path(classifier.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return digest.hexdigest()
