"""Files of unknown quality to named columns: CSV or Parquet, told apart by content, never by extension."""

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from classifier.errors import DataError

MAX_BYTES = 512 * 1024**2
MAX_ROWS = 500_000
Source = str | Path | BinaryIO

# Beginnings of files that people rename to .csv, and what to say about them.
_NOT_TABLES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "is an Excel workbook or a ZIP archive; save it as CSV (UTF-8)"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook; save it as CSV (UTF-8)"),
    (b"\x1f\x8b", "is compressed with gzip; unpack it first"),
    (b"<!doctype", "is a web page, not a table"),
    (b"<html", "is a web page, not a table"),
    (b"%PDF", "is a PDF document, not a table"),
)
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class RawTable:
    """Columns by their own names: lists of text for CSV, Arrow columns for Parquet; `broken` are unreadable rows."""

    name: str
    columns: dict[str, Sequence[str] | pa.ChunkedArray]
    n_rows: int
    sha256: str
    broken: tuple[tuple[int, str], ...] = ()


def read_raw(source: Source, name: str | None = None) -> RawTable:
    """Read a CSV or Parquet file, or an open binary file.

    Raises
    ------
    DataError
        The file is missing, empty, too large, not a table, or has an unusable header.
    """
    name = (
        name
        or Path(getattr(source, "name", None) or (source if isinstance(source, str | Path) else "table")).name
    )
    content = _content(source, name)
    if not content.strip():
        raise DataError(f"{name} is empty.")
    for start, sentence in _NOT_TABLES:
        if content[: len(start)].lower() == start.lower():
            raise DataError(f"{name} {sentence}.")
    return _parquet(content, name) if content[:4] == b"PAR1" else _csv(content, name)


def _content(source: Source, name: str) -> bytes:
    try:
        if isinstance(source, str | Path):
            with open(source, "rb") as file:
                content = file.read(MAX_BYTES + 1)
        else:
            content = source.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}.") from error
    if len(content) > MAX_BYTES:
        raise DataError(f"{name} is larger than {MAX_BYTES // 1024**2} MB; split it into several tables.")
    return content


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _parquet(content: bytes, name: str) -> RawTable:
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        _check_rows(file.metadata.num_rows, name)
        _check_header(file.schema_arrow.names, name)
        table = file.read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{name} is a damaged or incomplete Parquet file.") from error
    return RawTable(name, {key: table[key] for key in table.column_names}, table.num_rows, _digest(content))


def _csv(content: bytes, name: str) -> RawTable:
    text = _decode(content, name)
    separator = _separator(text[: text.find("\n")] if "\n" in text else text)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        header = [cell.strip() for cell in next(rows)]
        _check_header(header, name)
        kept, broken = _rows(rows, len(header), name)
    except csv.Error as error:
        raise DataError(f"{name}, line {rows.line_num}: not readable as CSV ({error}).") from error
    cells = zip(*kept, strict=True) if kept else ((),) * len(header)
    columns: dict[str, Sequence[str] | pa.ChunkedArray] = dict(zip(header, cells, strict=True))
    return RawTable(name, columns, len(kept), _digest(content), tuple(broken))


def _decode(content: bytes, name: str) -> str:
    encoding = next((codec for mark, codec in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{name}, line {line}: not UTF-8 text; save the table as CSV (UTF-8).") from error
    if "\0" in text[:4096]:
        raise DataError(f"{name} is not a text table; save it as CSV (UTF-8).")
    return text


def _separator(first_line: str) -> str:
    return max(",;\t|", key=first_line.count)


def _rows(rows: Iterable[list[str]], width: int, name: str) -> tuple[list[list[str]], list[tuple[int, str]]]:
    """Rows padded to `width`; a row of another length keeps its place as blanks and is reported as broken."""
    kept: list[list[str]] = []
    broken: list[tuple[int, str]] = []
    for row in rows:
        if not row:
            continue
        if len(row) != width:
            broken.append((len(kept) + 1, f"has {len(row)} fields where the header has {width}"))
            row = [""] * width
        kept.append(row)
        _check_rows(len(kept), name)
    return kept, broken


def _check_rows(count: int, name: str) -> None:
    if count > MAX_ROWS:
        raise DataError(f"{name} has more than {MAX_ROWS:,} rows; split it into several tables.")


def _check_header(header: Sequence[str], name: str) -> None:
    seen: set[str] = set()
    for column in header:
        if column and column.lower() in seen:
            raise DataError(f"{name} has the column {column!r} twice.")
        seen.add(column.lower())


def as_text(column: Sequence[str] | pa.ChunkedArray) -> list[str]:
    """A column as text; empty where the cell is."""
    if isinstance(column, pa.ChunkedArray):
        return ["" if cell is None else str(cell).strip() for cell in column.to_pylist()]
    return [cell.strip() for cell in column]


_WORDS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "major": 1.0, "minor": 0.0}
BLANK = ("", "nan", "na", "n/a", "null", "none")


def as_numbers(column: Sequence[str] | pa.ChunkedArray) -> tuple[np.ndarray, dict[int, str]]:
    """A column as float64 with NaN for blank cells, and the cells (by index) that are not numbers."""
    if isinstance(column, pa.ChunkedArray) and (
        pa.types.is_integer(column.type)
        or pa.types.is_floating(column.type)
        or pa.types.is_boolean(column.type)
    ):
        return np.array(column.cast(pa.float64()).to_numpy(), np.float64), {}  # a copy: Arrow's is read-only
    cells = as_text(column)
    try:
        return np.array(cells, np.float64), {}
    except ValueError:
        return _numbers_one_by_one(cells)


def _numbers_one_by_one(cells: list[str]) -> tuple[np.ndarray, dict[int, str]]:
    values = np.full(len(cells), np.nan)
    wrong: dict[int, str] = {}
    for index, cell in enumerate(cells):
        word = cell.lower()
        if word in BLANK:
            continue
        try:
            values[index] = _WORDS[word] if word in _WORDS else float(word)
        except ValueError:
            wrong[index] = cell
    return values, wrong
