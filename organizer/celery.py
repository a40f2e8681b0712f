import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_process_init, worker_ready
from kombu.transport import redis as broker

from organizer.supervisor.children import die_with_parent


class Channel(broker.Channel):
    """Says that its connection is gone in the way that workers expect, so that they wait for the broker.

    kombu 5.7 puts the messages at hand back through a connection that it has closed before, and ends the worker with
    an AttributeError. Those messages need not go back: their jobs' leases run out, and the sweep finds them.
    """

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection.client is None:
            raise ConnectionError("The connection to the broker was closed.")
        return dict(super()._connparams(asynchronous))  # type: ignore[misc]


broker.Transport.Channel = Channel
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "organizer.settings")
app = Celery("organizer")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["organizer"])


@worker_process_init.connect
def leave_no_orphan(**_: Any) -> None:
    """A pool process busy with a training would outlive a killed worker by hours."""
    die_with_parent(os.getppid())


@worker_ready.connect
@beat_init.connect
def tell_who_waits(**_: Any) -> None:
    """The supervisor names a file and says "ready" when all are there."""
    if path := os.environ.get("READY_FILE"):
        Path(path).touch()
