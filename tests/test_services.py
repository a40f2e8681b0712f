import os
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection

from organizer.celery import app
from tests.services import asked_for


@pytest.mark.django_db
def test_the_database_is_the_one_asked_for():
    wanted = "sqlite" if os.environ.get("TEST_DB") == "sqlite" else "postgresql"
    assert connection.vendor == wanted


def test_one_url_serves_the_gate_and_celery(redis_client: redis.Redis):
    assert redis_client.ping()
    with app.connection() as broker:
        assert broker.ensure_connection(max_retries=1).connected


def test_tokens_are_encrypted_in_the_database(account: Any):
    with connection.cursor() as cursor:
        cursor.execute("SELECT refresh_token FROM organizer_spotifyaccount")
        (stored,) = cursor.fetchone()
    assert "refresh-ada" not in stored
    account.refresh_from_db()
    assert account.refresh_token == "refresh-ada"


@pytest.mark.browser
def test_the_browser_reaches_the_running_app(live_server: Any, page: Any):
    page.goto(f"{live_server.url}/healthz")
    assert page.inner_text("body") == "ok"


def test_no_setting_leaks_in_from_the_shell():
    assert (settings.SPOTIFY_CLIENT_ID, settings.DEBUG) == ("test-client", False)
    assert {"SIMULATOR_URL", "PACES", "TIME_ZONE", "LISTENING", "PLAYBACK"} <= asked_for() <= set(os.environ)
