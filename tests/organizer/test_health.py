"""The health page, against a real Valkey, and without one."""

import time
from typing import Any

from django.test import Client
from django.urls import reverse

from organizer import health, jobs, network, pulse
from organizer.doctor import State
from organizer.models import (
    Job,
)
from tests.organizer.signs import GONE, all_there, sign


def ill(client: Client) -> dict[str, Any]:
    return {one.title: one for one in client.get(reverse("admin-health")).context["ill"]}


def test_the_page_names_workers_queues_storage_and_counts(owner: Client, redis_client: Any) -> None:
    all_there()
    redis_client.rpush("ml", "message", "message")
    page = owner.get(reverse("admin-health"))
    assert {queue.name: queue.waiting for queue in page.context["seen"].queues} == {
        "io": 0,
        "ml": 2,
        "train": 0,
    }
    text = page.content.decode()
    assert "io@here" in text and "ml, train" in text and "Model versions" in text
    assert not {"Queue io", "Queue ml", "Queue train", "Clock", "Redis"} & ill(owner).keys()


def test_a_queue_that_nobody_serves_is_told_with_what_to_do(owner: Client) -> None:
    pulse.beat()
    sign("io@here", "io")
    sign("ml@here", "ml", ago_s=60)
    found = ill(owner)
    assert found["Queue ml"].state == State.BAD and "worker-ml" in found["Queue ml"].fix
    assert "Worker ml@here" in found and "Queue io" not in found


def test_a_job_that_was_handed_out_and_is_not_begun_is_counted(owner: Client) -> None:
    jobs.hand_over(jobs.start(None, Job.Kind.COMPARE)[0])
    text = owner.get(reverse("admin-health")).content.decode()
    assert "1 job in a queue; a worker takes it up" in text and "No job waits" not in text


def test_a_silent_clock_is_told(owner: Client, redis_client: Any) -> None:
    redis_client.set(pulse.KEY, time.time() - 3600)
    assert "Clock" in ill(owner)


def test_the_page_renders_without_redis_and_says_so(owner: Client, settings: Any) -> None:
    settings.REDIS_URL = GONE
    network.reset()
    page = owner.get(reverse("admin-health"))
    assert page.status_code == 200
    assert "Redis" in {one.title for one in page.context["ill"]}
    assert owner.get(reverse("admin:index")).status_code == 200


def test_a_redis_that_hangs_does_not_hold_the_page(redis_client: Any, settings: Any) -> None:
    """Whatever the machine's load, it is given up by its own time-out."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.REDIS_URL = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        assert health.snapshot() == health.Snapshot(is_there=False)
