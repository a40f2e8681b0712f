"""What the rest of a library says: one word moves the artist's other songs, in this library only."""

import math
from dataclasses import asdict
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from classifier.context import LibraryContext
from classifier.labels import FAMILIES
from organizer import classify, plans, review, verdicts
from organizer.models import ModelVersion, Prediction, SavedTrack, SpotifyAccount, Track
from organizer.plans import Choice
from organizer.verdicts import Verdict
from tests.organizer.browsing import another_account, signed_in

THRESHOLD = 0.5
REGGAE = Choice("Reggae", ("reggae",), THRESHOLD)


@pytest.fixture
def pair(library: SpotifyAccount) -> tuple[Track, Track]:
    """The only two songs of one artist, both held for pop with little confidence, in a version that knows how."""
    context = {"library": asdict(LibraryContext()), "threshold": THRESHOLD}
    ModelVersion.objects.update(context=context)
    tracks = Track.objects.liked_by(library).movable().exclude(primary_artist=None).order_by("pk")
    first, second = tracks[:2]
    Track.objects.filter(pk=second.pk).update(primary_artist=first.primary_artist)
    Track.objects.filter(pk__in=[first.pk, second.pk]).update(artist_names=["The Only Ones Here"])
    log_probs = dict.fromkeys(FAMILIES, math.log(0.8 / 14)) | {"pop": math.log(0.2)}
    Prediction.objects.filter(track__in=[first, second]).update(
        genre="pop", confidence=0.2, is_sure=False, log_probs=log_probs, why={"features": {"pop": 0.2}}
    )
    return first, second


def of(account: SpotifyAccount, track: Track) -> Verdict:
    return next(song for song in verdicts.of_library(account) if song.track.pk == track.pk)


def planned(account: SpotifyAccount) -> set[str]:
    plans.choose(account, [REGGAE])
    return set(plans.make(account).items.values_list("uri", flat=True))


def test_a_word_moves_the_artists_other_song_and_shows_in_the_next_plan(
    library: SpotifyAccount, pair: tuple[Track, Track]
) -> None:
    spoken, other = pair
    assert other.uri not in planned(library)
    review.correct(library, spoken, "reggae")
    song = of(library, other)
    assert (song.genre, song.is_sure, song.is_own_word) == ("reggae", True, False)
    assert max(song.why["library"], key=song.why["library"].get) == "reggae"
    assert sum(map(math.exp, song.log_probs.values())) == pytest.approx(1)
    assert {spoken.uri, other.uri} <= planned(library)
    assert other.pk not in {unsure.track.pk for unsure in review.queue(library)}


def test_the_plan_tells_why(library: SpotifyAccount, pair: tuple[Track, Track]) -> None:
    review.correct(library, pair[0], "reggae")
    plans.choose(library, [REGGAE])
    item = plans.make(library).items.get(uri=pair[1].uri)
    assert item.reason.endswith("by audio features and your other songs by the artist.")


def test_taking_the_word_back_moves_the_other_song_back(
    library: SpotifyAccount, pair: tuple[Track, Track]
) -> None:
    spoken, other = pair
    before = of(library, other)
    review.correct(library, spoken, "reggae")
    review.take_back(library, spoken)
    assert of(library, other) == before
    assert other.uri not in planned(library)


def test_another_users_library_is_untouched(library: SpotifyAccount, pair: tuple[Track, Track]) -> None:
    charlie = another_account()
    SavedTrack.objects.bulk_create(
        SavedTrack(account=charlie, track=track, added_at=timezone.now()) for track in pair
    )
    before = of(charlie, pair[1])
    review.correct(library, pair[0], "reggae")
    assert of(charlie, pair[1]) == before
    assert Prediction.objects.get(track=pair[1]).genre == "pop"  # what all share stays as the model said it


def test_a_song_without_evidence_of_its_own_gets_a_genre_from_the_others(
    library: SpotifyAccount, pair: tuple[Track, Track]
) -> None:
    spoken, other = pair
    Prediction.objects.filter(track=other).update(why={}, evidence=[])
    review.correct(library, spoken, "reggae")
    assert of(library, other).genre == "reggae"
    assert set(of(library, other).why) == {"library"}


def test_a_song_without_evidence_has_no_vote(library: SpotifyAccount, pair: tuple[Track, Track]) -> None:
    Prediction.objects.filter(track=pair[0]).update(why={}, evidence=[])
    assert "library" not in of(library, pair[1]).why


def test_the_model_has_no_say_where_the_user_spoke_on_both(
    library: SpotifyAccount, pair: tuple[Track, Track]
) -> None:
    review.correct(library, pair[0], "reggae")
    review.correct(library, pair[1], "metal")
    assert [of(library, track).genre for track in pair] == ["reggae", "metal"]


def test_a_word_that_the_version_has_no_genre_for_does_not_vote(
    library: SpotifyAccount, pair: tuple[Track, Track]
) -> None:
    ModelVersion.objects.update(labels=[genre for genre in FAMILIES if genre != "reggae"])
    review.correct(library, pair[0], "reggae")
    assert "library" not in of(library, pair[1]).why


def test_a_version_without_constants_moves_nothing(
    library: SpotifyAccount, pair: tuple[Track, Track]
) -> None:
    ModelVersion.objects.update(context={})
    review.correct(library, pair[0], "reggae")
    assert of(library, pair[1]).genre == "pop"


def test_the_review_page_names_the_other_songs(library: SpotifyAccount, pair: tuple[Track, Track]) -> None:
    review.correct(library, pair[0], "reggae")
    ModelVersion.objects.update(context={"library": asdict(LibraryContext()), "threshold": 1.01})
    place = [song.track.pk for song in review.queue(library)].index(pair[1].pk)
    page = signed_in(library).get(reverse("review"), {"n": place + 1}).content.decode()
    assert "your other songs by this artist say Reggae" in page


def test_the_verdicts_take_four_queries_whatever_was_said(
    library: SpotifyAccount, pair: tuple[Track, Track], django_assert_num_queries: Any
) -> None:
    review.correct(library, pair[0], "reggae")
    with django_assert_num_queries(4):
        verdicts.of_library(library)


def test_an_installed_shipped_version_follows_the_programs_own_file(db: None, monkeypatch: Any) -> None:
    """An instance that has had its row since before there was library context needs nothing done."""
    from classifier import registry

    ModelVersion.objects.create(name="shipped", path="shipped", labels=list(FAMILIES), is_champion=True)
    meta = {"library": asdict(LibraryContext(songs=7)), "threshold": 0.6, "labels": list(FAMILIES)}
    monkeypatch.setattr(registry, "read_meta", lambda path: meta)
    classify._shipped_context.cache_clear()
    assert classify.library_context(classify.champion()) == (LibraryContext(songs=7), 0.6, {})
    classify._shipped_context.cache_clear()


def test_only_versions_that_know_how_carry_constants() -> None:
    assert classify.context_of({"threshold": 0.5}) == {}
    meta = {"threshold": 0.5, "library": {"songs": 1}, "name": "x"}
    assert classify.context_of(meta) == {"threshold": 0.5, "library": {"songs": 1}}


def test_a_song_that_may_belong_to_no_genre_is_not_sure_however_its_neighbours_sound(
    library: SpotifyAccount, pair: tuple[Track, Track]
) -> None:
    first, second = pair
    review.correct(library, first, "reggae")
    assert of(library, second).is_sure
    Prediction.objects.filter(track=second).update(other=0.9)
    assert not of(library, second).is_sure
    assert of(library, second).may_be_none


def test_an_update_of_the_program_judges_every_song_again(library: SpotifyAccount, monkeypatch: Any) -> None:
    version = ModelVersion.objects.create(name="shipped", path="shipped", labels=list(FAMILIES))
    tracks = list(Track.objects.liked_by(library).movable()[:3])
    assert classify.classify_tracks(tracks, version) == 3
    assert classify.classify_tracks(tracks, version) == 0
    monkeypatch.setattr(classify, "shipped_name", lambda: "the next one")
    assert classify.classify_tracks(tracks, version) == 3
