from typing import Any

import pytest
from django.urls import reverse

from organizer import review
from organizer.models import Prediction, SpotifyAccount, Track
from tests.organizer.browsing import said, signed_in


@pytest.fixture
def track(library: SpotifyAccount) -> Track:
    return review.queue(library)[0].track


def test_songs_whose_word_teaches_most_come_first_twenty_a_page(library: SpotifyAccount) -> None:
    response = signed_in(library).get(reverse("review"))
    worth = [song.teaches for song in response.context["page"]]
    assert len(worth) == 20
    assert worth == sorted(worth, reverse=True)
    assert f"{len(review.queue(library))} left" in response.content.decode()


def test_the_page_takes_few_queries(library: SpotifyAccount, django_assert_max_num_queries: Any) -> None:
    client = signed_in(library)
    client.get(reverse("review"))
    with django_assert_max_num_queries(10):
        client.get(reverse("review"))


@pytest.mark.parametrize("field", ["genre", "other"])
def test_a_word_is_kept_and_the_song_leaves_the_queue(
    library: SpotifyAccount, track: Track, field: str
) -> None:
    signed_in(library).post(reverse("correct", args=[track.pk]), {field: "reggae"})
    assert library.corrections.get().genre == "reggae"
    assert track.pk not in {song.track.pk for song in review.queue(library)}


def test_a_word_can_count_for_everything_by_the_artist(library: SpotifyAccount, track: Track) -> None:
    form = {"genre": "metal", "whole_artist": "on"}
    signed_in(library).post(reverse("correct", args=[track.pk]), form)
    assert library.corrections.get().artist == track.primary_artist


def test_the_last_word_can_be_undone(library: SpotifyAccount, track: Track) -> None:
    client = signed_in(library)
    client.post(reverse("correct", args=[track.pk]), {"genre": "reggae"})
    assert reverse("take-back", args=[track.pk]) in client.get(reverse("review")).content.decode()
    assert "Taken back" in said(client.post(reverse("take-back", args=[track.pk])))
    assert not library.corrections.exists()


@pytest.mark.parametrize("genre", ["", "polka"])
def test_an_unknown_genre_is_refused_in_words(library: SpotifyAccount, track: Track, genre: str) -> None:
    response = signed_in(library).post(reverse("correct", args=[track.pk]), {"genre": genre})
    assert "Choose one of the genres" in said(response)
    assert not library.corrections.exists()


def test_the_reasons_are_told_in_words(library: SpotifyAccount) -> None:
    assert b"Audio features say " in signed_in(library).get(reverse("review")).content


def test_an_empty_queue_says_that_there_is_nothing_to_do(library: SpotifyAccount) -> None:
    Prediction.objects.update(is_sure=True)
    assert b"Nothing to review" in signed_in(library).get(reverse("review")).content
