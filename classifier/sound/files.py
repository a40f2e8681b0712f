"""Sound files as tracks to be judged: what the sound expert hears in each, and the descriptors a version may want."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from classifier import descriptors
from classifier.errors import AudioError, DataError
from classifier.folders import SUFFIXES, readable
from classifier.sound.expert import SoundExpert

BATCH = 16


@dataclass
class Heard:
    """Usable files in order: names relative to the folder, family -> log-probability each, descriptors where wanted.

    refused: the name of each unusable file and the reason in one sentence.
    """

    names: list[str] = field(default_factory=list)
    sound: list[dict[str, float]] = field(default_factory=list)
    described: list[dict[str, float]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def sound_files(source: Path) -> list[Path]:
    """`source` itself, or the sound files at any depth in it by name; hidden ones and other kinds are passed over.

    Raises
    ------
    DataError
        There is nothing of the kind.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise DataError(f"There is no file or folder {source.name!r}.")
    found = sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    found = [path for path in found if not any(one.startswith(".") for one in path.relative_to(source).parts)]
    if not found:
        raise DataError(f"{source.name} holds no sound files.")
    return found


def hear(files: Iterable[Path], root: Path, expert: SoundExpert, *, describe: bool = False) -> Heard:
    """Decode and judge each file, a few at a time, so that memory does not grow with their number."""
    heard, names, waves = Heard(), [], []
    for path in files:
        name = readable(path.relative_to(root).as_posix() if path != root else path.name)
        try:
            waves.append(expert.decode(path))
            names.append(name)
        except AudioError as error:
            heard.refused.append((name, str(error)))
        if len(waves) == BATCH:
            _judge(heard, names, waves, expert, describe)
            names, waves = [], []
    _judge(heard, names, waves, expert, describe)
    return heard


def _judge(
    heard: Heard, names: list[str], waves: list[np.ndarray], expert: SoundExpert, describe: bool
) -> None:
    heard.names += names
    heard.sound += expert.opinion.spoken(expert.embed(waves))
    heard.described += [descriptors.describe_fully(wave) if describe else {} for wave in waves]
