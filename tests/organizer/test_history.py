"""Every run can be undone and every version restored, and neither loses what was changed by hand since."""

from typing import Any

import pytest

from organizer import history, plans, tasks, writing
from organizer.models import GenrePlaylist, Job, Plan, PlaylistVersion, SpotifyAccount
from tests.organizer.browsing import another_account
from tests.organizer.test_careful_writing import calls, write
from tests.organizer.test_hand_edits import check_chain
from tests.organizer.test_plans import JAZZ, ROCK, added
from tests.organizer.test_writing import apply, contents, make_plan, run


@pytest.fixture
def grown(library: SpotifyAccount, simulator: Any) -> Plan:
    """A second run, which took songs 2, 4 and 5 out of “Rock” and added others at its end."""
    apply(library, [ROCK, JAZZ])
    rule = GenrePlaylist.objects.get(name="Rock")
    leaving = [rule.written_uris[place] for place in (2, 4, 5)]
    library.saves.filter(track__uri__in=leaving).update(is_unliked=True)
    SpotifyAccount.objects.update(removals="mirror")
    GenrePlaylist.objects.filter(pk=rule.pk).update(min_confidence=0.4)
    write(plans.make(SpotifyAccount.objects.get()))
    library.saves.update(is_unliked=False)
    return Plan.objects.filter(state=Plan.State.APPLIED).first()


def before(run_: Plan) -> list[str]:
    return run_.versions.get(playlist__name="Rock").uris_before


def take_back(run_: Plan) -> Plan:
    return history.undo(SpotifyAccount.objects.get(), run_)


def test_undoing_a_run_puts_every_song_where_it_was(grown: Plan, simulator: Any) -> None:
    wanted = before(grown)
    plan = take_back(grown)
    assert (plan.kind, plan.target) == (Plan.Kind.UNDO, grown)
    asked = calls(simulator)
    assert write(plan).state == Job.State.DONE
    assert contents(simulator, "Rock") == wanted
    assert calls(simulator) - asked == plan.calls == 1 + 2 + 1 + 2  # 2 places to put songs to
    check_chain()


def test_what_was_undone_is_not_done_again_by_the_next_plan(grown: Plan, simulator: Any) -> None:
    write(take_back(grown))
    wanted = contents(simulator, "Rock")
    plan = plans.make(SpotifyAccount.objects.get())
    assert added(plan, "Rock") == []
    write(plan)
    assert contents(simulator, "Rock") == wanted


def test_an_undo_can_itself_be_undone(grown: Plan, simulator: Any) -> None:
    after = contents(simulator, "Rock")
    write(take_back(grown))
    undo = Plan.objects.filter(kind=Plan.Kind.UNDO).first()
    write(take_back(undo))
    assert contents(simulator, "Rock") == after
    check_chain()


def test_hand_edits_since_are_kept_unless_ticked(grown: Plan, simulator: Any) -> None:
    rock = simulator.playlist("Rock")
    old, new = before(grown)[0], added(grown, "Rock")[0]
    simulator.edit_playlist("remove", rock["id"], uris=[old, new])
    plan = take_back(grown)
    assert not plan.items.filter(uri__in=[old, new]).exists()
    write(plan)
    assert contents(simulator, "Rock") == before(grown)[1:]


def test_a_song_put_back_by_hand_stays_in_an_undo(grown: Plan, simulator: Any) -> None:
    rock, new = simulator.playlist("Rock"), added(grown, "Rock")[0]
    for action in ("remove", "add"):
        simulator.edit_playlist(action, rock["id"], uris=[new])
        plans.make(SpotifyAccount.objects.get())  # finds the edit
    plan = take_back(grown)
    assert plan.items.get(uri=new).kind == "kept_in"
    write(plan)
    assert contents(simulator, "Rock") == [*before(grown), new]


def test_undoing_the_run_that_made_a_playlist_leaves_it_empty_and_at_rest(
    library: SpotifyAccount, simulator: Any
) -> None:
    apply(library, [ROCK])
    made = Plan.objects.first()
    plan = take_back(made)
    assert "Apps cannot delete playlists" in plan.notes[0]
    write(plan)
    assert contents(simulator, "Rock") == []
    assert not GenrePlaylist.objects.get().is_active
    write(take_back(Plan.objects.get(pk=plan.pk)))
    assert GenrePlaylist.objects.get().is_active
    assert contents(simulator, "Rock") == added(made, "Rock")


def test_a_version_is_restored_with_what_was_put_in_since(grown: Plan, simulator: Any) -> None:
    first = PlaylistVersion.objects.filter(playlist__name="Rock").last()
    foreign = simulator.state()["liked"][0]
    simulator.edit_playlist("add", simulator.playlist("Rock")["id"], uris=[foreign])
    plan = history.restore(SpotifyAccount.objects.get(), first)
    assert (plan.kind, plan.version, len(plan.entries)) == (Plan.Kind.RESTORE, first, 1)
    write(plan)
    assert contents(simulator, "Rock") == [*first.uris_after, foreign]
    check_chain()


def test_an_undo_is_a_job_with_a_wish(grown: Plan) -> None:
    job, is_new = history.start_undo(grown.account, grown)
    assert (is_new, job.kind, job.wish) == (True, Job.Kind.PLAN, {"undo": grown.pk})
    assert run(job).state == Job.State.DONE
    assert Plan.objects.get(pk=Job.objects.get(pk=job.pk).counts["plan"]).target == grown


def test_what_was_never_written_cannot_be_undone(grown: Plan) -> None:
    plan = plans.make(SpotifyAccount.objects.get())
    with pytest.raises(plans.PlanError, match="Nothing was written in this run"):
        history.start_undo(grown.account, plan)
    assert list(history.runs(grown.account))[0] == grown


def test_what_belongs_to_others_cannot_be_undone_nor_restored(grown: Plan) -> None:
    charlie = another_account()
    with pytest.raises(plans.PlanError):
        history.start_undo(charlie, grown)
    with pytest.raises(plans.PlanError, match="cannot be restored"):
        history.start_restore(charlie, grown.versions.first())


def test_nothing_is_taken_back_in_a_deleted_playlist(grown: Plan, simulator: Any) -> None:
    simulator.edit_playlist("unfollow", simulator.playlist("Rock")["id"])
    plan = take_back(grown)
    assert "You deleted “Rock” on Spotify" in plan.notes[0]
    assert not plan.items.filter(playlist__name="Rock").exists()


def test_a_run_that_was_divided_by_a_hand_edit_is_undone_as_one(
    library: SpotifyAccount, simulator: Any, monkeypatch: Any
) -> None:
    from organizer.providers.spotify import Spotify

    send, edited = Spotify.add, []

    def disturbed(api: Spotify, playlist_id: str, *of: Any, **options: Any) -> Any:
        new = send(api, playlist_id, *of, **options)
        if not edited:
            edited.append(contents(simulator, "All")[3])
            simulator.edit_playlist("remove", playlist_id, uris=edited)
        return new

    monkeypatch.setattr(Spotify, "add", disturbed)
    plan = make_plan(library, [plans.Choice("All", ("rock", "pop"), 0.0)])
    job, _ = writing.start(plan)
    run(job)
    monkeypatch.undo()
    assert plan.versions.count() >= 1
    write(take_back(plan))
    assert contents(simulator, "All") == []
    check_chain()
    assert tasks.work(job.pk) is None
