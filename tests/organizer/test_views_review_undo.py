import pytest
from django.urls import reverse

from organizer import review, stored_verdicts
from organizer.models import SpotifyAccount, Track
from tests.organizer.browsing import another_account, said, signed_in
from tests.organizer.reviewing import shown, undo, word
from tests.organizer.test_library_context import pair  # noqa: F401


@pytest.fixture
def track(library: SpotifyAccount) -> Track:
    return review.queue(library)[0].track


def test_undo_takes_back_step_by_step(library: SpotifyAccount) -> None:
    client, tracks = signed_in(library), [song.track for song in review.queue(library)[:3]]
    tokens = [word(client, track, genre="reggae")["step"] for track in tracks]
    for left, token in zip((2, 1, 0), reversed(tokens), strict=True):
        assert undo(client, token).status_code == 200
        assert library.corrections.count() == left
    assert client.session["review"]["settled"] == 0


def test_undo_brings_back_the_word_that_a_word_on_the_artist_replaced(
    library: SpotifyAccount, track: Track
) -> None:
    client = signed_in(library)
    word(client, track, genre="shoegaze", also="pop")
    was = library.corrections.get()
    token = word(client, track, genre="metal", whole_artist="on")["step"]
    assert library.corrections.get().artist == track.primary_artist
    undo(client, token)
    back = library.corrections.get()
    assert (back.track, back.genre, back.also, back.created_at) == (
        track,
        "shoegaze",
        ["pop"],
        was.created_at,
    )
    stored = stored_verdicts.of(library).get(track=track)
    assert (stored.genre, stored.part) == ("shoegaze", "own")


def test_undo_works_as_a_plain_form_and_shows_the_song_again(library: SpotifyAccount, track: Track) -> None:
    client = signed_in(library)
    client.post(reverse("correct", args=[track.pk]), {"genre": "reggae"})
    page = client.get(reverse("review"))
    assert "is Reggae now." in page.content.decode()
    response = client.post(reverse("review-undo"), {"step": page.context["steps"][0]["token"]}, follow=True)
    assert response.context["card"]["song"].track == track
    assert not library.corrections.exists()


def test_undo_leads_on_where_the_song_has_left_the_library(library: SpotifyAccount, track: Track) -> None:
    client = signed_in(library)
    token = word(client, track, genre="reggae")["step"]
    library.saves.filter(track=track).delete()
    assert client.post(reverse("review-undo"), {"step": token})["location"] == "/review"


def test_a_made_up_or_foreign_step_is_refused(library: SpotifyAccount, track: Track) -> None:
    token = word(signed_in(library), track, genre="reggae")["step"]
    assert undo(signed_in(library), token[:-2] + "xx").status_code == 400
    assert undo(signed_in(another_account()), token).status_code == 400
    assert library.corrections.count() == 1


def test_a_word_can_be_taken_back_later(library: SpotifyAccount, track: Track) -> None:
    client = signed_in(library)
    word(client, track, genre="reggae")
    assert "Taken back" in said(client.post(reverse("take-back", args=[track.pk])))
    assert not library.corrections.exists()


# --- not now ----------------------------------------------------------------------------------------------------


def test_a_song_that_is_put_off_comes_last_in_this_session_only(
    library: SpotifyAccount, track: Track
) -> None:
    client = signed_in(library)
    client.post(reverse("skip", args=[track.pk]))
    left = review.queue(library).count()
    assert shown(client) != track
    assert shown(client, n=left) == track
    assert shown(signed_in(library)) == track
    client.post(reverse("skip", args=[track.pk]), {"back": "on"})
    assert shown(client) == track
