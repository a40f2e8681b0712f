"""Moments in the reader's zone, as far away as they are, in both languages."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.urls import reverse
from django.utils import timezone, translation

from organizer.models import SpotifyAccount
from organizer.templatetags import moments
from tests.organizer.browsing import signed_in

NOW = datetime(2026, 11, 21, 14, 32, tzinfo=UTC)
FORM = {"schedule": "off", "may": "plan", "removals": "ask"}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.mark.parametrize(
    ("away", "english", "german"),
    [
        (timedelta(seconds=-20), "just now", "gerade eben"),
        (timedelta(seconds=20), "in a moment", "gleich"),
        (timedelta(minutes=-1), "1 minute ago", "vor 1 Minute"),
        (timedelta(hours=-3, minutes=-20), "3 hours ago", "vor 3 Stunden"),
        (timedelta(days=-1), "1 day ago", "vor 1 Tag"),
        (timedelta(days=-6), "6 days ago", "vor 6 Tagen"),
        (timedelta(minutes=45), "in 45 minutes", "in 45 Minuten"),
        (timedelta(hours=1), "in 1 hour", "in 1 Stunde"),
        (timedelta(days=2), "in 2 days", "in 2 Tagen"),
        (timedelta(days=-30), "22 October 2026", "22. Oktober 2026"),
    ],
)
def test_how_far_away_a_moment_is(away: timedelta, english: str, german: str) -> None:
    assert moments.relative(NOW + away) == english
    with translation.override("de"):
        assert moments.relative(NOW + away) == german


def test_the_tooltip_has_the_moment_in_the_readers_zone() -> None:
    with timezone.override("Europe/Berlin"):
        assert moments.ago(NOW - timedelta(hours=3)) == (
            '<time datetime="2026-11-21T12:32:00+01:00" title="21 Nov 2026, 12:32">3 hours ago</time>'
        )
    with translation.override("de"):
        assert 'title="21. Nov. 2026, 11:32"' in moments.ago(NOW - timedelta(hours=3))


def test_today_goes_without_saying_where_the_hour_counts() -> None:
    template = Template("{% load moments %}{% moment at %} {% day at %}")
    page = template.render(Context({"at": NOW + timedelta(hours=2)}))
    assert ">16:32</time>" in page
    assert 'title="21 Nov 2026, 16:32 · in 2 hours"' in page
    assert '<time datetime="2026-11-21">21 November 2026</time>' in page


def test_nothing_is_said_of_no_moment() -> None:
    assert (
        Template("{% load moments %}{% ago at %}{% moment at %}{% day at %}").render(Context({"at": None}))
        == ""
    )


def clock_on_settings(account: SpotifyAccount, **cookies: str) -> str:
    client = signed_in(account)
    for name, value in cookies.items():
        client.cookies[name] = value
    return client.get(reverse("settings")).content.decode()


def test_a_page_runs_by_the_browsers_clock_and_by_the_instances_without_one(account: SpotifyAccount) -> None:
    assert "It is 14:32" in clock_on_settings(account)
    assert "It is 23:32" in clock_on_settings(account, time_zone="Asia/Tokyo")
    assert "It is 14:32" in clock_on_settings(account, time_zone="../../etc/passwd")


def test_the_chosen_zone_outranks_the_browsers(account: SpotifyAccount) -> None:
    client = signed_in(account)
    client.post(reverse("settings"), FORM | {"time_zone": "Europe/Berlin"})
    assert "It is 15:32" in clock_on_settings(account, time_zone="Asia/Tokyo")


def test_only_zones_that_exist_are_taken(account: SpotifyAccount) -> None:
    response = signed_in(account).post(reverse("settings"), FORM | {"time_zone": "Mars/Base"})
    assert response.status_code == 422
    assert 'id="id_time_zone_error"' in response.content.decode()
