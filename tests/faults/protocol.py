"""docs/faults.md: what came of every fault, written by the tests when FAULTS_DOC=write, compared with otherwise."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from simulator.faults import KINDS
from tests.faults.matrix import CASES, Case

PATH = Path(__file__).parent.parent.parent / "docs" / "faults.md"
HEAD = """# What happens when something fails

Every fault that the simulator can cause, in every phase that calls the service it strikes, left on until the job
settled; then it was switched off. In every case the job then ended as if nothing had happened. The tests in
`tests/faults/test_every_fault.py` wrote this table (`FAULTS_DOC=write make faults`) and compare with it.

| fault | what it does | phase | struck | outcome | what the user reads |
|---|---|---|---|---|---|
"""


@dataclass
class Protocol:
    rows: dict[Case, str] = field(default_factory=dict)
    is_writing: bool = os.environ.get("FAULTS_DOC") == "write"

    def note(self, case: Case, outcome: str, sentences: list[str]) -> None:
        """Keep the row to be written, or hold it against the written one."""
        row = self.row(case, outcome, sentences)
        self.rows[case] = row
        if not self.is_writing:
            assert row in PATH.read_text(), f"docs/faults.md does not say: {row}"

    @staticmethod
    def row(case: Case, outcome: str, sentences: list[str]) -> str:
        said = " · ".join(sentences) or "–"
        service = case.service.replace("|", ", ")
        return f"| {case.fault} | {KINDS[case.fault][1]} | {case.phase} | {service} | {outcome} | {said} |\n"

    def write(self) -> None:
        if self.is_writing and set(self.rows) == set(CASES):
            order = list(KINDS)
            cases = sorted(CASES, key=lambda case: order.index(case.fault))
            PATH.write_text(HEAD + "".join(self.rows[case] for case in cases))


def documented_faults() -> set[str]:
    rows = [line for line in PATH.read_text().splitlines() if line.startswith("| ")]
    return {row.split("|")[1].strip() for row in rows[1:]}
