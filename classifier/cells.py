"""Columns of a table as text, numbers or names; cells that are not what they should be are told apart."""

import ast
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BLANK = ("", "nan", "na", "n/a", "null", "none")
_DECIMAL_COMMA = re.compile(r"^([-+]?\d+),(\d+(?:e[-+]?\d+)?)$", re.ASCII | re.IGNORECASE)
_LIST = re.compile(r"\[\s*['\"].{0,9999}['\"]\s*\]", re.DOTALL)


def as_text(column: pa.ChunkedArray) -> list[str]:
    """A column as text; empty where the cell is. ValueError where it holds bytes that are no text."""
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        column = column.cast(pa.string())
    return ["" if cell is None else str(cell).strip() for cell in column.to_pylist()]


def longest(column: pa.ChunkedArray) -> int:
    """Bytes of the longest text in a column; 0 where it holds none."""
    if pa.types.is_dictionary(column.type):  # a few megabytes may stand for many
        column = pa.chunked_array([chunk.dictionary for chunk in column.chunks], column.type.value_type)
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    if not any(is_kind(column.type) for is_kind in kinds):
        return 0
    return pc.max(pc.binary_length(column)).as_py() or 0


def is_numeric(column: pa.ChunkedArray) -> bool:
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    return any(is_kind(column.type) for is_kind in kinds)


def numeric(column: pa.ChunkedArray) -> np.ndarray:
    """A column of numbers or booleans as float64 [n], NaN for null."""
    return np.array(
        column.cast(pa.float64(), safe=False).to_numpy(), np.float64
    )  # a copy: Arrow's is read-only


def parsed(
    cells: list[str], words: Mapping[str, float], *, decimal_comma: bool = False
) -> tuple[np.ndarray, dict[int, str]]:
    """Text as float64 [n], NaN where blank, and the cells (by index) that are neither numbers nor of the `words`.

    With `decimal_comma`, "0,5" is one half; a dot is a decimal point all the same.
    """
    values = np.full(len(cells), np.nan)
    wrong: dict[int, str] = {}
    for index, cell in enumerate(cells):
        word = cell.lower()
        if word in BLANK:
            continue
        if decimal_comma:
            word = _DECIMAL_COMMA.sub(r"\1.\2", word)
        try:
            values[index] = (
                words[word] if word in words else float(word.replace("_", "?"))
            )  # 1_0 is ten to Python
        except ValueError:
            wrong[index] = cell
    return values, wrong


def as_names(column: pa.ChunkedArray) -> list[tuple[str, ...]]:
    """A column of lists as names; of records, as Spotify's own answers hold them, the field "name"."""
    return [_named(cell) for cell in column.to_pylist()]


def _named(items: list[Any] | None) -> tuple[str, ...]:
    names = (item.get("name") if isinstance(item, dict) else item for item in items or ())
    return tuple(text for name in names if name is not None and (text := str(name).strip()))


def split_names(cell: str) -> tuple[str, ...]:
    """Names separated by semicolons, or a written-out list of quoted names, as pandas leaves them in CSV files."""
    if _LIST.fullmatch(cell):
        try:
            return _named(ast.literal_eval(cell))
        except (ValueError, SyntaxError):
            return (cell,)  # somebody's name in brackets
    return _named(cell.split(";"))
