"""Between the plan and the last call anything may happen on Spotify; nothing of it is lost, and nothing is written twice."""

from typing import Any

import pytest

from organizer import accounts, network, plans, tasks, writing
from organizer.models import GenrePlaylist, Job, Plan, SpotifyAccount
from organizer.providers.spotify import Spotify
from tests.organizer.test_hand_edits import check_chain
from tests.organizer.test_plans import JAZZ, ROCK, added
from tests.organizer.test_writing import apply, contents, make_plan, run, writes

LOUD = plans.Choice("Rock", ("rock",), 0.2)
ALL = plans.Choice("All", ("rock", "pop", "jazz-blues"), 0.0)


@pytest.fixture
def grown(library: SpotifyAccount) -> Plan:
    """“Rock” and “Jazz” are written, and the plan would add more to both and take something out of “Rock”."""
    apply(library, [ROCK, JAZZ])
    GenrePlaylist.objects.update(min_confidence=0.2)
    rock = GenrePlaylist.objects.get(name="Rock")
    library.saves.filter(track__uri__in=rock.written_uris[:3]).update(is_unliked=True)
    SpotifyAccount.objects.update(removals="mirror")
    return plans.make(SpotifyAccount.objects.get())


def write(plan: Plan) -> Job:
    return run(writing.start(plan)[0])


def notes(plan: Plan) -> str:
    return " ".join(Plan.objects.get(pk=plan.pk).notes)


def calls(simulator: Any) -> int:
    return len(simulator.requests("spotify"))


@pytest.mark.parametrize("choices", [[ROCK], [ROCK, JAZZ], [ALL]])
def test_a_first_write_costs_what_the_plan_said(
    library: SpotifyAccount, simulator: Any, choices: list[plans.Choice]
) -> None:
    plan = make_plan(library, choices)
    before = calls(simulator)
    write(plan)
    assert calls(simulator) - before == plan.calls


def test_a_later_write_costs_what_the_plan_said(grown: Plan, simulator: Any) -> None:
    before = calls(simulator)
    job = write(grown)
    assert calls(simulator) - before == grown.calls
    assert job.counts["written"] == grown.items.filter(is_accepted=True).count() == job.done
    assert not notes(grown)


def test_edits_made_since_the_plan_are_kept_and_told(grown: Plan, simulator: Any) -> None:
    playlist = simulator.playlist("Rock")
    leaving = list(grown.items.filter(kind="remove").values_list("uri", flat=True))
    coming = added(grown, "Rock")
    simulator.edit_playlist("remove", playlist["id"], uris=[playlist["uris"][5]])
    simulator.edit_playlist("add", playlist["id"], uris=coming[:1])
    assert write(grown).state == Job.State.DONE
    expected = [uri for uri in playlist["uris"] if uri not in {playlist["uris"][5], *leaving}]
    assert contents(simulator, "Rock")[: len(expected)] == expected
    assert set(contents(simulator, "Rock")) == {*expected, *coming}
    assert notes(grown) == "“Rock” had changed on Spotify meanwhile; your edits were kept."
    assert len(contents(simulator, "Rock")) == len(set(contents(simulator, "Rock")))
    assert playlist["uris"][5] in GenrePlaylist.objects.get(name="Rock").tombstones
    check_chain()


def test_a_playlist_deleted_since_the_plan_is_not_written(grown: Plan, simulator: Any) -> None:
    rock = simulator.playlist("Rock")
    simulator.edit_playlist("unfollow", rock["id"])
    before = len(writes(simulator))
    job = write(grown)
    assert job.state == Job.State.DONE
    assert not any(rock["id"] in call["path"] for call in writes(simulator)[before:])
    assert contents(simulator, "Rock") == rock["uris"]
    assert "You deleted “Rock” on Spotify meanwhile; it was not written." in notes(grown)
    assert set(added(grown, "Jazz")) <= set(contents(simulator, "Jazz"))


def test_a_deleted_playlist_that_came_back_is_not_made_again(library: SpotifyAccount, simulator: Any) -> None:
    apply(library, [ROCK])
    rock = simulator.playlist("Rock")
    simulator.edit_playlist("unfollow", rock["id"])
    plan = make_plan(library)
    plans.accept_playlists(plan, {plan.entries[0]["playlist"]})
    simulator.edit_playlist("follow", rock["id"])
    write(plan)
    assert "“Rock” is back on Spotify" in notes(plan)
    assert [row["name"] for row in simulator.state()["playlists"]].count("Rock") == 1


@pytest.mark.parametrize("method", ["add", "remove"])
def test_an_edit_in_the_middle_of_a_write_is_kept(
    grown: Plan, simulator: Any, monkeypatch: Any, method: str
) -> None:
    send, edited = getattr(Spotify, method), []

    def disturbed(api: Spotify, playlist_id: str, *of: Any, **options: Any) -> Any:
        rock = simulator.playlist("Rock")
        if playlist_id == rock["id"] and not edited:
            edited.append(rock["uris"][7])
            simulator.edit_playlist("remove", playlist_id, uris=edited)
        return send(api, playlist_id, *of, **options)

    monkeypatch.setattr(Spotify, method, disturbed)
    job = write(grown)
    assert job.state == Job.State.DONE
    rule = GenrePlaylist.objects.get(name="Rock")
    assert rule.tombstones == edited
    assert rule.written_uris == contents(simulator, "Rock")
    assert set(added(grown, "Rock")) <= set(contents(simulator, "Rock"))
    assert job.counts["written"] == grown.items.filter(is_accepted=True).count()
    check_chain()


def test_songs_written_are_counted_right_after_a_lost_answer(
    library: SpotifyAccount, simulator: Any, settings: Any
) -> None:
    settings.HTTP_TIMEOUT_S = 0.5
    network.reset()
    plan = make_plan(library, [ALL])
    simulator.set_fault("timeout_after_effect", method="POST", path="/items$", after=1, times=2)
    job = write(plan)
    assert job.counts["written"] == job.done == len(contents(simulator, "All"))
    assert plan.versions.count() == 1
    check_chain()


def test_a_playlist_that_was_made_twice_is_used_once_and_told(
    library: SpotifyAccount, simulator: Any
) -> None:
    plan = make_plan(library, [ROCK])
    GenrePlaylist.objects.update(ref="abc123")
    for _ in range(2):
        accounts.with_spotify(
            library, lambda api: api.create_playlist(name="Rock", description="Ours. Ref abc123")
        )
    write(plan)
    sizes = sorted(len(row["uris"]) for row in simulator.state()["playlists"] if row["name"] == "Rock")
    assert sizes == [0, len(added(plan, "Rock"))]
    assert "made “Rock” twice" in notes(plan)


def test_a_song_that_spotify_no_longer_has_does_not_keep_the_others_out(
    library: SpotifyAccount, simulator: Any
) -> None:
    plan = make_plan(library, [ROCK])
    uris = added(plan, "Rock")
    plan.items.filter(uri=uris[3]).update(uri="spotify:track:withdrawn")
    job = write(plan)
    assert job.state == Job.State.DONE
    assert contents(simulator, "Rock") == [uri for uri in uris if uri != uris[3]]
    assert "did not take a song for “Rock”" in notes(plan)


def test_a_playlist_that_is_full_is_told_in_the_plan(library: SpotifyAccount, monkeypatch: Any) -> None:
    monkeypatch.setattr("organizer.merging.ROOM", 5)
    plan = make_plan(library, [ROCK])
    assert len(added(plan, "Rock")) == 5
    assert "“Rock” would be too long" in plan.notes[0]


def test_a_claimed_playlist_is_not_written(grown: Plan, simulator: Any) -> None:
    GenrePlaylist.objects.update(is_claimed=True)
    before = len(writes(simulator))
    assert write(grown).state == Job.State.DONE
    assert len(writes(simulator)) == before


def test_a_write_waits_while_a_plan_is_made(grown: Plan) -> None:
    job, _ = writing.start(grown)
    Job.objects.create(account=grown.account, kind=Job.Kind.PLAN, phase="plan")
    assert tasks.work(job.pk).state == Job.State.WAITING


def test_a_worker_killed_after_its_last_word_leaves_a_job_that_is_done(
    library: SpotifyAccount, simulator: Any
) -> None:
    plan = make_plan(library, [ROCK])
    job = write(plan)
    before = calls(simulator)
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, finished_at=None)
    assert run(Job.objects.get(pk=job.pk)).state == Job.State.DONE
    assert calls(simulator) == before
