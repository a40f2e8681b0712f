"""Who gets in, and by which method: the same questions asked of every address."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from organizer import identify, jobs, plans
from organizer.models import Job, SpotifyAccount
from tests.organizer.browsing import another_account, signed_in, visitor

READ = ["library", "genres", "plan-latest", "review", "identify", "jobs", "history", "settings", "disconnect"]
WRITE = ["start", "plan-make"]
PUBLIC = ["landing", "privacy", "terms", "link", "healthz"]


@pytest.mark.parametrize("name", [*READ, *WRITE])
def test_visitors_are_sent_to_the_landing_page(db: None, name: str) -> None:
    method = "post" if name in WRITE else "get"
    response = getattr(visitor(), method)(reverse(name))
    assert response.status_code == 302
    assert response["Location"].startswith("/?next=")


@pytest.mark.parametrize("name", PUBLIC)
def test_anybody_may_read_the_public_pages(db: None, name: str) -> None:
    assert visitor().get(reverse(name)).status_code == 200


@pytest.mark.parametrize(
    "name", [*sorted(set(READ) - {"genres", "identify", "settings", "disconnect"}), *PUBLIC, "callback"]
)
def test_reading_pages_refuse_to_be_posted_to(account: SpotifyAccount, name: str) -> None:
    assert signed_in(account).post(reverse(name)).status_code == 405


@pytest.mark.parametrize("name", [*WRITE, "connect", "logout"])
def test_writing_addresses_refuse_to_be_read(account: SpotifyAccount, name: str) -> None:
    assert signed_in(account).get(reverse(name)).status_code == 405


@pytest.mark.parametrize("name", [*READ, "link"])
def test_a_user_without_an_account_is_offered_to_connect(db: None, name: str) -> None:
    client = visitor()
    client.force_login(get_user_model().objects.create_superuser("root", password="root's password"))
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert b"Connect with Spotify" in response.content


def job_of(account: SpotifyAccount) -> list[Any]:
    return [jobs.start(account, Job.Kind.ORGANIZE)[0].pk]


def plan_of(account: SpotifyAccount) -> list[Any]:
    plans.choose(account, [plans.Choice("Rock", ("rock",), 0.5)])
    return [plans.make(account).pk]


def playlist_of(account: SpotifyAccount) -> list[Any]:
    return [*plan_of(account), account.playlists.get().pk]


def identification_of(account: SpotifyAccount) -> list[Any]:
    return [identify.start(account, "song.mp3", b"sound")[0].pk]


def track_of(account: SpotifyAccount) -> list[Any]:
    return [account.saves.first().track_id]


@pytest.mark.parametrize(
    ("name", "method", "owned"),
    [
        ("job", "get", job_of),
        ("job-resume", "post", job_of),
        ("job-cancel", "post", job_of),
        ("job-try-now", "post", job_of),
        ("plan", "get", plan_of),
        ("plan-apply", "post", plan_of),
        ("plan-discard", "post", plan_of),
        ("plan-removals", "post", plan_of),
        ("plan-playlist", "get", playlist_of),
        ("plan-playlist", "post", playlist_of),
        ("identified", "get", identification_of),
        ("spectrogram", "get", identification_of),
        ("identify-delete", "post", identification_of),
        ("correct", "post", track_of),
        ("take-back", "post", track_of),
    ],
)
def test_what_belongs_to_others_is_not_there(
    library: SpotifyAccount, name: str, method: str, owned: Any
) -> None:
    address = reverse(name, args=owned(library))
    before = Job.objects.filter(is_cancel_asked=False).count()
    assert getattr(signed_in(another_account()), method)(address).status_code == 404
    assert Job.objects.filter(is_cancel_asked=False).count() == before


@pytest.mark.parametrize("name", ["identified", "spectrogram"])
def test_addresses_that_show_one_thing_refuse_to_be_posted_to(account: SpotifyAccount, name: str) -> None:
    assert signed_in(account).post(reverse(name, args=[1])).status_code == 405


@pytest.mark.parametrize(
    "name",
    [
        "job-resume",
        "job-cancel",
        "job-try-now",
        "plan-apply",
        "plan-discard",
        "plan-removals",
        "correct",
        "identify-delete",
    ],
)
def test_addresses_that_change_one_thing_refuse_to_be_read(account: SpotifyAccount, name: str) -> None:
    assert signed_in(account).get(reverse(name, args=[1])).status_code == 405


def test_a_form_without_its_token_is_explained(account: SpotifyAccount) -> None:
    client = signed_in(account)
    client.handler.enforce_csrf_checks = True
    response = client.post(reverse("start"))
    assert response.status_code == 403
    assert b"This form has expired" in response.content


def test_an_unknown_address_gets_our_own_page(db: None) -> None:
    response = visitor().get("/nothing-here")
    assert response.status_code == 404
    assert b"Back to the start" in response.content


def test_a_crash_gets_our_own_page_without_internals(
    account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("organizer.views.jobs.render", None)
    client = signed_in(account)
    client.raise_request_exception = False
    response = client.get(reverse("jobs"))
    assert response.status_code == 500
    assert b"Something went wrong on our side" in response.content
    assert b"NoneType" not in response.content


@pytest.mark.parametrize("name", [*READ, *PUBLIC])
def test_no_page_needs_inline_style_or_script(library: SpotifyAccount, name: str) -> None:
    response = signed_in(library).get(reverse(name), follow=True)
    assert b"style=" not in response.content
    assert b"<style" not in response.content
    assert b"<script>" not in response.content
    assert "'unsafe" not in response["Content-Security-Policy"]
