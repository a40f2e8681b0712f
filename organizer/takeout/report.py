"""What became of a takeout that was brought back."""

from dataclasses import dataclass, field


@dataclass
class Section:
    """What became of one part: how many rows were brought back, and which were not, and why."""

    title: str
    restored: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)  # (what, why)

    def skip(self, what: str, why: str) -> None:
        self.skipped.append((what, why))

    @property
    def reasons(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for what, why in self.skipped:
            found.setdefault(why, []).append(what)
        return found


@dataclass
class Report:
    sections: list[Section] = field(default_factory=list)

    def section(self, title: str) -> Section:
        self.sections.append(Section(title))
        return self.sections[-1]
