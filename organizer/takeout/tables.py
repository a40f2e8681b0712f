"""Rows as CSV that spreadsheets open well: UTF-8 with a mark, and no cell that they would take for a formula."""

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

BOM = "\ufeff"  # without it Excel takes UTF-8 for an old code page
PIECE = 200  # lines
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    def write(self, line: str) -> str:
        return line


def cell(value: Any) -> str:
    """The value as text; a text that a spreadsheet would calculate gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text


def lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """One line of CSV after the other, the mark and the header first."""
    write = csv.writer(_Echo()).writerow
    yield BOM + str(write(header))
    for row in rows:
        yield str(write(map(cell, row)))


def pieces(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The same to be sent: many lines at a time, as every piece is compressed and handed on by itself."""
    left = lines(header, rows)
    while piece := "".join(islice(left, PIECE)):
        yield piece
