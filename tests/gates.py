"""Gates as on the first day, for tests that do not wait out the pauses which services asked for."""

from concurrent.futures import ThreadPoolExecutor

import redis
from django.conf import settings
from django.db import connection

from organizer import network
from organizer.models import ServiceGate


def open_gates() -> None:
    """Forget pauses, paces and failures, in Redis, in the database and in this process."""
    network.reset()
    client = redis.Redis.from_url(settings.REDIS_URL)
    if keys := client.keys("gate:*"):
        client.delete(*keys)
    client.close()
    if connection.vendor == "postgresql":
        # First what other threads left behind, by another connection: one that is inside the test's transaction
        # would lock them out from there on.
        with ThreadPoolExecutor(1) as other:
            other.submit(_forget).result()
    ServiceGate.objects.all().delete()


def _forget() -> None:
    ServiceGate.objects.all().delete()
    connection.close()
