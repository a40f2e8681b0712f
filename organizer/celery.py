import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_process_init, worker_ready

from organizer.supervisor.children import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "organizer.settings")
app = Celery("organizer")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["organizer"])


@worker_process_init.connect
def leave_no_orphan(**_: Any) -> None:
    """A pool process busy with a training would outlive a killed worker by up to an hour."""
    die_with_parent(os.getppid())


@worker_ready.connect
@beat_init.connect
def tell_who_waits(**_: Any) -> None:
    """The supervisor names a file and says "ready" when all are there."""
    if path := os.environ.get("READY_FILE"):
        Path(path).touch()
