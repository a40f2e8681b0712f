"""The page of corrections: who teaches, what is left out, the export, and who may see and do what."""

import csv
import io
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from organizer.models import (
    Artist,
    Correction,
    Dataset,
    ModelVersion,
    SavedTrack,
    SpotifyAccount,
    TrainingRun,
)
from organizer.training import teaching
from tests.organizer.admin_pages import staff, superuser
from tests.organizer.browsing import another_account
from tests.organizer.test_corrections_data import song

NAME = "admin:organizer_dataset_corrections"


@pytest.fixture
def admin(db: None) -> Client:
    return superuser()


@pytest.fixture
def words(account: SpotifyAccount) -> SpotifyAccount:
    """Ada speaks of a song, of one without features, of one that she does not like any more, and of an artist."""
    artist, other = (Artist.objects.create(spotify_id=name, name=name) for name in ("=Nina", "Miles"))
    spoken, unheard, unliked = (
        song(1, artist, (account,)),
        song(2, artist, (account,), source=""),
        song(3, artist, (account,)),
    )
    song(4, other, (account,))
    SavedTrack.objects.filter(track=unliked).update(is_unliked=True)
    for track in (spoken, unheard, unliked):
        Correction.objects.create(account=account, track=track, genre="bebop", also=["soul"])
    Correction.objects.create(account=account, artist=other, genre="jazz-blues")
    return account


def shown(client: Client) -> str:
    response = client.get(reverse(NAME))
    assert response.status_code == 200
    return response.content.decode()


def exported(client: Client) -> list[dict[str, str]]:
    response = client.get(reverse(f"{NAME}_export"))
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def test_the_page_says_who_teaches_what_and_what_is_left_out(admin: Client, words: SpotifyAccount) -> None:
    text = shown(admin)
    for told in (
        "2 songs to learn from",
        "No training has learned from corrections yet",
        "1 corrected song without features",
        "1 word on songs that their user does not like any more",
        "Jazz &amp; blues 2",
        "Exclude Ada",
    ):
        assert told in text, told


def test_an_excluded_account_teaches_nothing_and_can_come_back(admin: Client, words: SpotifyAccount) -> None:
    address = reverse(f"{NAME}_teaches", args=[words.pk])
    admin.post(address, {"teaches": "no"})
    text = shown(admin)
    assert "0 songs to learn from" in text
    assert "4 words of 1 excluded account" in text
    assert "Excluded their corrections" in LogEntry.objects.first().change_message
    assert exported(admin) == []
    admin.post(address, {"teaches": "yes"})
    assert "2 songs to learn from" in shown(admin)


def test_new_words_are_those_since_the_last_training_that_learned_from_corrections(
    words: SpotifyAccount,
) -> None:
    assert teaching.new_words() == 4
    version = ModelVersion.objects.create(name="run-1", path="models/run-1")
    TrainingRun.objects.create(version=version, corrections_used=2)
    assert teaching.new_words() == 0
    Correction.objects.first().save()  # said anew
    assert teaching.new_words() == 1


def test_the_export_has_features_with_their_source_and_is_safe_in_a_spreadsheet(
    admin: Client,
    words: SpotifyAccount,
) -> None:
    rows = exported(admin)
    assert [row["uri"] for row in rows] == [f"spotify:track:{n}" for n in (1, 2, 4)]
    assert (rows[0]["artists"], rows[0]["genre"], rows[0]["also"]) == ("'=Nina", "bebop", "soul")
    assert (rows[0]["features from"], rows[0]["energy"], rows[1]["features from"]) == (
        "reccobeats",
        "0.9",
        "",
    )
    assert "Ada" not in str(rows)
    assert "Exported" in LogEntry.objects.first().change_message


def test_who_may_only_look_neither_exports_nor_excludes(words: SpotifyAccount) -> None:
    client = staff("view_dataset")
    assert "Exclude" not in shown(client)
    assert "Ada" not in shown(client)  # people's names are for those who may see accounts
    assert client.get(reverse(f"{NAME}_export")).status_code == 403
    assert client.post(reverse(f"{NAME}_teaches", args=[words.pk]), {"teaches": "no"}).status_code == 403
    words.refresh_from_db()
    assert words.teaches


def test_without_permission_there_is_no_page(db: Any) -> None:
    assert staff().get(reverse(NAME)).status_code == 403


def test_the_row_among_the_data_sets_leads_there_and_cannot_be_changed(
    admin: Client, words: SpotifyAccount
) -> None:
    shown(admin)
    row = Dataset.objects.get(kind="corrections")
    assert admin.get(reverse("admin:organizer_dataset_change", args=[row.pk]))["Location"] == reverse(NAME)
    for name in ("labels", "check"):
        assert admin.post(reverse(f"admin:organizer_dataset_{name}", args=[row.pk])).status_code == 403
    assert (
        admin.post(reverse("admin:organizer_dataset_delete", args=[row.pk]), {"post": "yes"}).status_code
        == 403
    )


def test_two_users_words_are_two_lines_and_one_song(admin: Client, words: SpotifyAccount) -> None:
    charlie = another_account()
    track = words.saves.get(track__uri="spotify:track:1").track
    SavedTrack.objects.create(account=charlie, track=track, added_at=words.authorized_at)
    Correction.objects.create(account=charlie, track=track, genre="rock")
    assert len(exported(admin)) == 4
    assert teaching.summary().songs == 2


def test_corrections_are_among_the_data_sets_as_soon_as_there_are_some(
    admin: Client, words: SpotifyAccount
) -> None:
    text = admin.get(reverse("admin:organizer_dataset_changelist")).content.decode()
    assert "Corrections by users" in text
