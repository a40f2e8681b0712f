"""Everything that must be true before web and workers start, in one start of Django."""

import hashlib
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from organizer import staff


class Command(BaseCommand):
    help = "Migrate the database, make the staff’s roles, collect static files where needed. Safe to run at every start."

    def handle(self, *args: Any, **options: Any) -> None:
        settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
        self._migrate()
        staff.prepare()
        self._collect_static()
        if password := os.environ.get("DEMO_ADMIN_PASSWORD"):
            self._make_demo_admin(password)

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Migrating the database …")
            call_command("migrate", interactive=False, verbosity=0)

    def _collect_static(self) -> None:
        """Skipped while neither our files nor the packages that bring some have changed."""
        noted = settings.VAR_DIR / "static.fingerprint"
        fingerprint = static_fingerprint(settings.BASE_DIR)
        if noted.exists() and noted.read_text() == fingerprint and settings.STATIC_ROOT.exists():
            return
        self.stdout.write("Collecting static files …")
        call_command("collectstatic", interactive=False, verbosity=0)
        noted.write_text(fingerprint)

    def _make_demo_admin(self, password: str) -> None:
        users = get_user_model().objects
        if not users.filter(username="admin").exists():
            users.create_superuser("admin", password=password)


def static_fingerprint(root: Path) -> str:
    """A hash over the pinned packages and the path, size and time of every static file of ours."""
    digest = hashlib.sha256((root / "requirements.txt").read_bytes())
    for path in sorted((root / "static").rglob("*")):
        status = path.stat()
        digest.update(f"{path}:{status.st_size}:{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
