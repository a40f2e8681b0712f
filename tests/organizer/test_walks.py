"""Walks through a list that changes under them, and lists with entries that cannot be read."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from organizer import library
from organizer.models import Correction, Job, SpotifyAccount, Track
from organizer.providers.spotify import LikedPage, LikedTrack
from tests.organizer.browsing import another_account
from tests.organizer.test_library import page_calls, sync

pytestmark = pytest.mark.django_db
PAGE = 5
UNCHECKED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Likes:
    """Spotify's list as one user sees it: newest first, read by offset, changing whenever the user feels like it."""

    entries: list[LikedTrack] = field(default_factory=list)
    made: int = 0
    clock: int = 0
    unreadable: Callable[[LikedTrack], bool] = lambda track: False
    has_moments: bool = True  # whether an entry without a song says when it was liked
    calls: int = 0
    between_pages: Callable[[], None] = lambda: None

    def liked(self, offset: int) -> LikedPage:
        self.calls += 1
        entries = self.entries[offset : offset + PAGE]
        blanks = [track.added_at if self.has_moments else None for track in entries if self.unreadable(track)]
        tracks = tuple(track for track in entries if not self.unreadable(track))
        page = LikedPage(len(self.entries), len(entries), tracks, tuple(blanks))
        self.between_pages()
        return page

    def like(self, uri: str = "", isrc: str = "") -> None:
        self.made += not uri
        self.clock += 1
        self.entries.insert(0, song(uri or f"spotify:track:{self.made:04}", isrc, self.clock))

    def unlike(self, place: int) -> str:
        return self.entries.pop(place).uri

    def like_anew(self, place: int) -> None:
        self.like(self.unlike(place))

    @property
    def uris(self) -> list[str]:
        return [track.uri for track in self.entries]


def song(uri: str, isrc: str, second: int) -> LikedTrack:
    return LikedTrack(
        uri=uri,
        name=uri,
        artist_ids=("a",),
        artist_names=("A",),
        album_name="",
        album_image_url="",
        isrc=isrc,
        duration_ms=1000,
        is_explicit=False,
        is_local=False,
        is_playable=True,
        added_at=START + timedelta(seconds=second),
    )


@pytest.fixture
def world(account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch) -> Likes:
    """An account with 23 likes, nothing of it read; pages hold five."""
    likes = Likes()
    for _ in range(23):
        likes.like()
    monkeypatch.setattr(library, "PAGE", PAGE)
    monkeypatch.setattr(library.accounts, "with_spotify", lambda _, ask: ask(likes))
    return likes


def kept(account: SpotifyAccount) -> list[str]:
    return list(
        account.saves.filter(is_unliked=False).order_by("-added_at").values_list("track__uri", flat=True)
    )


def calls_of_sync(account: SpotifyAccount, world: Likes) -> int:
    before = world.calls
    sync(account)
    return world.calls - before


@settings(max_examples=40, deadline=None, suppress_health_check=UNCHECKED)
@given(seed=some.integers(0, 2**32), haste=some.floats(0.05, 0.6), syncs=some.integers(1, 2))
@example(seed=184015340, haste=0.6875, syncs=1)
@example(seed=0, haste=0.75, syncs=2)
def test_whatever_happens_between_pages_the_next_sync_puts_right(
    account: SpotifyAccount, world: Likes, seed: int, haste: float, syncs: int
) -> None:
    """And no song that stays liked as it was is ever taken for unliked."""
    chance, busy = random.Random(seed), [0]

    def be_busy() -> None:
        while chance.random() < haste and busy[0] < 60:
            busy[0] += 1
            act = chance.choice([world.like, world.unlike, world.like_anew])
            act(*([] if act == world.like else [chance.randrange(len(world.entries))]))

    start_over(account, world)
    for _ in range(syncs):
        world.between_pages, before = be_busy, set(world.entries)
        known_before = set(kept(account))
        sync(account)
        world.between_pages = lambda: None
        stayed = {track.uri for track in before & set(world.entries)}
        assert known_before & stayed <= set(kept(account))
    sync(account)
    assert kept(account) == world.uris


def start_over(account: SpotifyAccount, world: Likes) -> None:
    account.saves.all().delete()
    SpotifyAccount.objects.update(full_walk_at=None, unreadable_total=0)
    del world.entries[23:]
    while len(world.entries) < 23:
        world.like()


def test_a_song_liked_anew_while_others_are_read_is_not_taken_for_unliked(
    account: SpotifyAccount, world: Likes
) -> None:
    def after_the_second_page() -> None:
        if world.calls == 2:
            world.like_anew(20)

    world.between_pages = after_the_second_page
    sync(account)
    assert kept(account) == world.uris


def test_an_unlike_and_a_like_at_once_are_both_noticed(account: SpotifyAccount, world: Likes) -> None:
    sync(account)
    world.unlike(15), world.like()
    sync(account)
    assert kept(account) == world.uris


def test_likes_that_became_unreadable_are_still_liked(account: SpotifyAccount, world: Likes) -> None:
    sync(account)
    gone = set(world.uris[3:20:4])
    world.unreadable = lambda track: track.uri in gone
    world.unlike(8)
    for _ in range(3):
        sync(account)
        assert set(kept(account)) == set(world.uris)
    assert calls_of_sync(account, world) == 1


def test_unreadable_likes_that_say_nothing_prune_nothing(account: SpotifyAccount, world: Likes) -> None:
    sync(account)
    before, gone = kept(account), set(world.uris[::6])
    world.unreadable, world.has_moments = lambda track: track.uri in gone, False
    SpotifyAccount.objects.update(full_walk_at=None)
    assert sync(account).counts["removed"] == 0
    assert kept(account) == before
    world.unreadable = lambda track: False
    sync(account)
    assert kept(account) == world.uris
    assert calls_of_sync(account, world) == 1


def test_songs_that_were_unreadable_at_first_come_with_the_next_sync(
    account: SpotifyAccount, world: Likes
) -> None:
    world.unreadable = lambda track: int(track.uri[-2:]) < 9
    sync(account)
    world.unreadable = lambda track: False
    sync(account)
    assert kept(account) == world.uris


def test_episodes_among_the_likes_do_not_make_every_sync_a_full_one(
    account: SpotifyAccount, world: Likes
) -> None:
    episodes = set(world.uris[::5])
    world.unreadable = lambda track: track.uri in episodes
    sync(account), sync(account)
    assert calls_of_sync(account, world) == 1
    world.like()
    assert calls_of_sync(account, world) == 1


def test_a_relinked_song_stays_liked_and_keeps_the_users_word(account: SpotifyAccount, world: Likes) -> None:
    world.like(isrc="QZ0000000001")
    sync(account)
    Correction.objects.create(account=account, track=Track.objects.get(uri=world.uris[0]), genre="rock")
    shown = world.entries[0]
    world.entries[0] = song("spotify:track:elsewhere", shown.isrc, world.clock)
    before = world.calls
    counts = sync(account).counts
    assert (counts["new"], counts["removed"], world.calls - before) == (0, 0, 1)
    assert kept(account) == world.uris
    assert Correction.objects.get().track.uri == "spotify:track:elsewhere"


def test_two_releases_liked_in_the_same_second_are_two_likes(account: SpotifyAccount, world: Likes) -> None:
    world.like(isrc="QZ0000000001")
    world.clock -= 1
    world.like(isrc="QZ0000000001")
    sync(account), sync(account)
    assert set(kept(account)) == set(world.uris)
    assert account.saves.filter(is_unliked=True).count() == 0


def somebody_else_who_likes(uri: str) -> SpotifyAccount:
    other = another_account()
    other.saves.create(track=Track.objects.get(uri=uri), added_at=START)
    SpotifyAccount.objects.filter(pk=other.pk).update(verdicts_stamp="made")
    return other


@pytest.mark.parametrize(
    "words", [{"name": "Renamed"}, {"artist_names": ("A", "B")}, {"album_name": "Another"}], ids=str
)
def test_a_song_that_is_called_otherwise_is_news_to_all_who_like_it(
    account: SpotifyAccount, world: Likes, words: dict[str, Any]
) -> None:
    sync(account)
    other = somebody_else_who_likes(world.entries[0].uri)
    world.entries[1] = replace(world.entries[1], name="Of no concern to them")
    world.entries[0] = replace(world.entries[0], duration_ms=7, album_image_url="https://i.scdn.co/image/new")
    sync(account)
    assert refreshed(other).verdicts_stamp == "made"
    world.entries[0] = replace(world.entries[0], **words)
    sync(account)
    assert refreshed(other).verdicts_stamp == ""


def test_a_full_walk_comes_once_a_week(account: SpotifyAccount, world: Likes) -> None:
    sync(account)
    assert library.cost(refreshed(account)) == (1, 5)
    SpotifyAccount.objects.update(full_walk_at=account.full_walk_at - timedelta(days=7))
    assert library.cost(refreshed(account)) == (5, 5)
    assert calls_of_sync(account, world) == 5


def refreshed(account: SpotifyAccount) -> SpotifyAccount:
    account.refresh_from_db()
    return account


def test_a_job_says_what_it_costs(account: SpotifyAccount, world: Likes) -> None:
    assert sync(account).cost == 5
    assert sync(account).cost == 1
    world.unlike(12)
    assert sync(account).cost == 5
    assert Job.objects.first().cost == 5


def test_a_walk_that_an_earlier_version_began_goes_on(account: SpotifyAccount, world: Likes) -> None:
    job = Job(cursor={"offset": 10, "total": 23, "entries": 7, "has_grown": True})
    assert library.Walk.of(job, account).offset == 10


@pytest.mark.parametrize("fault", ["null_entries"])
def test_null_entries_prune_nothing(ada: SpotifyAccount, simulator: Any, fault: str) -> None:
    sync(ada)
    simulator.set_fault(fault)
    SpotifyAccount.objects.update(full_walk_at=None)
    for _ in range(2):
        assert sync(ada).counts["removed"] == 0
        SpotifyAccount.objects.update(full_walk_at=None)
    simulator.clear_faults()
    sync(ada)
    assert kept(ada) == simulator.state()["liked"]
    before = page_calls(simulator)
    sync(ada)
    assert page_calls(simulator) - before == 1
