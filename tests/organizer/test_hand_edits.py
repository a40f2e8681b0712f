"""What the user changes by hand is kept, and the versions of a playlist tell all that happened to it."""

from typing import Any

import pytest

from organizer import plans, writing
from organizer.models import GenrePlaylist, Plan, PlaylistVersion, SavedTrack, SpotifyAccount, Track
from organizer.providers.spotify import Spotify
from tests.organizer.test_plans import JAZZ, ROCK, added, entry
from tests.organizer.test_writing import apply, contents, make_plan, run

By = PlaylistVersion.By


def history(name: str) -> list[PlaylistVersion]:
    return list(PlaylistVersion.objects.filter(playlist__name=name).order_by("pk"))


def check_chain() -> None:
    """Each version begins with what the one before left, and the last is what we know."""
    for rule in GenrePlaylist.objects.all():
        versions = history(rule.name)
        before: list[str] = []
        for version in versions:
            assert version.uris_before == before
            before = version.uris_after
        assert before == rule.written_uris


def test_every_edit_found_becomes_a_version(library: SpotifyAccount, simulator: Any) -> None:
    apply(library, [ROCK])
    playlist = simulator.playlist("Rock")
    foreign = simulator.edit_playlist("create", name="x", uris=simulator.state()["liked"][-1:])["uris"]
    simulator.edit_playlist("remove", playlist["id"], uris=playlist["uris"][:2])
    simulator.edit_playlist("add", playlist["id"], uris=foreign)
    make_plan(library)
    assert [version.by for version in history("Rock")] == [By.US, By.USER]
    assert history("Rock")[-1].uris_after == contents(simulator, "Rock")
    check_chain()


def test_another_order_is_an_edit_too(library: SpotifyAccount, simulator: Any) -> None:
    apply(library, [ROCK])
    playlist = simulator.playlist("Rock")
    simulator.edit_playlist("replace", playlist["id"], uris=playlist["uris"][::-1])
    assert entry(make_plan(library), "Rock")["action"] == "unchanged"
    assert history("Rock")[-1].uris_after == playlist["uris"][::-1]
    check_chain()


def test_a_song_that_spotify_exchanged_for_itself_changes_nothing(
    library: SpotifyAccount, simulator: Any, monkeypatch: Any
) -> None:
    apply(library, [ROCK])
    old = contents(simulator, "Rock")[1]
    Track.objects.filter(uri=old).update(isrc="US1")
    read = Spotify.playlist_items

    def relinked(*of: Any) -> Any:
        page = read(*of)
        uris = tuple("spotify:track:new" if uri == old else uri for uri in page.uris)
        isrcs = tuple("US1" if uri == "spotify:track:new" else "" for uri in uris)
        return type(page)(page.total, uris, isrcs)

    monkeypatch.setattr(Spotify, "playlist_items", relinked)
    simulator.edit_playlist("rename", simulator.playlist("Rock")["id"], name="Rock 2")
    plan = make_plan(library)
    rule = GenrePlaylist.objects.get()
    assert (rule.written_uris[1], rule.tombstones, rule.pins) == ("spotify:track:new", [], [])
    assert not plan.items.exclude(kind="duplicate").exists()
    check_chain()


def test_a_playlist_made_again_and_deleted_again_is_asked_again(
    library: SpotifyAccount, simulator: Any
) -> None:
    apply(library, [ROCK])
    for _ in range(2):
        simulator.edit_playlist("unfollow", GenrePlaylist.objects.get().spotify_id)
        plan = make_plan(library)
        assert (entry(plan, "Rock")["action"], plan.calls) == ("gone", 0)
        plans.accept_playlists(plan, {entry(plan, "Rock")["playlist"]})
        run(writing.start(plan)[0])
        check_chain()
    assert [version.was_created for version in history("Rock")] == [True, False] * 2 + [True]


@pytest.mark.parametrize(("removals", "ticks"), [("never", []), ("ask", [False]), ("mirror", [True])])
def test_songs_that_no_longer_fit_follow_the_users_policy(
    library: SpotifyAccount, removals: str, ticks: list[bool]
) -> None:
    apply(library, [ROCK])
    SpotifyAccount.objects.update(removals=removals)
    Track.objects.get(uri=GenrePlaylist.objects.get().written_uris[0]).saves.update(is_unliked=True)
    plan = make_plan(SpotifyAccount.objects.get())
    assert list(plan.items.filter(kind="remove").values_list("is_accepted", flat=True)) == ticks
    assert plan.calls == (4 if removals == "mirror" else 0)


def test_a_song_that_changes_its_genre_is_shown_as_a_move_on_both_sides(library: SpotifyAccount) -> None:
    from organizer import review

    apply(library, [ROCK, JAZZ])
    uri = GenrePlaylist.objects.get(name="Rock").written_uris[0]
    review.correct(library, Track.objects.get(uri=uri), "jazz-blues")
    plan = make_plan(library)
    leaving, coming = plan.items.get(kind="remove"), plan.items.get(kind="add")
    assert (leaving.move, leaving.reason, leaving.is_accepted) == ("Jazz", "Moves to “Jazz”.", False)
    assert (coming.move, coming.reason) == ("Rock", "Moves here from “Rock”. You said Jazz & blues.")


def test_a_song_taken_out_by_hand_can_be_added_again_and_one_put_in_taken_out(
    library: SpotifyAccount, simulator: Any
) -> None:
    apply(library, [ROCK])
    playlist, foreign = simulator.playlist("Rock"), simulator.state()["liked"][0]
    simulator.edit_playlist("remove", playlist["id"], uris=playlist["uris"][:1])
    simulator.edit_playlist("add", playlist["id"], uris=[foreign])
    plan = make_plan(library)
    assert entry(plan, "Rock")["action"] == "unchanged"
    items = list(plan.items.values_list("pk", flat=True))
    plans.set_accepted(plan, entry(plan, "Rock")["playlist"], item_ids=items, shown_ids=items)
    run(writing.start(Plan.objects.get(pk=plan.pk))[0])
    assert contents(simulator, "Rock") == [*playlist["uris"][1:], playlist["uris"][0]]
    rule = GenrePlaylist.objects.get()
    assert (rule.tombstones, rule.pins) == ([foreign], [])
    assert entry(make_plan(library), "Rock")["action"] == "unchanged"
    check_chain()


@pytest.fixture
def twins(library: SpotifyAccount) -> list[str]:
    """Two releases of one recording, the one liked first first."""
    passing = Track.objects.filter(predictions__genre="rock", predictions__confidence__gte=0.6)
    pair = list(passing.order_by("saves__added_at", "uri")[3:5])
    Track.objects.filter(pk__in=[track.pk for track in pair]).update(isrc="US1")
    return [track.uri for track in pair]


def test_of_two_releases_the_oldest_like_goes_into_the_playlist(
    library: SpotifyAccount, twins: list[str]
) -> None:
    plan = make_plan(library, [ROCK])
    assert twins[0] in added(plan, "Rock") and twins[1] not in added(plan, "Rock")
    assert entry(plan, "Rock")["duplicate"] == plan.items.filter(kind="duplicate").count() >= 1
    SpotifyAccount.objects.update(merges_duplicates=False)
    assert set(twins) <= set(added(make_plan(SpotifyAccount.objects.get()), "Rock"))


def test_the_release_that_is_there_stays_and_one_taken_out_keeps_the_others_out(
    library: SpotifyAccount, simulator: Any, twins: list[str]
) -> None:
    SavedTrack.objects.filter(track__uri=twins[0]).update(is_unliked=True)
    apply(library, [ROCK])
    SavedTrack.objects.update(is_unliked=False)
    plan = make_plan(library)
    assert not plan.items.filter(kind__in=["add", "remove"]).exists()
    simulator.edit_playlist("remove", simulator.playlist("Rock")["id"], uris=twins[1:])
    plan = make_plan(library)
    assert added(plan, "Rock") == []
    assert entry(plan, "Rock")["kept_out"] == 1


def test_a_claimed_playlist_is_ours_only_with_our_mark(library: SpotifyAccount, simulator: Any) -> None:
    apply(library, [ROCK])
    GenrePlaylist.objects.update(is_claimed=True)
    make_plan(library)
    assert not GenrePlaylist.objects.get().is_claimed
    GenrePlaylist.objects.update(is_claimed=True, ref="000")
    plan = make_plan(library)
    rule = GenrePlaylist.objects.get()
    assert (rule.spotify_id, rule.is_claimed, entry(plan, "Rock")["action"]) == ("", False, "new")
    assert "not one that Cratewise made" in plan.notes[0]
