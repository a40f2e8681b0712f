from typing import Any

from django.core.management.base import BaseCommand

from organizer import doctor, symptoms
from organizer.doctor import Finding, State

MARKS = {State.GOOD: "good   ", State.WARNING: "look   ", State.BAD: "BROKEN "}


class Command(BaseCommand):
    help = (
        "Check how this instance is set up, and say how to mend what is broken. Ends with 1 if anything is."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        found = doctor.examine(symptoms.all_checks())
        for finding in found:
            self.stdout.write(described(finding))
        if any(finding.state == State.BAD for finding in found):
            raise SystemExit(1)


def described(finding: Finding) -> str:
    lines = [f"{MARKS[finding.state]} {finding.title}: {finding.says}"]
    lines += [f"         {text}" for text in (finding.to_copy, finding.fix) if text]
    return "\n".join(lines)
