"""A sign of life of the clock: it has an errand run every few seconds, and whoever runs it notes the time in Redis."""

import logging
import time

import redis
from django.conf import settings

from organizer import network

log = logging.getLogger(__name__)
KEY = "cratewise:clock"


def beat() -> None:
    try:
        network.redis_client().set(KEY, time.time(), ex=24 * 3600)
    except redis.RedisError:
        log.info("The clock’s sign of life could not be noted: Redis does not answer.")


def is_beating() -> bool:
    """Whether the clock has had its errand run lately. Raises RedisError where it cannot be known."""
    noted = network.redis_client().get(KEY)
    return noted is not None and time.time() - float(noted) < silent_after_s()


def silent_after_s() -> float:
    """Whoever has not been heard of for so long is missed."""
    return 3 * settings.JOB_SWEEP_S + 5
