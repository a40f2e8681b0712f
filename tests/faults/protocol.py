"""docs/faults.md: what came of every fault, written by the tests when FAULTS_DOC=write, compared with otherwise."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

PATH = Path(__file__).parent.parent.parent / "docs" / "faults.md"
TITLE = """# What happens when something fails

In every case below nothing was lost and nothing doubled, and once the fault was over the job ended as if nothing had
happened. The tests in `tests/faults` wrote these tables (`make faults-all FAULTS_DOC=write`) and compare with them.
"""
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Section:
    title: str
    text: str
    columns: tuple[str, ...]  # fault, what it does, phase, where, outcome, what was read

    @property
    def head(self) -> str:
        names = " | ".join(self.columns)
        return f"## {self.title}\n\n{self.text}\n\n| {names} |\n|{'---|' * len(self.columns)}\n"


AT_THE_WIRE = Section(
    "At the wire",
    "Every fault that the simulator can cause, in every phase that calls the service it strikes, left on until the job\n"
    "settled; then it was switched off (`test_every_fault.py`).",
    ("fault", "what it does", "phase", "struck", "outcome", "what the user reads"),
)
KILLED = Section(
    "Processes that are killed, servers that restart",
    "Real processes in the middle of a phase, and the servers below them (`test_every_process.py`,\n"
    "`test_killed_trainer.py`).",
    ("fault", "what it does", "phase", "struck", "outcome", "what the user reads"),
)
DISK = Section(
    "A disk that fills",
    "The database is SQLite, as by default, and not a page more can be written; then there is room again\n"
    "(`test_full_disk.py`).",
    AT_THE_WIRE.columns,
)
SECTIONS = (AT_THE_WIRE, KILLED, DISK)


@dataclass
class Protocol:
    """The rows of one section; `expected` are the keys of a complete one, in the order of the document."""

    section: Section
    expected: Sequence[Key]
    rows: dict[Key, str] = field(default_factory=dict)
    is_writing: bool = os.environ.get("FAULTS_DOC") == "write"

    def note(self, key: Key, what: str, outcome: str, sentences: Sequence[str]) -> None:
        """Keep the row to be written, or hold it against the written one."""
        fault, phase, where = key
        said = " · ".join(sentences) or "–"
        row = f"| {fault} | {what} | {phase} | {where} | {outcome} | {said} |\n"
        self.rows[key] = row
        if not self.is_writing:
            assert row in PATH.read_text(), f"docs/faults.md does not say: {row}"

    def write(self) -> None:
        """Renew the rows that were played; those of other sections and of cases that were not stay."""
        if not (self.is_writing and self.rows):
            return
        tables = _tables()
        known = tables.get(self.section.title, {}) | self.rows
        tables[self.section.title] = {key: known[key] for key in _in_order(self.expected) if key in known}
        parts = [section.head + "".join(tables.get(section.title, {}).values()) for section in SECTIONS]
        PATH.write_text("\n".join([TITLE, *parts]))


def _in_order(keys: Sequence[Key]) -> list[Key]:
    """By fault, in the order in which faults come first."""
    faults = list(dict.fromkeys(fault for fault, _, _ in keys))
    return sorted(keys, key=lambda key: faults.index(key[0]))


def _tables() -> dict[str, dict[Key, str]]:
    """The rows of each section as written."""
    parts = re.split(r"^## (.+)\n", PATH.read_text() if PATH.exists() else "", flags=re.MULTILINE)[1:]
    return {
        title: {_key(row): row for row in _rows(text)}
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }


def _rows(text: str) -> list[str]:
    return [line + "\n" for line in text.splitlines() if line.startswith("| ")][1:]


def _key(row: str) -> Key:
    fault, _, phase, where, *_ = (cell.strip() for cell in row.strip().strip("|").split(" | "))
    return fault, phase, where


def documented_faults() -> set[str]:
    return {row.split("|")[1].strip() for row in _rows(PATH.read_text().partition("## Processes")[0])}
