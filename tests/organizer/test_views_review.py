import json
from typing import Any

import pytest
from django.urls import reverse

from organizer import review, stored_verdicts, verdicts
from organizer.models import Job, Prediction, SpotifyAccount, Track
from tests.organizer.browsing import another_account, said, signed_in
from tests.organizer.reviewing import JSON, shown, undo, word
from tests.organizer.test_library_context import pair  # noqa: F401


@pytest.fixture
def track(library: SpotifyAccount) -> Track:
    return review.queue(library)[0].track


def test_the_song_whose_word_teaches_most_comes_first_and_the_others_follow(library: SpotifyAccount) -> None:
    client, queue = signed_in(library), list(review.queue(library)[:3])
    assert [song.teaches for song in queue] == sorted((song.teaches for song in queue), reverse=True)
    assert [shown(client, n=n) for n in (1, 2, 3)] == [song.track for song in queue]
    page = client.get(reverse("review"), {"n": 2}).content.decode()
    assert 'href="?n=1"' in page and 'href="?n=3"' in page
    assert f"{len(review.queue(library))} songs left" in page


def test_songs_without_evidence_are_told_apart_as_the_library_tells_them(library: SpotifyAccount) -> None:
    client, left = signed_in(library), review.queue(library).count()
    assert "without evidence" not in client.get(reverse("review")).content.decode()
    last = review.queue(library)[left - 1]
    library.verdicts.filter(pk=last.pk).update(part="none")
    page = client.get(reverse("review")).content.decode()
    assert f"{left} songs left" in page and ", 1 of them without evidence" in page


@pytest.mark.parametrize("query", [{}, {"view": "grid"}, {"n": 5}])
def test_a_page_takes_few_queries(
    library: SpotifyAccount, query: dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    client = signed_in(library)
    client.get(reverse("review"))
    with django_assert_max_num_queries(12):
        assert client.get(reverse("review"), query).status_code == 200


def test_the_reasons_are_told_in_words(library: SpotifyAccount) -> None:
    assert b"Audio features say " in signed_in(library).get(reverse("review")).content


def test_a_song_that_is_not_there_is_not_taken_for_the_end_of_the_review(
    library: SpotifyAccount, track: Track
) -> None:
    client, stranger = signed_in(library), signed_in(another_account())
    assert shown(client, song=track.pk) == track
    assert client.get(reverse("review"), {"song": 99999999}).status_code == 404
    assert stranger.get(reverse("review"), {"song": track.pk}).status_code == 404
    library.verdicts.filter(track=track).delete()
    assert client.get(reverse("review"), {"song": track.pk})["location"] == "/review"


@pytest.mark.parametrize("n", ["0", "x", "99999999999", "-1", ""])
def test_an_odd_place_in_the_queue_shows_a_song(library: SpotifyAccount, n: str) -> None:
    assert signed_in(library).get(reverse("review"), {"n": n}).status_code == 200


def test_every_genre_and_sub_genre_can_be_chosen(library: SpotifyAccount) -> None:
    page = signed_in(library).get(reverse("review")).content.decode()
    select = page[page.index('<select name="other"') :].split("</select>")[0]
    assert select.count("<optgroup") == 15
    assert select.count("<option") == 1 + 15 + 167


def test_the_page_holds_the_cards_that_follow_and_not_those_it_has(library: SpotifyAccount) -> None:
    queue = [song.track_id for song in review.queue(library)]
    answer = signed_in(library).get(reverse("review-cards"), {"held": f"{queue[0]},{queue[2]},x"}).json()
    assert [card["track"] for card in answer["cards"]][:2] == [queue[1], queue[3]]
    assert len(answer["cards"]) == 30
    assert "review-song" in answer["cards"][0]["html"]


# --- words ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["genre", "other"])
@pytest.mark.parametrize("genre", ["reggae", "shoegaze"])
def test_a_word_is_kept_and_the_next_song_is_shown(
    library: SpotifyAccount, track: Track, field: str, genre: str
) -> None:
    client = signed_in(library)
    client.post(reverse("correct", args=[track.pk]), {field: genre})
    assert library.corrections.get().genre == genre
    assert shown(client) != track
    assert track.pk not in {song.track_id for song in review.queue(library)}


def test_a_word_may_be_several_genres_and_all_count_for_the_plan(
    library: SpotifyAccount, track: Track
) -> None:
    form = {"other": "rock", "also": ["dream-pop", "", "rock"]}
    signed_in(library).post(reverse("correct", args=[track.pk]), form)
    assert library.corrections.get().also == ["dream-pop"]
    verdict = next(song for song in verdicts.of_library(library) if song.track == track)
    assert verdict.probability_of(["pop"]) == verdict.probability_of(["rock"]) == 1.0


def test_a_word_can_count_for_everything_by_the_artist(library: SpotifyAccount, track: Track) -> None:
    page = signed_in(library).get(reverse("review")).content.decode()
    songs = Track.objects.liked_by(library).movable().filter(primary_artist=track.primary_artist).count()
    assert f"({songs} song" in page
    form = {"genre": "metal", "whole_artist": "on"}
    signed_in(library).post(reverse("correct", args=[track.pk]), form)
    assert library.corrections.get().artist == track.primary_artist


@pytest.mark.parametrize("genre", ["", "polka"])
def test_an_unknown_genre_is_refused_in_words(library: SpotifyAccount, track: Track, genre: str) -> None:
    client = signed_in(library)
    response = client.post(reverse("correct", args=[track.pk]), {"genre": genre})
    assert "Choose one of the genres" in said(response)
    assert "Choose one of the genres" in word(client, track, genre=genre)["error"]
    assert not library.corrections.exists()


def test_the_same_word_twice_is_one_word_and_one_gain(
    library: SpotifyAccount,
    pair: tuple[Track, Track],  # noqa: F811
) -> None:
    client = signed_in(library)
    stored_verdicts.refresh(library)
    for _ in range(2):
        word(client, pair[0], genre="reggae")
    gains = client.session["review"]
    assert library.corrections.count() == 1
    assert gains["settled"] + gains["moved"] == 1 or gains["settled"] == gains["moved"] == 1


def test_the_answer_says_what_is_left_what_was_gained_and_which_cards_are_old(
    library: SpotifyAccount,
    pair: tuple[Track, Track],  # noqa: F811
) -> None:
    client = signed_in(library)
    before = review.queue(library).count()
    answer = word(client, pair[0], genre="reggae", held=f"{pair[1].pk},7")
    assert answer["drop"] == [pair[1].pk]
    assert answer["left"] == review.queue(library).count() < before
    assert "1 word of yours in this session" in answer["progress"]
    assert "Your words also settled" in answer["progress"]


def test_a_form_leads_back_to_its_page_and_nowhere_else(library: SpotifyAccount, track: Track) -> None:
    client, url = signed_in(library), reverse("correct", args=[track.pk])
    assert client.post(url, {"genre": "pop", "next": "/library?q=a"})["location"] == "/library?q=a"
    assert client.post(url, {"genre": "pop", "next": "https://evil.example/"})["location"] == "/review"


# --- the grid ---------------------------------------------------------------------------------------------------


def test_the_grid_shows_twenty_four_a_page_and_only_one_guess_if_asked(library: SpotifyAccount) -> None:
    client = signed_in(library)
    assert len(client.get(reverse("review"), {"view": "grid"}).context["cards"]) == 24
    cards = client.get(reverse("review"), {"view": "grid", "guess": "pop"}).context["cards"]
    assert {card["song"].genre for card in cards} == {"pop"}


def test_one_word_settles_all_ticked_songs_and_undo_frees_them(library: SpotifyAccount) -> None:
    client, songs = signed_in(library), [song.track_id for song in review.queue(library)[:5]]
    form = {"track": songs, "other": "deep-house", "next": "/review?view=grid"}
    assert client.post(reverse("correct-several"), form)["location"] == "/review?view=grid"
    assert set(library.corrections.values_list("track", "genre")) == {(song, "deep-house") for song in songs}
    undo(client, client.session["review"]["steps"][0]["token"])
    assert not library.corrections.exists()


def test_without_a_tick_or_a_genre_nothing_is_said(library: SpotifyAccount, track: Track) -> None:
    client = signed_in(library)
    assert "Tick at least one" in said(client.post(reverse("correct-several"), {"other": "pop"}))
    assert "Choose one" in said(client.post(reverse("correct-several"), {"track": track.pk}))
    assert not library.corrections.exists()


def test_songs_of_others_cannot_be_ticked(library: SpotifyAccount, track: Track) -> None:
    stranger = signed_in(another_account())
    stranger.post(reverse("correct-several"), {"track": track.pk, "other": "pop"})
    assert stranger.post(reverse("skip", args=[track.pk])).status_code == 404
    assert not library.corrections.exists()


@pytest.mark.parametrize("name", ["correct", "skip", "take-back", "correct-several", "review-undo"])
def test_a_page_left_open_by_another_user_writes_nothing(
    library: SpotifyAccount, track: Track, name: str
) -> None:
    client = signed_in(library)
    url = reverse(name, args=[] if name in ("correct-several", "review-undo") else [track.pk])
    token = word(client, track, genre="reggae")["step"]
    form = {"account": another_account().pk, "track": track.pk, "genre": "pop", "step": token}
    before = list(library.corrections.values()), client.session["review"]
    refused = client.post(url, form, headers=JSON)
    assert refused.status_code == 409 and "Somebody else is signed in" in refused.json()["error"]
    plain = client.post(url, form)
    assert plain["location"] == "/review" and "Somebody else is signed in" in said(plain)
    assert (list(library.corrections.values()), client.session["review"]) == before


@pytest.mark.parametrize("query", ["", "?view=grid"])
def test_every_form_of_the_review_names_the_account_it_was_made_for(
    library: SpotifyAccount, track: Track, query: str
) -> None:
    client = signed_in(library)
    word(client, track, genre="reggae", account=library.pk)
    assert library.corrections.count() == 1
    field = f'name="account" value="{library.pk}"'
    assert client.get(f"/review{query}").content.decode().count(field) == 2  # the word's, and undo's
    song = client.get(reverse("song", args=[track.pk])).content.decode()
    assert song.count(field) == 2  # another word, and taking it back


@pytest.mark.parametrize("name", ["correct-several", "review-undo"])
def test_writing_needs_a_post(library: SpotifyAccount, name: str) -> None:
    assert signed_in(library).get(reverse(name)).status_code == 405


# --- nothing to do ----------------------------------------------------------------------------------------------


def test_a_finished_review_offers_the_plan(library: SpotifyAccount, track: Track) -> None:
    review.correct(library, track, "reggae")
    Prediction.objects.update(is_sure=True)
    SpotifyAccount.objects.mark_stale()
    page = signed_in(library).get(reverse("review")).content.decode()
    assert "Your 1 word counts in the next plan" in page and "Choose playlists" in page
    library.playlists.create(name="Rock", genres=["rock"])
    assert reverse("plan-make") in signed_in(library).get(reverse("review")).content.decode()


def test_before_anything_was_read_the_way_to_the_library_is_shown(ada: SpotifyAccount) -> None:
    assert "has not been read" in signed_in(ada).get(reverse("review")).content.decode()


def test_while_songs_are_being_read_the_job_is_shown(ada: SpotifyAccount) -> None:
    Job.objects.create(account=ada, kind=Job.Kind.ORGANIZE, state=Job.State.RUNNING, phase="sync")
    page = signed_in(ada).get(reverse("review")).content.decode()
    assert "appear here as soon as they are sorted" in page and "hx-get" in page


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"state": "waiting", "wait_kind": "quota", "wait_reason": "The quota is used up."},
            "waits: The quota is used up.",
        ),
        ({"state": "paused"}, "stopped until you reconnect"),
    ],
)
def test_a_reading_that_does_not_go_on_is_not_called_reading(
    ada: SpotifyAccount, values: dict[str, str], sentence: str
) -> None:
    Job.objects.create(account=ada, kind=Job.Kind.ORGANIZE, phase="sync", **values)
    for name in ("review", "genres"):
        page = signed_in(ada).get(reverse(name)).content.decode()
        assert sentence in page and "being read" not in page


def test_the_answers_are_json_that_a_script_can_read(library: SpotifyAccount, track: Track) -> None:
    answer = signed_in(library).post(reverse("skip", args=[track.pk]), headers=JSON)
    assert answer["content-type"] == "application/json"
    assert set(json.loads(answer.content)) == {"left", "progress"}
