"""What everybody sees: the start page and the ways in and back, the notices, the pages of refusals."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from organizer.models import SpotifyAccount
from tests.organizer.browsing import said, signed_in, visitor


def shown(name: str, **query: str) -> str:
    return visitor().get(reverse(name), query).content.decode()


def test_with_a_real_spotify_the_start_page_connects_and_tells_how_to_see_the_demo(db: None) -> None:
    page = shown("landing")
    assert "Connect with Spotify</button>" in page
    assert f'href="{reverse("demo")}">Try the demo library' in page
    assert "make demo" in shown("demo")


def test_in_the_demo_the_start_page_leads_into_it_and_tells_how_to_use_ones_own(
    db: None, settings: Any
) -> None:
    settings.SIMULATOR_URL = "http://127.0.0.1:9999"
    page = shown("landing")
    assert "Try the demo library</button>" in page
    assert f'href="{reverse("demo")}">Connect with Spotify' in page
    assert settings.SPOTIFY_REDIRECT_URI in shown("demo")


def test_a_page_asked_for_too_early_is_remembered_through_connecting(
    db: None, simulator: Any, settings: Any
) -> None:
    client = visitor()
    page = client.get(client.get(reverse("history") + "?page=2")["Location"])
    assert page.context["next"] == "/history?page=2"
    away = client.post(reverse("connect"), {"next": page.context["next"]})["Location"]
    back = simulator.consent(away, "ada")
    answer = client.get(reverse("callback"), parse_qs(urlsplit(back).query, keep_blank_values=True))
    assert answer["Location"] == "/history?page=2"
    assert "Connected to Spotify as Ada" in said(answer)


def test_an_expired_session_is_told_from_a_first_visit(account: SpotifyAccount) -> None:
    client = signed_in(account)
    Session.objects.all().delete()
    expired = client.get(reverse("jobs"), follow=True).content.decode()
    assert "You were signed out" in expired and 'name="next" value="/jobs"' in expired
    assert "You were signed out" not in visitor().get(reverse("jobs"), follow=True).content.decode()
    assert "You were signed out" not in shown("landing")


def test_a_button_pressed_after_the_session_ended_leads_to_the_library_not_to_the_buttons_address(
    db: None,
) -> None:
    assert visitor().post(reverse("start"))["Location"] == "/?next=/library"


def test_a_polling_page_whose_session_ended_comes_back_to_where_it_was(account: SpotifyAccount) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://127.0.0.1:8000/jobs/7"}
    response = visitor().get(reverse("job", args=[7]), headers=headers)
    assert response["HX-Redirect"] == "/?next=%2Fjobs%2F7"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/no-such-page", "x"])
def test_the_way_back_leads_nowhere_else(db: None, elsewhere: str) -> None:
    assert visitor().get(reverse("landing"), {"next": elsewhere}).context["next"] == ""


def test_the_address_of_a_button_shows_a_page_with_the_way_back(account: SpotifyAccount) -> None:
    response = signed_in(account).get(reverse("start"), headers={"accept": "text/html"})
    assert response.status_code == 405 and response["Allow"] == "POST"
    assert b"only works by its button" in response.content and b"Back to the start" in response.content
    assert signed_in(account).get(reverse("start"), headers={"accept": "application/json"}).content == b""


@pytest.mark.parametrize("name", ["landing", "link", "privacy", "terms", "demo"])
def test_every_public_page_shows_where_its_data_come_from(db: None, name: str) -> None:
    page = shown(name)
    assert 'href="https://open.spotify.com/"' in page
    assert "spotify-black" in page and "spotify-white" in page


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("terms", "third-party beneficiary"),
        ("terms", "on behalf of Spotify"),
        ("terms", "reverse-engineer"),
        ("privacy", "within 24 hours"),
        ("privacy", "Two are necessary"),
        ("privacy", "spotify.com/account/apps"),
    ],
)
def test_the_notices_say_what_spotify_asks_for(db: None, name: str, words: str) -> None:
    assert words in shown(name)


def test_the_operator_can_leave_an_address(db: None, settings: Any) -> None:
    settings.OPERATOR_CONTACT = "Ada <ada@example.org>"
    assert "Ada &lt;ada@example.org&gt;" in shown("privacy")
    assert "Ada &lt;ada@example.org&gt;" in shown("terms")


@pytest.mark.parametrize(("theme", "scheme"), [("", "light dark"), ("dark", "dark"), ("light", "light")])
def test_the_users_theme_outranks_the_devices(account: SpotifyAccount, theme: str, scheme: str) -> None:
    SpotifyAccount.objects.update(theme=theme)
    page = signed_in(account).get(reverse("jobs")).content.decode()
    assert (f'data-theme="{theme}"' in page) == bool(theme)
    assert f'name="color-scheme" content="{scheme}"' in page


@pytest.mark.parametrize(
    ("fault", "words"),
    [("premium_403", "needs Spotify Premium"), ("plain_text_403", "list of allowed users")],
)
def test_spotifys_refusals_at_connecting_are_told_in_terms_of_what_to_do(
    db: None, simulator: Any, fault: str, words: str
) -> None:
    client = visitor()
    back = simulator.consent(client.post(reverse("connect"))["Location"], "ada")
    simulator.set_fault(fault)
    answer = client.get(reverse("callback"), parse_qs(urlsplit(back).query), follow=True)
    assert words in answer.content.decode()
    assert not SpotifyAccount.objects.exists()
