"""The set-up doctor with real services: a running simulator, a Redis that is gone, a secret that is wrong."""

import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from organizer import doctor, network, pulse, symptoms
from organizer.doctor import Check, Finding, State
from organizer.models import ModelVersion, SpotifyAccount
from tests.organizer.browsing import another_account, signed_in, visitor
from tests.simulator_process import SimulatorProcess

GONE = "redis://127.0.0.1:1/0"


@pytest.fixture
def staff(db: None) -> Client:
    client = visitor()
    client.force_login(get_user_model().objects.create_superuser("root", password="root's password"))
    return client


@pytest.fixture(scope="module")
def strict_simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess("--client-id", "ours", "--client-secret", "right") as process:
        yield process


def test_visitors_and_users_do_not_see_the_set_up(account: SpotifyAccount) -> None:
    for client in (visitor(), signed_in(account)):
        response = client.get(reverse("setup"))
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("admin:login"))


def test_the_page_shows_the_redirect_uri_to_paste_and_no_secret(
    staff: Client, simulator: Any, settings: Any
) -> None:
    settings.SPOTIFY_CLIENT_ID, settings.SPOTIFY_CLIENT_SECRET = "our-id", "a-very-secret-secret"
    page = staff.get(reverse("setup")).content.decode()
    assert settings.SPOTIFY_REDIRECT_URI in page
    for secret in (settings.SPOTIFY_CLIENT_SECRET, settings.SECRET_KEY, *settings.TOKEN_KEYS):
        assert secret not in page.replace(settings.SPOTIFY_REDIRECT_URI, "")


@pytest.mark.parametrize(
    ("url", "state", "words"),
    [
        ("https://music.example.org", State.GOOD, "accepts"),
        ("http://127.0.0.1:8000", State.GOOD, "accepts"),
        ("http://localhost:8000", State.BAD, "http://127.0.0.1:8000"),
        ("http://192.168.1.5:8000", State.BAD, "https"),
    ],
)
def test_the_address_is_judged_as_spotify_does(settings: Any, url: str, state: State, words: str) -> None:
    settings.PUBLIC_URL, settings.SPOTIFY_REDIRECT_URI = url, f"{url}/spotify/callback"
    found = symptoms.address()
    assert found.state == state
    assert words in found.says + found.fix
    assert found.to_copy == f"{url}/spotify/callback"


@pytest.mark.parametrize(("secret", "state"), [("right", State.GOOD), ("wrong", State.BAD)])
def test_the_id_and_secret_are_tried_at_the_accounts_service(
    db: None,
    settings: Any,
    redis_client: Any,
    strict_simulator: SimulatorProcess,
    secret: str,
    state: State,
) -> None:
    strict_simulator.point(settings)
    settings.SPOTIFY_CLIENT_ID, settings.SPOTIFY_CLIENT_SECRET = "ours", secret
    network.reset()
    found = symptoms.spotify_app()
    assert found.state == state
    assert ("refused this instance's client id or secret" in found.says) == (state == State.BAD)
    assert bool(found.fix) == (state == State.BAD)


def test_an_owner_without_premium_is_told_what_to_do(db: None, simulator: Any, settings: Any) -> None:
    settings.SPOTIFY_CLIENT_ID, settings.SPOTIFY_CLIENT_SECRET = "ours", "right"
    simulator.set_fault("premium_403")
    found = symptoms.spotify_app()
    assert found.state == State.BAD
    assert "Premium" in found.says and "Subscribe" in found.fix


def test_a_pause_that_spotify_asked_for_is_no_fault_of_the_set_up(
    db: None, simulator: Any, settings: Any
) -> None:
    settings.SPOTIFY_CLIENT_ID, settings.SPOTIFY_CLIENT_SECRET = "ours", "right"
    simulator.set_fault("rate_limited")
    assert symptoms.spotify_app().state == State.WARNING


def test_a_missing_app_is_said_without_asking_anybody(settings: Any) -> None:
    settings.SPOTIFY_CLIENT_ID = ""
    found = symptoms.spotify_app()
    assert found.state == State.BAD and "No Spotify app" in found.says


# A check in a thread notes its call for all to see, and it must not stay.
@pytest.mark.django_db(transaction=True)
def test_without_redis_its_three_checks_say_so_and_the_others_go_on(
    staff: Client, settings: Any, simulator: Any
) -> None:
    settings.REDIS_URL = GONE
    network.reset()
    started = time.monotonic()
    found = {one.title: one for one in staff.get(reverse("setup")).context["found"]}
    assert time.monotonic() - started < 30  # generous: the machine may be busy
    assert {name for name in ("Redis", "Workers", "Clock") if found[name].state == State.BAD} == {
        "Redis",
        "Workers",
        "Clock",
    }
    assert found["Model"].state == State.GOOD


def test_a_missing_trainer_is_named_and_nothing_worse(redis_client: Any, monkeypatch: Any) -> None:
    found = {"one": [{"name": "io"}], "two": [{"name": "ml"}]}
    monkeypatch.setattr(
        symptoms.app.control, "inspect", lambda **_: SimpleNamespace(active_queues=lambda: found)
    )
    said = symptoms.workers()
    assert said.state == State.WARNING and "because worker-train is not running" in said.says
    found["three"] = [{"name": "train"}]
    assert symptoms.workers().state == State.GOOD


def test_missing_workers_are_missed(redis_client: Any) -> None:
    found = symptoms.workers()
    assert found.state == State.BAD and "nothing is read or written" in found.says


def test_the_clock_is_heard_once_it_has_had_its_errand_run(redis_client: Any) -> None:
    network.reset()
    assert symptoms.clock().state == State.BAD
    pulse.beat()
    assert symptoms.clock().state == State.GOOD
    redis_client.set(pulse.KEY, time.time() - 3600)
    assert symptoms.clock().state == State.BAD


def test_a_damaged_model_is_named(db: None, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    ModelVersion.objects.create(name="mine", path="mine", labels=["a"], is_champion=True)
    found = symptoms.model()
    assert found.state == State.BAD and "mine" in found.says


def test_plain_or_unusable_keys_are_refused(db: None, settings: Any) -> None:
    settings.SECRET_KEY = "secret"
    assert "SECRET_KEY" in symptoms.keys().says
    settings.SECRET_KEY = "q8Zt1w_0PqLx7vNd3mRc5yKb9sHf2jGa4uEi6oTz"
    assert symptoms.keys().state == State.GOOD
    settings.TOKEN_KEYS = ["not a Fernet key"]
    assert "TOKEN_KEYS" in symptoms.keys().says


def test_the_sixth_person_is_announced_at_the_fifth(db: None, settings: Any) -> None:
    settings.SIMULATOR_URL = ""
    for number in range(4):
        another_account(f"user{number}")
    assert symptoms.people().state == State.GOOD
    another_account("fifth")
    assert symptoms.people().state == State.WARNING


def test_a_check_that_hangs_costs_the_others_nothing() -> None:
    def hang() -> Finding:
        time.sleep(doctor.LIMIT_S + 1)
        return well()

    def well() -> Finding:
        return Finding("Quick", State.GOOD, "It answers.")

    found = doctor.examine([Check("slow", "Slow", hang, is_slow=True), Check("quick", "Quick", well)])
    assert [one.state for one in found] == [State.BAD, State.GOOD]
    assert "no answer" in found[0].says


def test_the_command_prints_the_same_and_fails_when_something_is_broken(
    db: None, settings: Any, redis_client: Any
) -> None:
    settings.SPOTIFY_CLIENT_ID = ""
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=out)
    assert ended.value.code == 1
    assert "BROKEN  Spotify app: No Spotify app is configured." in out.getvalue()
    assert settings.SPOTIFY_REDIRECT_URI in out.getvalue()
