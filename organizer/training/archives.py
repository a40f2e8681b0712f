"""Zips of sound, genre/file.mp3: looked over as a whole before anything is unpacked, and unpacked under our own names.

What a zip says of itself is not believed: nothing is ever unpacked beyond the sizes that it was let in with.
"""

import os
import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.conf import settings

from classifier.errors import DataError
from classifier.labels import some_of

MOST_FILES = 10_000
MOST_DIRECTORY = 16 * 2**20  # bytes of the list of contents, which is read into memory at once
MOST_FILE_BYTES = 64 * 2**20  # what classifier.audio decodes
# Deflate reaches 1,032 : 1 at most; sound in any form hardly 20 : 1. What is smaller than FREE may be emptiness.
MOST_RATIO, FREE = 100, 2**20
BLOCK = 2**16
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_OUTSIDE = re.compile(r"[A-Za-z]:|/")


@dataclass(frozen=True)
class Sound:
    """One sound file of a data set: `label` is its folder's name, `file` its own, as they were given."""

    label: str
    file: str

    @property
    def title(self) -> str:
        return f"{self.label}/{self.file}"


@dataclass(frozen=True)
class Listing:
    """The sounds of a zip, in order of their names; `size` is what they come to unpacked, in bytes."""

    sounds: tuple[Sound, ...]
    entries: tuple[zipfile.ZipInfo, ...]
    passed_over: int  # files that are no sound by their names
    size: int

    def stored_as(self, place: int) -> str:
        """The name that the sound at `place` is unpacked under: a number and an ending that we know."""
        return f"{place:05d}{PurePosixPath(self.sounds[place].file).suffix.lower()}"


class _Careful:
    """A file of which nobody can read a great lot at once, as a lying list of contents would make zipfile do."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seekable, self.tell, self.seek = file.seekable, file.tell, file.seek

    def read(self, size: int = -1) -> bytes:
        if size > MOST_DIRECTORY:
            raise zipfile.BadZipFile("a list of contents beyond all measure")
        return self._file.read(size if size >= 0 else MOST_DIRECTORY)


@contextmanager
def _opened(source: Path | IO[bytes], name: str) -> Iterator[zipfile.ZipFile]:
    """DataError for what is no zip, or a damaged one."""
    file = source.open("rb") if isinstance(source, Path) else source
    try:
        with zipfile.ZipFile(_Careful(file), metadata_encoding="utf-8") as archive:
            yield archive
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name} holds a file whose name is not UTF-8 ({error.object[:60]!r}). Rename it, or make the zip with "
            "a program that writes names as UTF-8."
        ) from error
    except _BROKEN as error:
        raise DataError(
            f"{name} is a damaged or incomplete zip. (If it is an Excel workbook: save it as CSV.)"
        ) from error
    finally:
        if isinstance(source, Path):
            file.close()


def look_over(source: Path | IO[bytes], name: str) -> Listing:
    """What is in a zip, read from its list of contents alone.

    Raises
    ------
    DataError
        It is damaged, dangerous, too large, or holds no sound in folders; the message names what is wrong.
    """
    with _opened(source, name) as archive:
        entries = archive.infolist()
        size = source.stat().st_size if isinstance(source, Path) else source.seek(0, os.SEEK_END)
        _refuse_whole(entries, name, size)
        problems = [problem for entry in entries if (problem := _problem(entry))]
        problems += _twice(entries)
    if problems:
        raise DataError(f"{name} is refused: {_listed(problems)}")
    return _listing([entry for entry in entries if not entry.is_dir()], name)


def _refuse_whole(entries: Sequence[zipfile.ZipInfo], name: str, size: int) -> None:
    if not entries:
        raise DataError(f"{name} is an empty zip.")
    if any(entry.filename in ("[Content_Types].xml", "mimetype") for entry in entries):
        raise DataError(f"{name} is an Excel workbook or another office document; save it as CSV (UTF-8).")
    if len(entries) > MOST_FILES:
        raise DataError(
            f"{name} holds {len(entries):,} files; at most {MOST_FILES:,} are taken. Split it into several data sets."
        )
    unpacked, packed = sum(one.file_size for one in entries), sum(one.compress_size for one in entries)
    if unpacked > settings.DATASET_UNPACKED_MAX_BYTES:
        most = settings.DATASET_UNPACKED_MAX_BYTES // 1_000_000
        raise DataError(
            f"{name} would unpack to {unpacked // 1_000_000:,} MB; at most {most:,} MB are taken."
        )
    if packed > size:
        raise DataError(f"{name} is refused: its files overlap, so that it would unpack to more than it is.")


def _problem(entry: zipfile.ZipInfo) -> str:
    """Why an entry must not be there, in one sentence; empty where nothing is wrong."""
    shown = repr(entry.orig_filename[:80])
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if reason := _bad_name(entry.orig_filename):
        return f"the name {shown} {reason}."
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return f"{shown} is {'a symbolic link' if kind == stat.S_IFLNK else 'no ordinary file'}."
    if entry.flag_bits & 0x1:
        return f"{shown} is encrypted; make the zip without a password."
    if entry.compress_type not in _METHODS:
        return f"{shown} is packed by a method that is not read; make an ordinary zip (deflate)."
    if entry.file_size > MOST_FILE_BYTES:
        return f"{shown} would unpack to more than {MOST_FILE_BYTES // 2**20} MB."
    if entry.file_size > FREE and entry.file_size > MOST_RATIO * entry.compress_size:
        return f"{shown} would unpack to more than {MOST_RATIO} times its size; no sound does."
    return ""


def _bad_name(name: str) -> str:
    parts = name.rstrip("/").split("/")
    if not name.isprintable():
        return "holds characters that cannot be written"
    if "\\" in name:
        return "holds a backslash"
    if _OUTSIDE.match(name):
        return "is an absolute path"
    if any(part in ("", ".", "..") for part in parts):
        return "leads elsewhere (“..”, “.” or nothing between slashes)"
    return "is longer than 250 characters" if any(len(part) > 250 for part in parts) else ""


def _twice(entries: Sequence[zipfile.ZipInfo]) -> list[str]:
    counts = Counter(entry.filename.rstrip("/") for entry in entries)
    return [f"{name!r} is there {count} times." for name, count in counts.items() if count > 1]


def _listed(problems: Sequence[str]) -> str:
    more = f" There are {len(problems) - 5:,} more such faults." if len(problems) > 5 else ""
    return " ".join(problems[:5]) + more


def _listing(files: Sequence[zipfile.ZipInfo], name: str) -> Listing:
    from classifier.endings import SUFFIXES

    def is_sound(entry: zipfile.ZipInfo) -> bool:
        path = PurePosixPath(entry.filename)
        is_hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
        return path.suffix.lower() in SUFFIXES and not is_hidden

    entries = sorted(filter(is_sound, files), key=lambda entry: entry.filename)
    paths = _without_wrapper([PurePosixPath(entry.filename).parts for entry in entries])
    if not paths:
        raise DataError(
            f"{name} holds no sound files; they belong into one folder per genre, such as rock/a.mp3."
        )
    outside = ["/".join(path) for path in paths if len(path) == 1]
    if outside:
        raise DataError(
            f"{name} holds sound files outside of any folder: {some_of(outside[:3])}. "
            "Put each into a folder named for its genre, such as rock/a.mp3."
        )
    deeper = ["/".join(path) for path in paths if len(path) > 2]
    if deeper:
        raise DataError(
            f"{name} holds folders within folders: {some_of(deeper[:3])}. "
            "Each file belongs right into its genre’s folder, such as rock/a.mp3."
        )
    sounds = tuple(Sound(label, file) for label, file in paths)
    return Listing(
        sounds, tuple(entries), len(files) - len(entries), sum(entry.file_size for entry in entries)
    )


def _without_wrapper(paths: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Without the one folder around everything that packing a folder leaves."""
    is_wrapped = len({path[0] for path in paths}) == 1 and all(len(path) == 3 for path in paths)
    return [path[1:] for path in paths] if is_wrapped else paths


def unpack(archive: Path, listing: Listing, folder: Path, on_file: Callable[[int], Any]) -> dict[int, str]:
    """Unpack the sounds that are not there yet into `folder`; what is wrong with the damaged ones, by place.

    A file is written beside and then renamed, so that one cut short by a kill is never taken for whole.
    """
    damaged: dict[int, str] = {}
    folder.mkdir(parents=True, exist_ok=True)
    with _opened(archive, archive.name) as opened:
        for place, entry in enumerate(listing.entries):
            target = folder / listing.stored_as(place)
            if not target.exists():
                try:
                    _write(opened, entry, target)
                except _BROKEN:
                    damaged[place] = "The zip is damaged at this file."
            on_file(place + 1)
    return damaged


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    part = target.with_suffix(".part")
    left = entry.file_size
    try:
        with archive.open(entry) as member, part.open("wb") as file:
            while block := member.read(BLOCK):
                left -= len(block)
                if left < 0:
                    raise zipfile.BadZipFile("more than its list of contents says")
                file.write(block)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
