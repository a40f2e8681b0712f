from datetime import timedelta

import pytest
from django.utils import timezone

from classifier.errors import DataError
from organizer.models import Artist, AudioFeatures, Correction, Dataset, SavedTrack, SpotifyAccount, Track
from organizer.training import corrections, datasets
from tests.organizer.browsing import another_account

VALUES = {"danceability": 0.5, "energy": 0.9, "tempo": 120.0}


def song(
    number: int, artist: Artist, likers: tuple[SpotifyAccount, ...], source: str = "reccobeats"
) -> Track:
    track = Track.objects.create(
        uri=f"spotify:track:{number}",
        name=f"Song {number}",
        artist_names=[artist.name],
        primary_artist=artist,
        duration_ms=200_000,
    )
    if source:
        AudioFeatures.objects.create(track=track, source=source, values=VALUES, checked_at=timezone.now())
    for account in likers:
        SavedTrack.objects.create(account=account, track=track, added_at=timezone.now())
    return track


@pytest.fixture
def artist(db: None) -> Artist:
    return Artist.objects.create(spotify_id="a1", name="Nina")


def test_a_word_on_the_song_outranks_that_on_its_artist(account: SpotifyAccount, artist: Artist) -> None:
    first, second = song(1, artist, (account,)), song(2, artist, (account,))
    Correction.objects.create(account=account, artist=artist, genre="jazz-blues")
    Correction.objects.create(account=account, track=second, genre="soul")
    data = corrections.read()
    assert dict(zip(data.track_ids, data.labels, strict=True)) == {
        first.uri: ("jazz-blues",),
        second.uri: ("rnb-soul",),
    }
    assert data.artists == (("Nina",), ("Nina",))


def test_several_genres_become_several_families_each_once(account: SpotifyAccount, artist: Artist) -> None:
    track = song(1, artist, (account,))
    Correction.objects.create(account=account, track=track, genre="bebop", also=["blues", "soul", "pop"])
    assert corrections.read().labels == (("jazz-blues", "rnb-soul", "pop"),)


def test_features_come_by_name_with_the_length_of_the_song(account: SpotifyAccount, artist: Artist) -> None:
    Correction.objects.create(account=account, track=song(1, artist, (account,)), genre="pop")
    (row,) = corrections.read().columns(["energy", "duration_ms", "valence"])
    assert row[0] == pytest.approx(0.9)
    assert row[1] == 200_000
    assert row[2] != row[2]  # nobody said


def test_songs_unliked_or_without_features_teach_nothing(account: SpotifyAccount, artist: Artist) -> None:
    unliked, unheard = song(1, artist, (account,)), song(2, artist, (account,), source="")
    SavedTrack.objects.filter(track=unliked).update(is_unliked=True)
    for track in (unliked, unheard):
        Correction.objects.create(account=account, track=track, genre="pop")
    with pytest.raises(DataError, match="No user has corrected"):
        corrections.read()


def test_a_song_only_others_like_is_not_taught_by_a_word_on_its_artist(
    account: SpotifyAccount, artist: Artist
) -> None:
    song(1, artist, (another_account(),))
    Correction.objects.create(account=account, artist=artist, genre="pop")
    assert list(corrections.words()) == []


def test_an_excluded_account_is_in_no_training_and_no_export(account: SpotifyAccount, artist: Artist) -> None:
    charlie = another_account()
    track = song(1, artist, (account, charlie))
    Correction.objects.create(account=account, track=track, genre="rock")
    Correction.objects.create(account=charlie, track=track, genre="metal")
    assert set(corrections.read().labels[0]) == {"rock", "metal"}
    SpotifyAccount.objects.filter(pk=charlie.pk).update(teaches=False)
    assert corrections.read().labels == (("rock",),)
    assert [row[2] for row in corrections.rows()] == ["rock"]


def test_the_row_is_made_once_and_counts_the_songs(account: SpotifyAccount, artist: Artist) -> None:
    assert corrections.dataset().rows == 0
    Correction.objects.create(account=account, track=song(1, artist, (account,)), genre="rock")
    row = corrections.dataset()
    assert (row.rows, row.origin, row.report["genres"]) == (1, Dataset.Origin.SPOTIFY, {"rock": 1})
    assert datasets.read(row).track_ids == ("spotify:track:1",)
    assert Dataset.objects.count() == 1


def test_another_word_is_another_data_set(account: SpotifyAccount, artist: Artist) -> None:
    word = Correction.objects.create(account=account, track=song(1, artist, (account,)), genre="rock")
    before = corrections.read().provenance[0].sha256
    assert corrections.read().provenance[0].sha256 == before
    word.genre = "metal"
    word.save()
    assert corrections.read().provenance[0].sha256 != before


def test_new_words_are_counted_from_a_moment_on(account: SpotifyAccount, artist: Artist) -> None:
    Correction.objects.create(account=account, track=song(1, artist, (account,)), genre="rock")
    assert corrections.count_new(timezone.now() - timedelta(minutes=1)) == 1
    assert corrections.count_new(timezone.now()) == 0
