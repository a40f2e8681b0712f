"""The lists of a library: filters, files to take along, and the likes that are not like the others."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from organizer import choosing, forecast, overview, review, stored_verdicts
from organizer.models import SavedTrack, SpotifyAccount, StoredVerdict, Track
from organizer.takeout.tables import BOM
from tests.organizer import large
from tests.organizer.browsing import another_account, signed_in


@pytest.fixture
def songs(db: None) -> SpotifyAccount:
    return large.library(130)


def shown(account: SpotifyAccount, **asked: object) -> Any:
    return signed_in(account).get(reverse("library"), asked).context["page"]


def rows_of(account: SpotifyAccount, **asked: object) -> list[dict[str, str]]:
    response = signed_in(account).get(reverse("library-csv"), asked)
    text = b"".join(response.streaming_content).decode()
    assert text.startswith(BOM)
    return list(csv.DictReader(io.StringIO(text.removeprefix(BOM))))


@pytest.mark.parametrize(
    ("sort", "key", "is_reversed"),
    [
        ("newest", lambda song: song.added_at, True),
        ("title", lambda song: song.track.name.casefold(), False),
        ("artist", lambda song: song.track.artist_line.casefold(), False),
        ("unsure", lambda song: song.confidence, False),
    ],
)
def test_songs_can_be_ordered(songs: SpotifyAccount, sort: str, key: Any, is_reversed: bool) -> None:
    keys = [key(song) for page in (1, 2, 3) for song in shown(songs, sort=sort, page=page).object_list]
    assert keys == sorted(keys, reverse=is_reversed)
    assert len(keys) == songs.verdicts.count()


def test_a_familys_filter_holds_its_sub_genres_and_its_bar_says_how_many(songs: SpotifyAccount) -> None:
    review.correct(songs, songs.verdicts.filter(genre="rock")[0].track, "techno")
    found = overview.of(SpotifyAccount.objects.get())
    bar = next(bar for bar in found.bars if bar.genre == "electronic")
    page = shown(songs, genre="electronic")
    assert page.paginator.count == bar.songs
    assert "techno" in {song.genre for song in songs.verdicts.filter(pk__in=[s.pk for s in page.object_list])}
    assert (
        next(sub.songs for sub in bar.within if sub.genre == "techno")
        == shown(songs, genre="techno").paginator.count
    )


@pytest.mark.parametrize("known", ["features", "sound", "artist"])
def test_every_bar_of_evidence_leads_to_its_songs(songs: SpotifyAccount, known: str) -> None:
    page = shown(songs, known=known)
    assert page.paginator.count == overview.of(songs).known[known] > 0
    whys = StoredVerdict.objects.filter(pk__in=[song.pk for song in page.object_list]).values_list(
        "why", flat=True
    )
    assert all(known in why for why in whys)


def test_words_are_looked_for_in_albums_too_and_filters_add_up(songs: SpotifyAccount) -> None:
    track = songs.verdicts.exclude(genre="")[0].track
    page = shown(songs, q=f"{track.album_name.upper()} {track.artist_names[0]}")
    assert track.pk in {song.track_id for song in page.object_list}
    assert shown(songs, q=track.name, part="none").paginator.count == 0


def test_numbers_of_genres_agree_with_the_cards(songs: SpotifyAccount) -> None:
    verdicts = songs.verdicts.all()
    cards = {card.genre: card for card in choosing.cards(verdicts, also=["spoken", "tango"])}
    for genre, card in cards.items():
        alike = verdicts.filter(genre=genre)
        assert card.songs == alike.count()
        assert card.sure == alike.filter(part__in=["sure", "own"]).count()
        best = alike.order_by("-confidence", "track_id").values_list("track", flat=True)[:3]
        assert [track.pk for track in card.samples] == list(best)


def test_the_file_holds_what_is_shown_on_all_pages(songs: SpotifyAccount) -> None:
    rows = rows_of(songs, part="review", sort="title")
    titles = [song.title for song in songs.verdicts.filter(part="review").order_by("title", "artist")]
    assert [row["title"].casefold() for row in rows] == titles
    response = signed_in(songs).get(reverse("library-csv"))
    assert f"liked-songs-{timezone.localdate():%Y-%m-%d}.csv" in response["Content-Disposition"]


def test_the_file_holds_the_users_words_and_no_formula(songs: SpotifyAccount) -> None:
    song = songs.verdicts.filter(part="review")[0]
    Track.objects.filter(pk=song.track_id).update(name="=1+1")
    review.correct(songs, song.track, "reggae", also=["dub"])
    (row,) = [row for row in rows_of(songs, part="own") if row["Spotify uri"] == song.track.uri]
    assert row["title"] == "'=1+1"
    assert (row["genre"], row["further genres"], row["certainty"]) == ("Reggae", "Dub", "Your own words")


def test_releases_of_one_recording_stand_together_the_first_like_first(songs: SpotifyAccount) -> None:
    response = signed_in(songs).get(reverse("duplicates"))
    for releases in response.context["recordings"]:
        assert len(releases) >= 2
        assert len({song.track.isrc for song in releases}) == 1
        assert [song.added_at for song in releases] == sorted(song.added_at for song in releases)
        assert {song.same_as for song in releases[1:]} == {releases[0].track_id}
    repeats = sum(len(releases) - 1 for releases in response.context["recordings"])
    assert repeats == overview.of(songs).repeats > 0


def test_a_recording_that_is_no_longer_liked_twice_leaves_the_list(songs: SpotifyAccount) -> None:
    repeat = songs.verdicts.filter(same_as__isnull=False)[0]
    songs.saves.filter(track=repeat.same_as).update(is_unliked=True)
    SpotifyAccount.objects.mark_stale()
    stored_verdicts.refresh(SpotifyAccount.objects.get())
    assert songs.verdicts.get(pk=repeat.pk).same_as is None


@pytest.mark.parametrize("name", ["unplayable", "local"])
def test_what_stands_apart_is_listed_and_counted(songs: SpotifyAccount, name: str) -> None:
    page = signed_in(songs).get(reverse(name)).context["page"]
    assert page.paginator.count == getattr(overview.apart(songs), name) > 0
    assert {like.track.is_local for like in page} == {name == "local"}


@pytest.mark.parametrize("name", ["duplicates", "unplayable", "local", "library-csv"])
def test_lists_are_their_owners(songs: SpotifyAccount, name: str) -> None:
    response = signed_in(another_account()).get(reverse(name))
    content = b"".join(response.streaming_content) if response.streaming else response.content
    assert songs.verdicts.all()[0].track.uri.encode() not in content
    assert b"Band" not in content


def test_entries_without_a_song_are_counted(songs: SpotifyAccount) -> None:
    assert "Likes that Spotify gives no song for" in signed_in(songs).get(reverse("library")).content.decode()


@pytest.mark.parametrize(
    ("liked", "calls", "words"),
    [(12_248, 245, "12,248"), (1, 1, "call to Spotify"), (50_000, 1000, "about 1,000")],
)
def test_before_the_first_reading_the_page_says_what_it_takes(
    account: SpotifyAccount, liked: int, calls: int, words: str
) -> None:
    SpotifyAccount.objects.update(liked_total=liked)
    response = signed_in(account).get(reverse("library"))
    assert response.context["forecast"].calls == calls
    assert words in response.content.decode()


def test_listening_takes_as_long_as_the_slowest_of_its_steps(account: SpotifyAccount, settings: Any) -> None:
    account.liked_total = 9_000
    settings.PREVIEW_PROVIDERS = ["deezer"]
    found = forecast.first_reading(account)
    assert found and found.takes >= timedelta(seconds=9_000 / 9 - 10)  # Deezer: 45 calls in 5 s
    settings.PREVIEW_PROVIDERS = []
    quick = forecast.first_reading(account)
    assert quick and quick.takes < timedelta(minutes=2)


def test_a_library_of_one_song_is_told_in_the_singular(db: None) -> None:
    account = large.library(1, "eve")
    page = signed_in(account).get(reverse("library")).content.decode()
    assert "1 liked song, read" in page
    assert "1 liked songs" not in page


def test_only_local_files_are_called_that(account: SpotifyAccount) -> None:
    track = Track.objects.create(uri="spotify:local:a", name="Demo tape", is_local=True)
    SavedTrack.objects.create(account=account, track=track, added_at=timezone.now())
    SpotifyAccount.objects.update(synced_at=timezone.now())
    page = signed_in(account).get(reverse("library")).content.decode()
    assert "There are only local files" in page
    assert reverse("local") in page
