"""A folder of sound files, one sub-folder per genre (genre/file.mp3), as a data set of described tracks."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from classifier import audio
from classifier.data import Level, OnBadRow, genres_of
from classifier.dataset import BadRow, Dataset, Provenance, ReadReport, matrix, merge_tracks
from classifier.descriptors import describe_fully
from classifier.endings import SUFFIXES
from classifier.errors import AudioError, DataError
from classifier.labels import LabelMap, detect_mapping

READ_BYTES = 1024**2


@dataclass(frozen=True)
class Clip:
    """One sound file; `label` is the name of the folder it lies in."""

    path: Path
    label: str

    @property
    def id(self) -> str:
        return f"{self.label}/{readable(self.path.name)}"


def list_clips(folder: Path, *, flat: bool = False) -> list[Clip]:
    """The sound files in `folder`'s sub-folders, by name; hidden files and other kinds are passed over.

    With `flat`, a folder without any there may hold sound files itself.

    Raises
    ------
    DataError
        There is no such folder, or no sound file in any of its sub-folders.
    """
    folder = folder.absolute()  # "." has no name
    if not folder.is_dir():
        raise DataError(f"{folder.name} is not a folder.")
    clips = _clips(folder, "*/*") or (_clips(folder, "*") if flat else [])
    if not clips:
        raise DataError(f"{folder.name} holds no sound files; they belong into one sub-folder per genre.")
    return clips


def _clips(folder: Path, pattern: str) -> list[Clip]:
    files = sorted(
        path for path in folder.glob(pattern) if path.suffix.lower() in SUFFIXES and path.is_file()
    )
    return [Clip(path, readable(path.parent.name)) for path in files if not path.name.startswith(".")]


def readable(name: str) -> str:
    """A file's name as text that can be written; bytes that are none become escapes."""
    return os.fsencode(name).decode(errors="backslashreplace")


def read_folder(
    folder: Path,
    *,
    mapping: str | LabelMap | None = None,
    level: Level = "family",
    on_bad_row: OnBadRow = "stop",
    licence: str = "not stated",
    on_clip: Callable[[int, int], object] = lambda done, total: None,
) -> Dataset:
    """Decode and describe every clip; the features are `DESCRIPTORS`, artists are unknown.

    Raises
    ------
    DataError
        A file that is no usable sound is named; with `on_bad_row="skip"` it is left out and listed in the report.
    """
    folder = folder.absolute()
    clips = list_clips(folder)
    known = mapping or detect_mapping(clip.label for clip in clips)
    genres = genres_of({clip.label for clip in clips}, level, known, folder.name)
    described, bad, digest = _describe(clips, on_bad_row, on_clip)
    filed = [(genre,) if (genre := genres[clip.label]) else () for clip in clips]
    rows = [i for i, one in enumerate(filed) if one and described[i]]
    if not rows:
        raise DataError(f"{folder.name} holds no usable sound file.")
    names = tuple(described[rows[0]])
    x = matrix({name: [row.get(name) for row in described] for name in names}, len(clips), names)
    ids = tuple(clip.id for clip in clips)
    data = Dataset(x, names, tuple(filed), ((),) * len(clips), ids, level=level)
    report = ReadReport(
        rows_read=len(clips),
        tracks=len(rows),
        bad_rows=tuple(bad),
        left_out=dict(Counter(clip.label for clip in clips if not genres[clip.label])),
        label_column="folder",
        mapping=known if isinstance(known, str) and level != "own" else None,
        missing_columns=(),
    )
    origin = Provenance(folder.name, digest, len(clips), licence)
    return replace(merge_tracks(data, rows), provenance=(origin,), report=report)


def _describe(
    clips: list[Clip], on_bad_row: OnBadRow, on_clip: Callable[[int, int], object]
) -> tuple[list[dict[str, float]], list[BadRow], str]:
    """Each clip's named numbers (none where it cannot be used), the unusable ones, and a sha256 over all bytes."""
    described: list[dict[str, float]] = []
    bad: list[BadRow] = []
    digest = hashlib.sha256()
    for i, clip in enumerate(clips):
        try:
            _add_bytes(digest, clip.path)
            described.append(describe_fully(audio.decode(clip.path)))
        except (AudioError, OSError) as error:
            if on_bad_row == "stop":
                raise DataError(f"{clip.id}: {error}") from error
            described.append({})
            bad.append(BadRow(i + 1, clip.id, str(error).rstrip(".")))
        on_clip(i + 1, len(clips))
    return described, bad, digest.hexdigest()


def _add_bytes(digest: "hashlib._Hash", path: Path) -> None:
    with path.open("rb") as file:
        while content := file.read(READ_BYTES):
            digest.update(content)
