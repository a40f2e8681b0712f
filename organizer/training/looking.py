"""The first look at what somebody wants to add: what it is and whether it is dangerous, without reading it through."""

from io import BytesIO
from pathlib import Path
from typing import IO

from organizer.models import Dataset
from organizer.training import archives, sounds
from organizer.training.datasets import check_size

ZIP_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")
BEGINNING = 256 * 1024  # bytes of a CSV file that are looked at before it is stored
Kind = Dataset.Kind


def peek(source: Path | IO[bytes], *, name: str) -> Dataset.Kind:
    """What kind of data set this is, after a look that takes no time; DataError for what is none or dangerous."""
    kind = guess_kind(source)
    if kind == Kind.TABLE:
        peek_table(source, name=name)
    elif isinstance(source, Path) and source.is_dir():
        sounds.list_folder(source)
    else:
        archives.look_over(source, name)
    return kind


def guess_kind(source: Path | IO[bytes]) -> Dataset.Kind:
    """Folders and zips hold sound; everything else has to be a table, or is refused as one."""
    if isinstance(source, Path) and source.is_dir():
        return Kind.AUDIO
    return Kind.AUDIO if _beginning(source, 4) in ZIP_BEGINNINGS else Kind.TABLE


def _beginning(source: Path | IO[bytes], size: int) -> bytes:
    if isinstance(source, Path):
        with source.open("rb") as file:
            return file.read(size)
    source.seek(0)
    beginning = source.read(size)
    source.seek(0)
    return beginning


def peek_table(source: Path | IO[bytes], *, name: str) -> None:
    """What can be told of a table without reading its rows; DataError when it is none, or has no labels."""
    from classifier.data import label_counts

    check_size(source)
    beginning = _beginning(source, BEGINNING)
    if beginning.startswith(b"PAR1"):
        label_counts(source, name=name)  # type: ignore[arg-type]
        return
    if len(beginning) == BEGINNING:
        beginning = _whole_lines(beginning)
    label_counts(BytesIO(beginning), name=name)


def _whole_lines(beginning: bytes) -> bytes:
    """Without the line that is cut at the end; UTF-16 as UTF-8, whose line ends are single bytes."""
    if beginning.startswith((b"\xff\xfe", b"\xfe\xff")):
        beginning = beginning.decode("utf-16", "ignore").encode()
    whole, end, _ = beginning.rpartition(b"\n")
    return whole + end or beginning
