import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from organizer import review, takeout, verdicts
from organizer.models import Correction, GenrePlaylist, Job, PlaylistVersion, SpotifyAccount, Track
from organizer.takeout import sections, tables
from organizer.takeout.form import unfold
from tests.organizer.browsing import another_account
from tests.organizer.takeouts import emptied, plain


def test_the_zip_holds_the_document_and_tables(rich: SpotifyAccount) -> None:
    file = io.BytesIO(b"".join(takeout.archive(rich)))
    assert plain(takeout.load(file)) == plain(takeout.document(rich))
    with zipfile.ZipFile(file) as archive:
        found = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".csv")}
    assert set(found) == {
        f"{name}.csv" for name in ("library", "predictions", "corrections", "playlists", "versions")
    }
    assert all(text.startswith("\ufeff") for text in found.values())
    assert len(found["library.csv"].splitlines()) == rich.saves.count() + 1
    assert "you took it out" in found["playlists.csv"]
    assert rich.refresh_token not in json.dumps(takeout.document(rich)) + "".join(found.values())


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert tables.cell(text) == f"'{text}"
    assert tables.cell(-3) == "-3"


def test_an_account_that_has_nothing_gets_everything(rich: SpotifyAccount) -> None:
    document = plain(takeout.document(rich)) | {"made_at": timezone.now().isoformat()}
    words = {(song.track.uri, song.genre) for song in verdicts.of_library(rich) if song.is_own_word}
    fresh = emptied(rich)
    report = takeout.restore(fresh, document)
    assert not [part.skipped for part in report.sections if part.skipped]
    fresh.refresh_from_db()
    again = plain(takeout.document(fresh))
    for row in (*document["predictions"], *again["predictions"]):
        row["inputs_hash"] = ""
    for row in (*document["playlists"], *again["playlists"]):
        row |= {"is_claimed": None, "snapshot_id": None, "read_at": None}
    del document["made_at"]
    assert again == document
    assert {(song.track.uri, song.genre) for song in verdicts.of_library(fresh) if song.is_own_word} == words


def test_ids_of_playlists_are_claims_until_they_are_proven(rich: SpotifyAccount) -> None:
    document = takeout.document(rich)
    fresh = emptied(rich)
    takeout.restore(fresh, document)
    claims = dict(fresh.playlists.values_list("name", "is_claimed"))
    assert claims == {"Rock": True, "Old": False, "Grunge": False, "The rest": False}


def test_a_rule_chosen_before_the_import_takes_over_the_playlist_of_its_name(rich: SpotifyAccount) -> None:
    before = rich.playlists.exclude(spotify_id="").first()
    assert before is not None
    document = takeout.document(rich)
    account = emptied(rich)
    GenrePlaylist.objects.create(
        account=account, name=before.name, genres=["pop"], is_active=before.is_active, min_confidence=0.9
    )
    takeout.restore(account, document)
    rule = account.playlists.get(spotify_id=before.spotify_id)
    assert (rule.genres, rule.min_confidence, rule.is_claimed) == (["pop"], 0.9, True)
    assert (rule.ref, rule.tombstones, rule.pins) == (before.ref, before.tombstones, before.pins)
    assert account.playlists.filter(name=before.name).count() == 1


def test_twice_is_once(rich: SpotifyAccount) -> None:
    document = takeout.document(rich)
    before = plain(document)
    report = takeout.restore(rich, document)
    assert sum(part.restored for part in report.sections) == 0
    assert plain(takeout.document(rich)) == before


def test_newer_words_stay_and_older_ones_give_way(rich: SpotifyAccount) -> None:
    document = takeout.document(rich)
    old, new = Correction.objects.order_by("pk")
    Correction.objects.filter(pk=old.pk).update(genre="pop", created_at=timezone.now() - timedelta(days=9))
    Correction.objects.filter(pk=new.pk).update(genre="pop", created_at=timezone.now())
    report = takeout.restore(rich, document)
    assert dict(Correction.objects.values_list("pk", "genre")) == {old.pk: "metal", new.pk: "pop"}
    words = next(part for part in report.sections if part.title == "Your own words")
    assert words.restored == 1
    assert "newer" in words.skipped[0][1]


def test_another_accounts_export_says_whose_it_is(rich: SpotifyAccount) -> None:
    with pytest.raises(takeout.OtherAccount, match="Ada Example"):
        takeout.restore(another_account(), takeout.document(rich))


def test_from_another_account_words_and_rules_come_but_no_likes_nor_playlists(rich: SpotifyAccount) -> None:
    charlie = another_account()
    takeout.restore(charlie, takeout.document(rich), is_other=True)
    assert charlie.corrections.count() == 2
    assert not charlie.saves.filter(is_unliked=False).exists()
    assert SpotifyAccount.objects.get(pk=charlie.pk).synced_at is None  # nothing of theirs was read
    assert set(charlie.playlists.values_list("name", "spotify_id")) == {
        (name, "") for name in ("Rock", "Old", "Grunge", "The rest")
    }
    assert not PlaylistVersion.objects.filter(playlist__account=charlie).exists()


def test_songs_that_others_have_too_keep_what_is_known_of_them(rich: SpotifyAccount) -> None:
    document = takeout.document(rich)
    name = document["library"][0]["name"]
    document["library"][0]["name"] = "Forged"
    takeout.restore(another_account(), document, is_other=True)
    assert Track.objects.get(uri=document["library"][0]["uri"]).name == name


def test_nothing_is_brought_back_while_a_job_works(rich: SpotifyAccount) -> None:
    Job.objects.create(account=rich, kind="organize", phase="sync")
    with pytest.raises(takeout.TakeoutError, match="job is working"):
        takeout.restore(rich, takeout.document(rich))


def test_an_older_file_without_the_newer_decisions_is_read(rich: SpotifyAccount) -> None:
    document = takeout.document(rich)
    document["playlists"] = [row for row in document["playlists"] if not row["is_rest"]]
    for row in document["playlists"]:
        del row["is_rest"]
    for name in ("genres_per_song", "small_to_parent", "name_template", "exclusions"):
        del document["settings"][name]
    fresh = emptied(rich)
    takeout.restore(fresh, document)
    fresh.refresh_from_db()
    assert (fresh.genres_per_song, fresh.small_to_parent, fresh.name_template) == (1, True, "{genre}")
    assert fresh.playlists.count() == 3 and not fresh.playlists.filter(is_rest=True).exists()


def test_there_stays_one_playlist_for_the_rest(rich: SpotifyAccount) -> None:
    document = takeout.document(rich)
    rich.playlists.filter(is_rest=True).update(name="What is left")
    report = takeout.restore(rich, document)
    assert [rule.name for rule in rich.playlists.filter(is_rest=True)] == ["What is left"]
    assert any("for the rest" in why for part in report.sections for _, why in part.skipped)


states = st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True), min_size=1, max_size=8)


@given(states)
def test_versions_fold_and_unfold(states: list[list[str]]) -> None:
    rows = []
    for before, after in zip(states, states[1:], strict=False):
        place, removed, added = sections.splice(before, after)
        rows.append(
            {"before": before, "is_finished": True, "place": place, "removed": removed, "added": added}
        )
    assert [(row["before"], row["after"]) for row in unfold(rows, "")] == list(
        zip(states, states[1:], strict=False)
    )


def test_several_genres_and_sub_genres_come_back(library: SpotifyAccount) -> None:
    track = review.queue(library)[0].track
    review.correct(library, track, "shoegaze", also=["dream-pop", "rock"])
    document = takeout.document(library)
    fresh = emptied(library)
    takeout.restore(fresh, document)
    word = fresh.corrections.get()
    assert (word.genre, word.also) == ("shoegaze", ["dream-pop", "rock"])


def test_a_file_from_before_there_were_several_genres_can_still_be_read(rich: SpotifyAccount) -> None:
    document = plain(takeout.document(rich)) | {"made_at": timezone.now().isoformat()}
    for row in document["corrections"]:
        del row["also"]
    takeout.restore(emptied(rich), document)
    assert {tuple(word.also) for word in Correction.objects.all()} == {()}
    assert Correction.objects.count() == len(document["corrections"]) > 0


def test_the_zip_comes_piece_by_piece(library: SpotifyAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("organizer.takeout.archiving.AT_ONCE", 1000)
    pieces = list(takeout.archive(library))
    assert len(pieces) > 2
    assert zipfile.ZipFile(io.BytesIO(b"".join(pieces))).testzip() is None


def test_the_table_of_words_names_all_their_genres(library: SpotifyAccount) -> None:
    review.correct(library, review.queue(library)[0].track, "shoegaze", also=["dream-pop", "rock"])
    with zipfile.ZipFile(io.BytesIO(b"".join(takeout.archive(library)))) as archive:
        assert 'Shoegaze,"Dream pop, Rock"' in archive.read("corrections.csv").decode()
