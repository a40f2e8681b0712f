import copy
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from organizer import accounts, review, takeout, verdicts
from organizer.models import (
    Correction,
    GenrePlaylist,
    Job,
    ModelVersion,
    Plan,
    PlaylistVersion,
    Prediction,
    SpotifyAccount,
    Track,
)
from organizer.takeout import sections, tables
from organizer.takeout.form import unfold
from tests.organizer.browsing import another_account


@pytest.fixture
def rich(library: SpotifyAccount) -> SpotifyAccount:
    """Everything a user can have: words, a taken-back like, playlists with hand edits, runs, an undo, settings."""
    songs = list(library.saves.filter(track__is_local=False).select_related("track")[:40])
    library.saves.filter(pk=songs[0].pk).update(is_unliked=True)
    review.correct(library, songs[1].track, "metal")
    review.correct(library, songs[2].track, "jazz-blues", whole_artist=True)
    SpotifyAccount.objects.update(schedule="weekly", removals="mirror", visited_at=timezone.now())
    barred = {"genres": ["spoken", "drone"], "artists": [["0Artist", "An Artist"]], "words": ["christmas"]}
    SpotifyAccount.objects.update(genres_per_song=2, small_to_parent=False, exclusions=barred)
    SpotifyAccount.objects.update(name_template="My {genre}")
    SpotifyAccount.objects.update(next_run_at=timezone.now() + timedelta(days=3))
    playlist_with_history(library, "Rock", [song.track.uri for song in songs])
    GenrePlaylist.objects.create(account=library, name="Old", genres=["pop"], is_active=False)
    GenrePlaylist.objects.create(account=library, name="Grunge", genres=["grunge"])
    GenrePlaylist.objects.create(account=library, name="The rest", genres=[], is_rest=True)
    library.refresh_from_db()
    return library


def playlist_with_history(account: SpotifyAccount, name: str, uris: list[str]) -> GenrePlaylist:
    states = [[], uris[:20], [*uris[5:20], *uris[25:30]], uris[5:30], uris[:20]]
    rule = GenrePlaylist.objects.create(
        account=account,
        name=name,
        genres=["rock", "metal"],
        min_confidence=0.61,
        spotify_id=f"0{name}",
        ref="abcdef123456",
        written_uris=states[-1],
        tombstones=[uris[39]],
        pins=uris[3:5],
        isrcs={"spotify:track:stranger": "USRC12345678"},
        snapshot_id="snapshot-5",
        read_at=timezone.now(),
    )
    run = Plan.objects.create(account=account, state="applied", applied_at=timezone.now(), notes=["Note."])
    undo = Plan.objects.create(account=account, kind="undo", target=run, state="applied", calls=3)
    for k, (plan, by) in enumerate([(run, "us"), (None, "user"), (None, "user"), (undo, "us")]):
        PlaylistVersion.objects.create(
            playlist=rule,
            plan=plan,
            by=by,
            uris_before=states[k],
            uris_after=states[k + 1],
            was_created=k == 0,
        )
    Plan.objects.create(
        account=account, kind="restore", version=rule.versions.order_by("pk")[1], state="outdated"
    )
    return rule


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """A document without the moment it was made at."""
    return json.loads(json.dumps({name: value for name, value in document.items() if name != "made_at"}))


def emptied(account: SpotifyAccount) -> SpotifyAccount:
    """The same Spotify account, linked anew to an instance that has nothing of it."""
    facts = {"account_id": account.account_id, "spotify_id": account.spotify_id}
    accounts.unlink(account)
    fresh = another_account("new")
    for name, value in facts.items():
        setattr(fresh, name, value)
    fresh.display_name = "Ada Example"
    fresh.save()
    return fresh


def test_a_backup_brings_everything_back_into_an_empty_instance(
    rich: SpotifyAccount, tmp_path: Any, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "test").mkdir()  # the model's own files, which the operator keeps as well
    before = plain(takeout.document(rich))
    tokens = (rich.refresh_token, rich.access_token, rich.token_expires_at, rich.next_run_at, rich.visited_at)
    call_command("backup", tmp_path / "all.zip")
    forget_everything()
    call_command("restore", tmp_path / "all.zip")
    back = SpotifyAccount.objects.get()
    assert plain(takeout.document(back)) == before
    assert len(before["library"]) > 300 and before["predictions"] and len(before["runs"]) == 2
    assert (
        back.refresh_token,
        back.access_token,
        back.token_expires_at,
        back.next_run_at,
        back.visited_at,
    ) == tokens
    assert back.user.username == f"spotify-{back.account_id}"


def forget_everything() -> None:
    for account in SpotifyAccount.objects.all():
        accounts.unlink(account)
    ModelVersion.objects.all().delete()
    Track.objects.all().delete()
    assert not Prediction.objects.exists() and not Plan.objects.exists()


def test_a_backup_holds_no_readable_token_and_is_private(rich: SpotifyAccount, tmp_path: Any) -> None:
    file = tmp_path / "all.zip"
    call_command("backup", file)
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as archive:
        text = "".join(archive.read(name).decode() for name in archive.namelist())
    assert rich.refresh_token not in text
    assert rich.access_token not in text


def test_a_backup_never_overwrites_a_file(account: SpotifyAccount, tmp_path: Any) -> None:
    (tmp_path / "all.zip").write_text("the last backup")
    with pytest.raises(CommandError, match="there already"):
        call_command("backup", tmp_path / "all.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["all.zip"]


def test_a_backup_is_restored_into_an_empty_instance_only(account: SpotifyAccount, tmp_path: Any) -> None:
    call_command("backup", tmp_path / "all.zip")
    with pytest.raises(CommandError, match="has accounts already"):
        call_command("restore", tmp_path / "all.zip")


def test_without_the_old_keys_everybody_has_to_reconnect(
    account: SpotifyAccount, tmp_path: Any, settings: Any
) -> None:
    from cryptography.fernet import Fernet

    call_command("backup", tmp_path / "all.zip")
    forget_everything()
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    call_command("restore", tmp_path / "all.zip")
    back = SpotifyAccount.objects.get()
    assert back.is_sealed
    assert back.refresh_token == ""


def test_a_damaged_backup_restores_nothing(rich: SpotifyAccount, tmp_path: Any) -> None:
    call_command("backup", tmp_path / "all.zip")
    whole = (tmp_path / "all.zip").read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    forget_everything()
    with pytest.raises(CommandError, match="Nothing was restored"):
        call_command("restore", tmp_path / "half.zip")
    assert not SpotifyAccount.objects.exists()


def test_the_zip_holds_the_document_and_tables(rich: SpotifyAccount) -> None:
    with takeout.archive(rich) as file:
        assert plain(takeout.load(file)) == plain(takeout.document(rich))
        with zipfile.ZipFile(file) as archive:
            found = {
                name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".csv")
            }
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


BROKEN = [
    (("version",), 2, "version 2"),
    (("format",), "spotify", "not a takeout"),
    (("library", 3, "uri"), "https://evil", r"library\[3\]\.uri"),
    (("library", 3, "duration_ms"), -1, r"library\[3\]\.duration_ms"),
    (("library", 3, "duration_ms"), True, "whole number"),
    (("library", 3, "name"), "a\x00b", r"library\[3\]\.name"),
    (("library", 3, "name"), "\ud800", r"library\[3\]\.name"),
    (("library", 3, "added_at"), "2026-02-31T00:00:00Z", r"library\[3\]\.added_at"),
    (("library", 3, "added_at"), "2026-02-01T00:00:00", "zone"),
    (("library", 3), [], r"library\[3\]: this must be an object"),
    (("predictions", 0, "confidence"), float("nan"), r"predictions\[0\]\.confidence"),
    (("predictions", 0, "log_probs"), {"polka": 0.0}, r"predictions\[0\]\.log_probs"),
    (("corrections", 0, "genre"), "polka", r"corrections\[0\]\.genre"),
    (("corrections", 0, "artist"), {"id": "0", "name": ""}, r"corrections\[0\]"),
    (("playlists", 0, "genres"), ["polka"], r"playlists\[0\]\.genres\[0\]"),
    (("playlists", 0, "spotify_id"), "../x", r"playlists\[0\]\.spotify_id"),
    (("playlists", 1, "spotify_id"), "0Rock", "another playlist has this id"),
    (("playlists", 0, "versions", 1, "place"), 999, r"playlists\[0\]\.versions\[1\]"),
    (("playlists", 0, "min_confidence"), 2, r"playlists\[0\]\.min_confidence"),
    (("settings", "removals"), "all", r"settings\.removals"),
    (("settings", "genres_per_song"), 4, r"settings\.genres_per_song"),
    (("settings", "name_template"), "Mine, all mine", r"settings\.name_template"),
    (("settings", "exclusions", "genres"), ["polka"], r"settings\.exclusions\.genres\[0\]"),
    (("settings", "exclusions", "artists"), [["only a name"]], "an id and a name|Spotify id and a name"),
    (("playlists", 0, "is_rest"), True, "more than one takes the rest"),
    (("runs",), "none", "runs: this must be a list"),
]


@pytest.mark.parametrize(("where", "value", "message"), BROKEN)
def test_what_is_wrong_is_named_with_its_place_and_nothing_changes(
    rich: SpotifyAccount, where: tuple[Any, ...], value: Any, message: str
) -> None:
    document = copy.deepcopy(takeout.document(rich))
    place: Any = document
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = value
    fresh = emptied(rich)
    with pytest.raises(takeout.TakeoutError, match=message):
        takeout.restore(fresh, document)
    assert not fresh.saves.exists() and not fresh.playlists.exists() and not fresh.corrections.exists()


def test_every_missing_field_is_named(rich: SpotifyAccount) -> None:
    document = takeout.document(rich)
    for name in set(document) - {"format", "version"}:
        less = {key: value for key, value in document.items() if key != name}
        with pytest.raises(takeout.TakeoutError, match=f"“{name}” is missing"):
            takeout.restore(rich, less)


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


def test_the_same_song_twice_is_refused(rich: SpotifyAccount) -> None:
    document = takeout.document(rich)
    document["library"].append(document["library"][0])
    with pytest.raises(takeout.TakeoutError, match="there twice"):
        takeout.restore(rich, document)


def zipped(**members: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name.replace("_", "."), body)
    return file


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(takeout.TakeoutError, match="more than 100 MB"):
        takeout.load(zipped(cratewise_json=b" " * 100_000_001))


def test_a_file_of_nothing_but_brackets_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(takeout.TakeoutError, match="more intricate"):
        takeout.load(zipped(cratewise_json=b'{"a": [' + b"[]," * 1_500_000 + b"0]}"))


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (io.BytesIO(b""), "neither"),
        (io.BytesIO(b"\x89PNG\r\n"), "neither"),
        (io.BytesIO(b"PK\x03\x04 nothing more"), "damaged"),
        (zipped(other_txt=b"hello"), "no cratewise.json"),
        (zipped(cratewise_json=b"{"), "not valid JSON"),
        (io.BytesIO(b'{"a": ' + b"[" * 100_000), "not valid JSON"),
        (io.BytesIO(b'{"a": ' + b"9" * 10_000 + b"}"), "not valid JSON"),
        (io.BytesIO(b'{"a": "\xff"}'), "not valid JSON"),
    ],
)
def test_what_is_no_export_is_refused_in_a_sentence(file: io.BytesIO, message: str) -> None:
    with pytest.raises(takeout.TakeoutError, match=message):
        takeout.load(file)


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


def test_an_unknown_further_genre_is_refused(rich: SpotifyAccount) -> None:
    document = plain(takeout.document(rich)) | {"made_at": timezone.now().isoformat()}
    document["corrections"][0]["also"] = ["polka"]
    with pytest.raises(takeout.TakeoutError, match=r"corrections\[0\]\.also\[0\]"):
        takeout.restore(rich, document)


def test_the_table_of_words_names_all_their_genres(library: SpotifyAccount) -> None:
    review.correct(library, review.queue(library)[0].track, "shoegaze", also=["dream-pop", "rock"])
    with takeout.archive(library) as file, zipfile.ZipFile(file) as archive:
        assert 'Shoegaze,"Dream pop, Rock"' in archive.read("corrections.csv").decode()


def test_versions_of_every_kind_come_back_and_one_without_files_is_not_in_use(
    rich: SpotifyAccount, tmp_path: Any, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "ears").mkdir()
    for name, is_champion in (("ears", True), ("other ears", False)):
        ModelVersion.objects.create(name=name, kind="sound", path=name, is_champion=is_champion)
    call_command("backup", tmp_path / "all.zip")
    forget_everything()
    call_command("restore", tmp_path / "all.zip")
    assert ModelVersion.objects.champion(ModelVersion.Kind.SOUND).name == "ears"
    forget_everything()
    (tmp_path / "ears").rmdir()
    call_command("restore", tmp_path / "all.zip")
    assert ModelVersion.objects.filter(kind="sound").count() == 2
    assert ModelVersion.objects.champion(ModelVersion.Kind.SOUND) is None


def test_a_backup_from_before_there_were_kinds_is_read(rich: SpotifyAccount, tmp_path: Any) -> None:
    call_command("backup", tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as new, zipfile.ZipFile(tmp_path / "old.zip", "w") as old:
        for name in new.namelist():
            content = new.read(name)
            if name == "backup.json":
                head = json.loads(content)
                head["models"] = [
                    {key: value for key, value in one.items() if key != "kind"} for one in head["models"]
                ]
                content = json.dumps(head).encode()
            old.writestr(name, content)
    forget_everything()
    call_command("restore", tmp_path / "old.zip")
    assert {one.kind for one in ModelVersion.objects.all()} == {"tables"}
