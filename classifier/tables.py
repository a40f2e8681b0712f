"""Files of unknown quality to named columns: CSV or Parquet, told apart by content, never by extension."""

import csv
import hashlib
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from classifier import cells
from classifier.errors import DataError

MAX_BYTES = 512 * 1024**2
MAX_ROWS = 500_000
MAX_CELL = csv.field_size_limit()  # what is refused in CSV is refused in Parquet
BATCH = 1_000  # rows held as Python text, which takes ten times the room of Arrow's, or unpacked unseen
SEPARATORS = ",;\t|"
Source = str | Path | BinaryIO

# Beginnings of files that people rename to .csv, and what to say about them.
_NOT_TABLES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "is an Excel workbook or a ZIP archive; save it as CSV (UTF-8)"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook; save it as CSV (UTF-8)"),
    (b"\x1f\x8b", "is compressed with gzip; unpack it first"),
    (b"ARROW1", "is a Feather file; save it as Parquet or CSV (UTF-8)"),
    (b"<!doctype", "is a web page, not a table"),
    (b"<html", "is a web page, not a table"),
    (b"%PDF", "is a PDF document, not a table"),
    *((start, "is JSON, not a table; save it as CSV (UTF-8)") for start in (b"[", b"{")),
)
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class RawTable:
    """Columns by their own names, of which `header` names all; `broken` are unreadable rows, counted from 1."""

    name: str
    header: tuple[str, ...]
    columns: Mapping[str, pa.ChunkedArray]
    n_rows: int
    sha256: str
    broken: tuple[tuple[int, str], ...] = ()
    decimal_comma: bool = False

    def text(self, column: str) -> list[str]:
        """A column as text, empty where the cell is; DataError where it holds anything else."""
        try:
            return cells.as_text(self._flat(column))
        except (ValueError, OverflowError) as error:
            raise DataError(f"{self.name}, column {column}: holds bytes that are not UTF-8 text.") from error

    def numbers(self, column: str, words: Mapping[str, float]) -> tuple[np.ndarray, dict[int, str]]:
        """A column as float64 with NaN for blank cells, and the cells (by index) that are not numbers."""
        flat = self._flat(column)
        if cells.is_numeric(flat):
            return cells.numeric(flat), {}
        return cells.parsed(self.text(column), words, decimal_comma=self.decimal_comma)

    def names(self, column: str) -> list[tuple[str, ...]]:
        """A column of lists, or of text separated by semicolons."""
        values = self.columns[column]
        if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
            return cells.as_names(values)
        return [cells.split_names(cell) for cell in self.text(column)]

    def _flat(self, column: str) -> pa.ChunkedArray:
        if pa.types.is_nested(self.columns[column].type):
            raise DataError(f"{self.name}, column {column}: holds lists or records; give one value a row.")
        if cells.longest(self.columns[column]) > MAX_CELL:
            raise DataError(f"{self.name}, column {column}: holds a text of more than {MAX_CELL:,} bytes.")
        return self.columns[column]


def read_raw(source: Source, name: str | None = None, wanted: Collection[str] | None = None) -> RawTable:
    """Read a CSV or Parquet file, or an open binary file; only the columns `wanted` (in lower case) where given.

    Raises
    ------
    DataError
        The file is missing, empty, too large, not a table, or has an unusable header.
    """
    given = source if isinstance(source, str | Path) else getattr(source, "name", None)
    name = name or Path(given or "table").name
    try:
        with _opened(source, name) as file:
            return _read(_bounded(file, name), name, wanted)
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}.") from error


def _opened(source: Source, name: str) -> AbstractContextManager[BinaryIO]:
    if not isinstance(source, str | Path):
        return nullcontext(source)
    try:
        return open(source, "rb")  # noqa: SIM115 - the caller closes it
    except ValueError as error:
        raise DataError(f"{name!r} is no file name.") from error


def _bounded(file: BinaryIO, name: str) -> BinaryIO:
    """The file from its beginning; one that cannot go back, such as a pipe, is held in memory."""
    seekable = file if file.seekable() else io.BytesIO(file.read(MAX_BYTES + 1))
    if seekable.seek(0, io.SEEK_END) > MAX_BYTES:
        raise DataError(f"{name} is larger than {MAX_BYTES // 1024**2} MB; split it into several tables.")
    seekable.seek(0)
    return seekable


def _read(file: BinaryIO, name: str, wanted: Collection[str] | None) -> RawTable:
    start = file.read(4096)
    file.seek(0)
    for beginning, sentence in _NOT_TABLES:
        if start.lstrip()[: len(beginning)].lower() == beginning.lower():
            raise DataError(f"{name} {sentence}.")
    if start.startswith(b"PAR1"):
        return _parquet(file, name, wanted)
    encoding = next((codec for mark, codec in _BYTE_ORDER_MARKS if start.startswith(mark)), "utf-8")
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        return _csv(text, name, wanted)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name}{_undecodable(file)}: not UTF-8 text; save the table as CSV (UTF-8)."
        ) from error
    finally:
        text.detach()  # the file is the caller's to close


def _undecodable(file: BinaryIO) -> str:
    """The line that is not UTF-8, found anew: the decoder, reading ahead, knows only about where it is."""
    file.seek(0)
    for number, line in enumerate(file, start=1):
        try:
            line.decode()
        except UnicodeDecodeError:
            return f", line {number}"
    return ""


def _digest(file: Any) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _parquet(file: BinaryIO, name: str, wanted: Collection[str] | None) -> RawTable:
    try:
        parquet = pq.ParquetFile(file)
        header, n_rows = tuple(parquet.schema_arrow.names), parquet.metadata.num_rows
        _check_rows(n_rows, name)
        _check_header(header, name)
        kept = [header[i] for i in _places(header, wanted)]
        columns = _chunks(parquet, kept, name)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{name} is a damaged or incomplete Parquet file.") from error
    return RawTable(name, header, columns, n_rows, _digest(file))


def _chunks(parquet: pq.ParquetFile, kept: list[str], name: str) -> dict[str, pa.ChunkedArray]:
    """The columns, read bit by bit: a small file may unpack to more than fits into memory."""
    chunks: dict[str, list[pa.Array]] = {column: [] for column in kept}
    size = 0
    for batch in parquet.iter_batches(BATCH, columns=kept):
        parts = {column: _unpacked(batch.column(column)) for column in kept}
        size += sum(part.nbytes for part in parts.values())
        if size > MAX_BYTES:
            raise DataError(
                f"{name} unpacks to more than {MAX_BYTES // 1024**2} MB; split it into several tables."
            )
        for column, part in parts.items():
            chunks[column].append(part)
    return {column: pa.chunked_array(found or [pa.nulls(0)]) for column, found in chunks.items()}


def _unpacked(part: pa.Array) -> pa.Array:
    return part.dictionary_decode() if pa.types.is_dictionary(part.type) else part


def _csv(text: io.TextIOWrapper, name: str, wanted: Collection[str] | None) -> RawTable:
    if "\0" in text.read(4096):
        raise DataError(f"{name} is not a text table; save it as CSV (UTF-8).")
    text.seek(0)
    first = next((line for line in text if line.strip()), "")
    if not first:
        raise DataError(f"{name} is empty.")
    separator = max(SEPARATORS, key=first.count)
    if first.strip("\r\n").lower() in {f"sep={one}" for one in SEPARATORS}:  # Excel's way to say it
        separator, first = first[4], next(text, "")
    # The blank line at the end becomes a row of its own, unless a quotation mark is still open.
    rows = csv.reader(chain([first], text, ["\n"]), delimiter=separator)
    broken: list[tuple[int, str]] = []
    try:
        header = tuple(cell.strip() for cell in next(rows, ()))
        _check_header(header, name)
        columns, n_rows = _columns(_tidy(rows, header, separator, name, broken), header, wanted)
    except csv.Error as error:
        raise DataError(
            f"{name}, line {rows.line_num}: not readable as CSV ({error}); look for a quotation mark left open."
        ) from error
    digest = _digest(text.buffer)
    return RawTable(name, header, columns, n_rows, digest, tuple(broken), decimal_comma=separator == ";")


def _places(header: Sequence[str], wanted: Collection[str] | None) -> list[int]:
    return [i for i, one in enumerate(header) if one and (wanted is None or one.lower() in wanted)]


def _columns(
    rows: Iterator[list[str]], header: Sequence[str], wanted: Collection[str] | None
) -> tuple[dict[str, pa.ChunkedArray], int]:
    chunks: dict[int, list[pa.Array]] = {place: [] for place in _places(header, wanted)}
    n_rows = 0
    while batch := list(islice(rows, BATCH)):
        n_rows += len(batch)
        for place, parts in chunks.items():
            parts.append(pa.array([row[place] for row in batch], pa.string()))
    return {header[place]: pa.chunked_array(parts, pa.string()) for place, parts in chunks.items()}, n_rows


def _tidy(
    rows: Iterable[list[str]],
    header: Sequence[str],
    separator: str,
    name: str,
    broken: list[tuple[int, str]],
) -> Iterator[list[str]]:
    """Rows as long as the header, without blank ones; one of another length becomes blank and is added to `broken`."""
    count, width, row = 0, len(header), list(header)
    for row in rows:
        if not any(row):
            continue
        count += 1
        _check_rows(count, name)
        if _holds_rows(row, width, separator):
            raise DataError(
                f"{name}, row {count}: one of its cells holds whole rows; look for a quotation mark left open."
            )
        if len(row) < width or any(row[width:]):
            broken.append((count, f"has {len(row)} fields where the header has {width}"))
            yield [""] * width
        else:
            yield row
    if row:
        where = f"row {count}" if count else "the header"
        raise DataError(
            f"{name}: a quotation mark in {where} is never closed, so that all that follows would be lost."
        )


def _holds_rows(row: Sequence[str], width: int, separator: str) -> bool:
    """Whether a cell has swallowed others of the table: a line within it (of lyrics, say) is no row itself."""
    enough = max(3, width - 1)
    lines = (line for cell in row if "\n" in cell for line in cell.split("\n"))
    return any(line.count(separator) >= enough for line in lines)


def _check_rows(count: int, name: str) -> None:
    if count > MAX_ROWS:
        raise DataError(f"{name} has more than {MAX_ROWS:,} rows; split it into several tables.")


def _check_header(header: Sequence[str], name: str) -> None:
    seen: set[str] = set()
    for column in header:
        if column and column.lower() in seen:
            raise DataError(f"{name} has the column {column!r} twice; rename or remove one of them.")
        seen.add(column.lower())
