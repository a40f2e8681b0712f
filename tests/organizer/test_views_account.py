from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from organizer import jobs
from organizer.models import Job, SpotifyAccount
from tests.organizer.browsing import said, signed_in, visitor


def connected(client: Client, simulator: Any, user: str = "ada") -> Any:
    """Through Spotify's consent page and back."""
    leaving = client.post(reverse("connect"))
    back = urlsplit(simulator.consent(leaving["Location"], user))
    return client.get(f"{back.path}?{back.query}")


def test_connecting_makes_a_user_and_leads_to_the_library(db: None, simulator: Any) -> None:
    client = visitor()
    response = connected(client, simulator)
    assert response["Location"] == reverse("library")
    account = SpotifyAccount.objects.get()
    assert str(account.user.pk) == client.session["_auth_user_id"]
    assert b"Read my liked songs" in client.get(reverse("library")).content


def test_consent_is_asked_with_state_and_a_pkce_challenge(db: None, settings: Any) -> None:
    asked = parse_qs(urlsplit(visitor().post(reverse("connect"))["Location"]).query)
    assert asked["redirect_uri"] == [settings.SPOTIFY_REDIRECT_URI]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["state"][0]) >= 32


def test_connecting_starts_at_the_address_that_spotify_returns_to(db: None) -> None:
    response = Client(headers={"host": "localhost:8000"}).post(reverse("connect"))
    assert response["Location"] == "http://127.0.0.1:8000/?moved"
    assert b"Press Connect once more" in visitor().get("/?moved").content


@pytest.mark.parametrize("answer", [{"code": "stolen", "state": "forged"}, {"code": "x"}, {}])
def test_an_answer_with_another_state_is_refused(db: None, answer: dict[str, str]) -> None:
    client = visitor()
    client.post(reverse("connect"))
    response = client.get(reverse("callback"), answer)
    assert "does not belong to an attempt" in said(response)
    assert not SpotifyAccount.objects.exists()


def test_a_state_is_good_only_once(db: None, simulator: Any) -> None:
    client = visitor()
    leaving = client.post(reverse("connect"))
    back = urlsplit(simulator.consent(leaving["Location"], "ada"))
    client.get(f"{back.path}?{back.query}")
    assert "does not belong" in said(client.get(f"{back.path}?{back.query}"))


def test_saying_no_at_spotify_is_answered_kindly(db: None) -> None:
    client = visitor()
    state = parse_qs(urlsplit(client.post(reverse("connect"))["Location"]).query)["state"][0]
    response = client.get(reverse("callback"), {"error": "access_denied", "state": state})
    assert "nothing was linked" in said(response)
    assert response["Location"] == reverse("landing")


def test_a_code_that_spotify_refuses_becomes_a_sentence(db: None, simulator: Any) -> None:
    client = visitor()
    state = parse_qs(urlsplit(client.post(reverse("connect"))["Location"]).query)["state"][0]
    response = client.get(reverse("callback"), {"code": "made-up", "state": state})
    assert response["Location"] == reverse("landing")
    assert "Please connect again" in said(response)


def test_an_account_of_another_user_is_not_taken_over(
    account: SpotifyAccount, ada: SpotifyAccount, simulator: Any
) -> None:
    response = connected(signed_in(account), simulator)
    assert "linked to another user" in said(response)
    assert SpotifyAccount.objects.get(pk=ada.pk).user_id == ada.user_id


def test_reconnecting_lets_paused_jobs_go_on(ada: SpotifyAccount, simulator: Any) -> None:
    job, _ = jobs.start(ada, Job.Kind.ORGANIZE)
    Job.objects.filter(pk=job.pk).update(state=Job.State.PAUSED)
    SpotifyAccount.objects.update(needs_link=True)
    connected(signed_in(ada), simulator)
    job.refresh_from_db()
    ada.refresh_from_db()
    assert job.state == Job.State.QUEUED
    assert job.lease_token, "a message is on its way"
    assert not ada.needs_link


@pytest.mark.parametrize(
    ("days_left", "words"),
    [(20, "ends in 20 days"), (5, "ends in 5 days"), (1, "ends tomorrow"), (0, "ends today")],
)
def test_the_end_of_the_link_is_announced(account: SpotifyAccount, days_left: int, words: str) -> None:
    noon = timezone.localtime().replace(hour=12)  # whatever time it is, days are those of the calendar
    account.authorized_at = noon - timedelta(days=182 - days_left)
    account.save()
    assert words in signed_in(account).get(reverse("jobs")).content.decode()


def test_a_dead_link_is_shown_on_every_page(account: SpotifyAccount) -> None:
    SpotifyAccount.objects.update(needs_link=True)
    assert b"The link to Spotify has ended" in signed_in(account).get(reverse("library")).content


def test_the_link_page_names_each_permission_in_words(account: SpotifyAccount, settings: Any) -> None:
    page = signed_in(account).get(reverse("link")).content.decode()
    assert all(scope in page for scope in settings.SPOTIFY_SCOPES.split())
    assert "Reconnect before" in page
    assert "https://www.spotify.com/account/apps/" in page


def test_disconnecting_first_says_what_goes_and_then_deletes_it(library: SpotifyAccount) -> None:
    client = signed_in(library)
    question = client.get(reverse("disconnect"))
    assert library.saves.count() in [count for _, count in question.context["counts"]]
    assert b"as read from Spotify" in question.content
    assert SpotifyAccount.objects.exists()
    assert client.post(reverse("disconnect"))["Location"] == reverse("landing")
    assert not SpotifyAccount.objects.exists()
    assert "_auth_user_id" not in client.session


def test_logging_out_ends_the_session(account: SpotifyAccount) -> None:
    client = signed_in(account)
    client.post(reverse("logout"))
    assert client.get(reverse("library")).status_code == 302
