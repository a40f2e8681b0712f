"""The rows that pages read say what the verdicts say, after every kind of change."""

import random

import pytest

from classifier.labels import FAMILIES
from organizer import review, stored_verdicts, verdicts
from organizer.models import ModelVersion, Prediction, SpotifyAccount, StoredVerdict, Track
from tests.organizer.test_library_context import pair  # noqa: F401


def agree(account: SpotifyAccount) -> None:
    songs = {song.track.pk: song for song in verdicts.of_library(account)}
    rows = {row.track_id: row for row in stored_verdicts.of(account)}
    assert rows.keys() == songs.keys()
    for key, row in rows.items():
        song = songs[key]
        assert (row.genre, row.part, row.also) == (song.genre, stored_verdicts.part_of(song), list(song.also))
        assert row.confidence == pytest.approx(song.confidence)


def test_they_are_made_when_first_asked_for(library: SpotifyAccount) -> None:
    assert not StoredVerdict.objects.exists()
    agree(library)


def test_unchanged_songs_cost_two_queries(library: SpotifyAccount, django_assert_num_queries: object) -> None:
    stored_verdicts.refresh(library)
    with django_assert_num_queries(2):  # type: ignore[operator]
        list(stored_verdicts.of(library))


@pytest.mark.parametrize("seed", range(3))
def test_after_any_words_they_are_what_a_full_renewal_makes(
    library: SpotifyAccount,
    pair: object,  # noqa: F811
    seed: int,
) -> None:
    chance = random.Random(seed)
    tracks = list(Track.objects.liked_by(library).movable().select_related("primary_artist"))
    stored_verdicts.refresh(library)
    for _ in range(8):
        track = chance.choice(tracks)
        if chance.random() < 0.25:
            review.take_back(library, track)
        else:
            review.correct(library, track, chance.choice(FAMILIES), whole_artist=chance.random() < 0.4)
    assert library.verdicts.exists()
    assert SpotifyAccount.objects.get(pk=library.pk).verdicts_stamp  # not stale: the words renewed them
    agree(library)


def test_another_version_makes_them_anew(library: SpotifyAccount) -> None:
    stored_verdicts.refresh(library)
    Prediction.objects.update(genre="latin")
    ModelVersion.objects.update(context={})
    SpotifyAccount.objects.mark_stale()
    agree(SpotifyAccount.objects.get(pk=library.pk))


def test_a_song_that_is_no_longer_liked_goes(library: SpotifyAccount) -> None:
    stored_verdicts.refresh(library)
    gone = library.verdicts.first()
    assert gone
    library.saves.filter(track=gone.track).update(is_unliked=True)
    SpotifyAccount.objects.mark_stale()
    agree(SpotifyAccount.objects.get(pk=library.pk))


def test_a_place_on_the_map_outlives_renewals(library: SpotifyAccount) -> None:
    stored_verdicts.refresh(library)
    row = library.verdicts.first()
    assert row
    library.verdicts.filter(pk=row.pk).update(x=0.25, y=0.5)
    review.correct(library, row.track, "reggae")
    SpotifyAccount.objects.mark_stale()
    agree(SpotifyAccount.objects.get(pk=library.pk))
    assert library.verdicts.get(pk=row.pk).x == 0.25


def test_everybody_who_likes_a_song_is_told_that_it_changed(library: SpotifyAccount) -> None:
    stored_verdicts.refresh(library)
    track = Track.objects.liked_by(library).first()
    assert track
    SpotifyAccount.objects.who_like([track.pk]).mark_stale()
    assert SpotifyAccount.objects.get(pk=library.pk).verdicts_stamp == ""
