"""A backup into an empty instance."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from organizer.takeout import TakeoutError, whole


class Command(BaseCommand):
    help = "Bring back what `backup` wrote, into an instance that has no accounts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *_: Any, file: Path, **__: Any) -> None:
        try:
            with file.open("rb") as source:
                restored = whole.restore(source)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except TakeoutError as error:
            raise CommandError(f"Nothing was restored. {error}") from error
        for account, report in restored:
            parts = ", ".join(f"{part.restored} {part.title.lower()}" for part in report.sections)
            self.stdout.write(f"{account}: {parts}.")
            for part in report.sections:
                for why, which in part.reasons.items():
                    self.stdout.write(f"  {len(which)} {part.title.lower()} left out: {why}")
            if account.needs_link or account.is_sealed:
                why = " (no key in TOKEN_KEYS opens its tokens)" if account.is_sealed else ""
                self.stdout.write(f"  has to connect to Spotify again{why}.")
