"""A preview beside a song: real sound from the simulated providers, passed on to the listener and not kept."""

from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from classifier.audio import decode
from organizer import previews
from organizer.models import AudioAnalysis, SpotifyAccount, Track
from tests.organizer.browsing import another_account, signed_in
from tests.organizer.test_library import sync


@pytest.fixture(autouse=True)
def nothing_recent(settings: Any) -> None:
    settings.PLAYBACK = "previews"
    previews.recently.forget()


@pytest.fixture
def listener(ada: SpotifyAccount) -> Client:
    sync(ada)
    return signed_in(ada)


def with_preview(simulator: Any) -> Track:
    """A song that Deezer has."""
    return next(track for track in Track.objects.movable() if simulator.track(track.uri)["deezer"])


def without_preview(simulator: Any) -> Track:
    """A song that no provider finds."""
    track = with_preview(simulator)
    Track.objects.filter(pk=track.pk).update(isrc="", name="Nobody has heard of this")
    return track


def play(client: Client, track: Track, **headers: str) -> Any:
    return client.get(reverse("preview", args=[track.pk]), headers=headers)


def test_a_preview_is_real_sound_that_is_kept_nowhere(listener: Client, simulator: Any) -> None:
    response = play(listener, with_preview(simulator))
    assert response["content-type"] == "audio/mpeg"
    assert len(decode(response.content)) > 20 * 22_050
    assert "no-store" in response["cache-control"]
    assert not AudioAnalysis.objects.exists()
    assert not default_storage.exists("previews")


@pytest.mark.parametrize(
    ("asked", "start", "end"), [("bytes=0-", 0, None), ("bytes=0-1", 0, 2), ("bytes=100-199", 100, 200)]
)
def test_browsers_get_the_range_that_they_ask_for(
    listener: Client, simulator: Any, asked: str, start: int, end: int | None
) -> None:
    track = with_preview(simulator)
    whole = play(listener, track).content
    response = play(listener, track, range=asked)
    assert response.status_code == 206
    assert response.content == whole[start:end]
    assert response["content-range"] == f"bytes {start}-{(end or len(whole)) - 1}/{len(whole)}"


def test_the_last_bytes_and_what_lies_behind_the_end(listener: Client, simulator: Any) -> None:
    track = with_preview(simulator)
    assert len(play(listener, track, range="bytes=-500").content) == 500
    assert play(listener, track, range="bytes=99999999-").status_code == 416
    assert play(listener, track, range="lines=1-2").status_code == 200


def test_songs_without_a_preview_say_so_and_are_not_looked_up_again_at_once(
    listener: Client, simulator: Any
) -> None:
    track = without_preview(simulator)
    response = play(listener, track)
    assert (response.status_code, response.content.decode()) == (
        404,
        "No service has a preview of this song.",
    )
    asked = len(simulator.requests("deezer"))
    assert play(listener, track).status_code == 404
    assert len(simulator.requests("deezer")) == asked


def test_who_follows_the_link_gets_a_page(listener: Client, simulator: Any) -> None:
    response = play(listener, without_preview(simulator), accept="text/html")
    assert response.status_code == 404
    assert b"<h1>No preview</h1>" in response.content


def test_while_the_providers_want_a_rest_the_listener_is_told(listener: Client, simulator: Any) -> None:
    simulator.set_fault("deezer_quota", service="deezer")
    simulator.set_fault("rate_limited", service="itunes")
    response = play(listener, with_preview(simulator))
    assert response.status_code == 503
    assert "asked us to wait" in response.content.decode()
    assert int(response["retry-after"]) >= 1


def test_a_web_page_in_place_of_sound_is_not_passed_on(listener: Client, simulator: Any) -> None:
    simulator.set_fault("html_instead_of_audio")
    response = play(listener, with_preview(simulator))
    assert response.status_code == 404
    assert b"<html" not in response.content


def test_nobody_can_hammer_the_providers(listener: Client, simulator: Any, monkeypatch: Any) -> None:
    track = with_preview(simulator)
    for _ in range(previews.MOST_PLAYS):
        previews.recently.enter(SpotifyAccount.objects.get().pk)
    asked = len(simulator.requests("deezer"))
    response = play(listener, track)
    assert response.status_code == 429
    assert len(simulator.requests("deezer")) == asked


def test_only_songs_of_the_own_library_are_played(listener: Client, simulator: Any) -> None:
    track = with_preview(simulator)
    assert play(signed_in(another_account()), track).status_code == 404
    SpotifyAccount.objects.get(spotify_id="ada").saves.filter(track=track).update(is_unliked=True)
    assert play(listener, track).status_code == 404


@pytest.mark.parametrize("mode", ["embed", "off"])
def test_without_leave_no_preview_is_played(
    listener: Client, simulator: Any, settings: Any, mode: str
) -> None:
    settings.PLAYBACK = mode
    assert play(listener, with_preview(simulator)).status_code == 404


def test_spotifys_player_is_named_but_not_loaded_before_a_click(listener: Client, settings: Any) -> None:
    from tests.organizer.conftest import predict_in_turn

    settings.PLAYBACK = "embed"
    predict_in_turn(SpotifyAccount.objects.get())
    page = listener.get(reverse("review")).content.decode()
    assert 'data-embed="https://open.spotify.com/embed/track/' in page
    assert "<iframe" not in page


def test_playing_is_a_get(listener: Client, simulator: Any) -> None:
    assert listener.post(reverse("preview", args=[with_preview(simulator).pk])).status_code == 405


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"ID3\x04rest", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"\x00\x00\x00\x20ftypM4A ", "audio/mp4"),
        (b"<html>", ""),
        (b"", ""),
    ],
)
def test_what_it_is_is_seen_by_the_first_bytes(data: bytes, kind: str) -> None:
    assert previews.content_type(data) == kind
