"""Tokens over months: refreshed once, lost to nothing but a refusal, re-encrypted, announced before they die."""

import base64
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from organizer import accounts, jobs, network, tasks
from organizer.models import Job, SpotifyAccount
from organizer.models.account import CONSENT_LIFETIME
from organizer.providers.errors import AuthRevoked, ProviderError
from tests.organizer.browsing import signed_in
from tests.organizer.conftest import link
from tests.organizer.test_accounts import profile_name, refreshes

TOKENS = ("access_token", "refresh_token")


def at_once(work: Callable[[], Any], threads: int = 4) -> list[Any]:
    """What several threads get, each with its own connection; an error counts as a result."""

    def alone(_: int) -> Any:
        try:
            return work()
        except ProviderError as failure:
            return type(failure)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(alone, range(threads)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    os.environ.get("TEST_DB") == "sqlite", reason="threads need a database that they can share"
)
def test_threads_that_need_a_new_token_at_once_refresh_it_once(simulator: Any) -> None:
    ada = link("ada", simulator)
    SpotifyAccount.objects.update(token_expires_at=timezone.now() + timedelta(seconds=60))
    simulator.set_fault("slow", service="accounts", latency_ms=200)
    found = at_once(lambda: accounts.fresh_token(ada))
    assert len(set(found)) == 1 and found[0] != ada.access_token
    assert refreshes(simulator) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    os.environ.get("TEST_DB") == "sqlite", reason="threads need a database that they can share"
)
def test_threads_that_meet_a_revoked_link_ask_about_it_once(simulator: Any) -> None:
    ada = link("ada", simulator)
    simulator.revoke("ada")
    simulator.set_fault("slow", service="accounts", latency_ms=200)
    assert at_once(lambda: accounts.fresh_token(ada, instead_of=ada.access_token)) == [AuthRevoked] * 4
    assert refreshes(simulator) == 1


def stored_tokens() -> tuple[str, ...]:
    return SpotifyAccount.objects.values_list(*TOKENS).get()


@pytest.mark.parametrize(
    ("fault", "wishes"),
    [
        ("accounts_outage", {}),
        ("rate_limited", {}),
        ("rate_limited_plain_text", {}),
        ("malformed_json", {}),
        ("plain_text_403", {}),
        ("http_500", {}),
        ("timeout_before_effect", {}),
        ("timeout_after_effect", {}),
    ],
)
def test_whatever_else_the_accounts_service_does_is_no_revoked_link(
    ada: SpotifyAccount, simulator: Any, settings: Any, fault: str, wishes: dict[str, Any]
) -> None:
    settings.HTTP_TIMEOUT_S = 0.3
    network.reset()
    before = stored_tokens()
    simulator.set_fault(fault, service="accounts", **wishes)
    for _ in range(3):
        with pytest.raises(ProviderError) as failure:
            accounts.fresh_token(ada, instead_of=ada.access_token)
        assert not isinstance(failure.value, AuthRevoked)
    assert not SpotifyAccount.objects.get().needs_link
    assert stored_tokens() == before


def test_an_accounts_service_that_is_not_there_is_no_revoked_link(ada: SpotifyAccount, settings: Any) -> None:
    settings.SPOTIFY_ACCOUNTS_URL = "http://127.0.0.1:9"
    network.reset()
    with pytest.raises(ProviderError) as failure:
        accounts.fresh_token(ada, instead_of=ada.access_token)
    assert not isinstance(failure.value, AuthRevoked)


def test_a_false_refusal_costs_nothing_but_a_new_consent(library: SpotifyAccount, simulator: Any) -> None:
    songs, before = library.saves.count(), stored_tokens()
    simulator.set_fault("token_revoked")
    job = Job.objects.create(account=library, kind=Job.Kind.ORGANIZE, phase="sync")
    simulator.expire()
    assert tasks.work(job.pk).state == Job.State.PAUSED
    simulator.clear_faults()
    assert stored_tokens() == before and library.saves.count() == songs
    again = link("ada", simulator)
    assert jobs.unpause(again) == [job]
    assert tasks.work(job.pk).phase == "enrich"


def new_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def rotated() -> str:
    out = StringIO()
    call_command("rotate_tokens", stdout=out)
    return out.getvalue().strip()


def test_keys_rotate_and_nobody_has_to_reconnect(ada: SpotifyAccount, settings: Any) -> None:
    before, old = stored_tokens(), settings.TOKEN_KEYS
    settings.TOKEN_KEYS = [new_key(), *old]
    assert rotated() == "1 of 1 accounts now use the first key; 0 did already."
    assert rotated() == "0 of 1 accounts now use the first key; 1 did already."
    settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]
    assert stored_tokens() == before and profile_name(ada)


def test_sessions_outlive_a_new_secret_key(account: SpotifyAccount, settings: Any) -> None:
    client, late, old = signed_in(account), signed_in(account), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "quite another secret", [old]
    assert client.get(reverse("jobs")).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get(reverse("jobs")).status_code == 200  # signed anew meanwhile
    assert late.get(reverse("jobs")).status_code == 302


def test_a_lost_key_is_a_sentence_on_every_page_and_no_error(account: SpotifyAccount, settings: Any) -> None:
    settings.TOKEN_KEYS = [new_key()]
    client = signed_in(account)
    for page in ("library", "jobs", "link", "genres"):
        response = client.get(reverse(page))
        assert response.status_code == 200
        assert "cannot be opened" in response.content.decode()


def test_a_lost_key_pauses_jobs_and_loses_nothing(account: SpotifyAccount, settings: Any) -> None:
    kept, before = settings.TOKEN_KEYS, stored_tokens()
    settings.TOKEN_KEYS = [new_key()]
    job = Job.objects.create(account=account, kind=Job.Kind.ORGANIZE, phase="sync")
    assert "key" in tasks.work(job.pk).wait_reason
    SpotifyAccount.objects.get().save()  # even a save of every field writes back what it could not read
    with pytest.raises(CommandError, match="No key in TOKEN_KEYS opens the tokens of 1"):
        rotated()
    settings.TOKEN_KEYS = kept
    assert stored_tokens() == before and not SpotifyAccount.objects.get().needs_link


@pytest.mark.parametrize(
    ("days", "warning", "sentence"),
    [
        (31, "", ""),
        (30, "month", "ends in 30 days"),
        (8, "month", "ends in 8 days"),
        (7, "week", "ends in 7 days"),
        (2, "week", "ends in 2 days"),
        (1, "day", "ends tomorrow"),
        (0, "day", "ends today"),
    ],
)
def test_the_end_of_the_link_is_announced_with_its_date(
    account: SpotifyAccount, days: int, warning: str, sentence: str
) -> None:
    dies = timezone.now() + timedelta(days=days)
    SpotifyAccount.objects.update(authorized_at=dies - CONSENT_LIFETIME)
    account.refresh_from_db()
    assert account.link_warning == warning
    page = signed_in(account).get(reverse("jobs")).content.decode()
    assert sentence in page
    assert (dies.strftime("%-d %B %Y") in page) is bool(warning)


def test_right_after_linking_the_cost_of_reading_is_known(simulator: Any, ada: SpotifyAccount) -> None:
    accounts.peek(ada)
    assert SpotifyAccount.objects.get().liked_total == len(simulator.state()["liked"])


def test_a_failed_look_at_the_cost_harms_nothing(simulator: Any, ada: SpotifyAccount) -> None:
    simulator.set_fault("http_503")
    accounts.peek(ada)
    assert SpotifyAccount.objects.get().liked_total == 0
