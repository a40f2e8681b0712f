"""Comparisons by held-out corrections: whether what users said was understood, and what that costs."""

from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from classifier.splits import split
from organizer.models import (
    Artist,
    AudioFeatures,
    Correction,
    Dataset,
    ModelVersion,
    SavedTrack,
    SpotifyAccount,
    Track,
)
from organizer.training import datasets
from tests.organizer.browsing import another_account, visitor
from tests.organizer.comparing import in_use, made
from tests.organizer.versions import table, trained


@pytest.fixture
def data(media: Path, tmp_path: Path) -> Dataset:
    return table(tmp_path)


def corrected(account: SpotifyAccount, songs: int) -> None:
    """Songs by as many artists that sound like electronic music and are rock, says their owner."""
    for number in range(songs):
        artist = Artist.objects.create(spotify_id=f"a{number}", name=f"Stranger {number}")
        track = Track.objects.create(
            uri=f"spotify:track:{number}",
            name=f"Song {number}",
            artist_names=[artist.name],
            primary_artist=artist,
        )
        SavedTrack.objects.create(account=account, track=track, added_at=account.authorized_at)
        values = {"danceability": 0.9, "energy": 0.7, "loudness": -8.0, "valence": 0.5, "tempo": 120.0}
        AudioFeatures.objects.create(
            track=track, source="reccobeats", values=values, checked_at=account.authorized_at
        )
        Correction.objects.create(account=account, track=track, genre="rock")


def test_held_out_corrections_say_whether_learning_from_them_helped(media: Path, data: Dataset) -> None:
    from organizer.training import corrections

    corrected(another_account(), 150)
    first = in_use(trained(media, "before", [datasets.read(data)]))
    second = trained(media, "after", [datasets.read(data), corrections.read()])
    found = made(second).result["words"]
    held_out = len(split(corrections.read(), "artist").test)
    assert found["rows"] == held_out
    assert found["versions"][0]["genres"]["rock"]["recall"][0] < 0.5
    assert found["differences"][0]["genres"]["rock"]["recall"][0] > 0.3
    assert first.pk == ModelVersion.objects.champion().pk


def test_how_often_a_corrected_genre_is_said_of_other_songs_stands_beside(media: Path, data: Dataset) -> None:
    from organizer.training import corrections

    corrected(another_account(), 150)
    in_use(trained(media, "before", [datasets.read(data)]))
    second = trained(media, "after", [datasets.read(data), corrections.read()])
    comparison = made(second)
    (genre, found), *others = comparison.result["words"]["overuse"].items()
    held_out = datasets.read(data).take(split(datasets.read(data), "artist").test)
    assert genre == "rock" and not others
    assert found["others"] == sum(labels != ("rock",) for labels in held_out.labels)
    assert found["versions"][0]["share"][0] < found["versions"][1]["share"][0]
    boss = get_user_model().objects.create_superuser("boss")
    client = visitor()
    client.force_login(boss)
    page = client.get(reverse("admin:organizer_comparison_change", args=[comparison.pk])).text
    assert f"of {found['others']} other songs; before" in page


def test_a_version_that_did_not_spare_them_is_not_measured_by_corrections(media: Path, data: Dataset) -> None:
    from organizer.training import answers, corrections

    corrected(another_account(), 150)
    learned = [datasets.read(data), corrections.read()]
    spared = trained(media, "spared", learned)
    spoilt = trained(media, "spoilt", learned, spare_test=False)
    assert answers.knows_words(spoilt, corrections.NAME)
    assert not answers.knows_words(spared, corrections.NAME)
