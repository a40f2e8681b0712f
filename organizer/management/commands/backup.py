"""Everybody's data in one file."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from organizer.takeout import whole


class Command(BaseCommand):
    help = (
        "Write everybody's data to FILE (a zip). Tokens stay encrypted: restoring needs the same TOKEN_KEYS."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *_: Any, file: Path, **__: Any) -> None:
        draft = file.with_name(f"{file.name}.part")
        if file.exists():
            raise CommandError(f"{file} is there already. Name a new file, so that no backup is lost.")
        try:
            descriptor = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
            with os.fdopen(descriptor, "wb") as into:
                count = whole.backup(into)
            draft.rename(file)  # there as a whole or not at all
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error
        finally:
            draft.unlink(missing_ok=True)
        self.stdout.write(
            f"{count} account{'' if count == 1 else 's'} written to {file}. Keep it as private as the database."
        )
