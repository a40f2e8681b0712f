from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from organizer import jobs, network, plans, tasks, writing
from organizer.models import GenrePlaylist, Job, Plan, PlaylistVersion, SpotifyAccount
from tests.gates import open_gates
from tests.organizer.test_plans import JAZZ, ROCK, added, entry


def make_plan(account: SpotifyAccount, choices: list[plans.Choice] | None = None) -> Plan:
    if choices:
        plans.choose(account, choices)
    return plans.make(account)


def run(job: Job) -> Job:
    """Work the job off as workers do, without waiting out its waits and pauses that services asked for."""
    for _ in range(60):
        open_gates()
        Job.objects.filter(pk=job.pk, state=Job.State.WAITING).update(wait_until=timezone.now())
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        job = tasks.work(job.pk) or Job.objects.get(pk=job.pk)
        if not job.is_active or job.state == Job.State.PAUSED:
            return job
    pytest.fail("the job does not end")


def apply(account: SpotifyAccount, choices: list[plans.Choice] | None = None) -> Job:
    return run(writing.start(make_plan(account, choices))[0])


def writes(simulator: Any) -> list[dict[str, Any]]:
    return [call for call in simulator.requests("spotify") if call["method"] != "GET"]


def contents(simulator: Any, name: str) -> list[str]:
    return simulator.playlist(name)["uris"]


def test_playlists_equal_the_plan_in_order_and_are_private(library: SpotifyAccount, simulator: Any) -> None:
    plan = make_plan(library, [ROCK, JAZZ])
    assert run(writing.start(plan)[0]).state == Job.State.DONE
    for name in ("Rock", "Jazz"):
        assert contents(simulator, name) == added(plan, name)
        assert simulator.playlist(name)["public"] is False
    plan.refresh_from_db()
    assert plan.state == Plan.State.APPLIED


def test_no_call_takes_more_than_a_hundred_songs(library: SpotifyAccount, simulator: Any) -> None:
    apply(library, [plans.Choice("All", ("rock", "pop", "jazz-blues"), 0.0)])
    sizes = [len(call["body"]["uris"]) for call in writes(simulator) if "uris" in (call["body"] or {})]
    assert max(sizes) == 100
    assert len(sizes) == -(-len(contents(simulator, "All")) // 100)


def test_a_second_run_writes_nothing(library: SpotifyAccount, simulator: Any) -> None:
    apply(library, [ROCK])
    before = len(writes(simulator))
    plan = make_plan(library)
    assert entry(plan, "Rock")["action"] == "unchanged"
    assert (plan.calls, len(writes(simulator))) == (0, before)


def test_a_double_click_applies_once(library: SpotifyAccount, simulator: Any) -> None:
    plan = make_plan(library, [ROCK])
    first, is_new = writing.start(plan)
    second, is_second_new = writing.start(Plan.objects.get(pk=plan.pk))
    assert (is_new, is_second_new, first.pk) == (True, False, second.pk)
    run(first)
    with pytest.raises(plans.PlanError):
        writing.start(Plan.objects.get(pk=plan.pk))
    assert len(contents(simulator, "Rock")) == len(set(contents(simulator, "Rock")))


def test_hand_edits_survive_the_next_run(library: SpotifyAccount, simulator: Any) -> None:
    apply(library, [ROCK])
    playlist = simulator.playlist("Rock")
    removed, foreign = playlist["uris"][3], simulator.state()["liked"][0]
    simulator.edit_playlist("remove", playlist["id"], uris=[removed])
    simulator.edit_playlist("add", playlist["id"], uris=[foreign])
    plan = make_plan(library)
    assert entry(plan, "Rock")["kept_out"] == 1
    assert added(plan, "Rock") == []
    assert removed not in contents(simulator, "Rock") and foreign in contents(simulator, "Rock")


def test_a_renamed_playlist_is_still_ours_and_keeps_its_name(library: SpotifyAccount, simulator: Any) -> None:
    apply(library, [ROCK])
    playlist = simulator.playlist("Rock")
    simulator.edit_playlist("rename", playlist["id"], name="My loud songs")
    GenrePlaylist.objects.update(min_confidence=0.1)
    apply(library)
    assert simulator.playlist("Rock") is None
    assert len(contents(simulator, "My loud songs")) > len(playlist["uris"])


def test_a_deleted_playlist_comes_back_only_when_asked(library: SpotifyAccount, simulator: Any) -> None:
    apply(library, [ROCK])
    simulator.edit_playlist("unfollow", simulator.playlist("Rock")["id"])
    plan = make_plan(library)
    assert (entry(plan, "Rock")["action"], plan.calls) == ("gone", 0)
    plans.accept_playlists(plan, {entry(plan, "Rock")["playlist"]})
    assert run(writing.start(plan)[0]).state == Job.State.DONE
    followed = [row for row in simulator.state()["playlists"] if row["followed"] and row["name"] == "Rock"]
    assert [row["uris"] for row in followed] == [added(plan, "Rock")]


def test_a_playlist_of_the_same_name_is_never_touched(library: SpotifyAccount, simulator: Any) -> None:
    theirs = simulator.edit_playlist("create", name="Rock", uris=simulator.state()["liked"][:2])
    apply(library, [ROCK])
    kept = next(row for row in simulator.state()["playlists"] if row["id"] == theirs["id"])
    assert kept["uris"] == simulator.state()["liked"][:2]


def test_an_accepted_removal_is_carried_out(library: SpotifyAccount, simulator: Any) -> None:
    apply(library, [ROCK])
    GenrePlaylist.objects.update(min_confidence=0.8)
    plan = make_plan(library)
    removals = list(plan.items.filter(kind="remove"))
    rule = removals[0].playlist_id
    plans.set_accepted(plan, rule, item_ids=[removals[0].pk], shown_ids=[item.pk for item in removals])
    plans.accept_playlists(plan, {rule})
    run(writing.start(plan)[0])
    assert removals[0].uri not in contents(simulator, "Rock")
    assert removals[1].uri in contents(simulator, "Rock")
    assert removals[0].uri not in GenrePlaylist.objects.get().tombstones


@pytest.mark.parametrize(
    "fault",
    [
        "timeout_after_effect",
        "timeout_before_effect",
        "http_500",
        "http_502",
        "http_503",
        "rate_limited",
        "rate_limited_without_retry_after",
        "quota_exceeded",
        "malformed_json",
        "token_expired",
    ],
)
@pytest.mark.parametrize(
    "method_and_path", [("POST", "/me/playlists$"), ("POST", "/items$"), ("GET", "/playlists")]
)
def test_a_fault_while_writing_loses_and_doubles_nothing(
    library: SpotifyAccount, simulator: Any, settings: Any, fault: str, method_and_path: tuple[str, str]
) -> None:
    settings.HTTP_TIMEOUT_S = 0.5
    network.reset()
    plan = make_plan(library, [plans.Choice("All", ("rock", "pop", "jazz-blues"), 0.0)])
    method, path = method_and_path
    simulator.set_fault(fault, service="spotify", method=method, path=path, times=1)
    job, _ = writing.start(plan)
    assert run(job).state == Job.State.DONE
    assert simulator.faults()[0]["struck"] >= 1
    assert contents(simulator, "All") == added(plan, "All")
    assert [row["name"] for row in simulator.state()["playlists"]].count("All") == 1
    assert not GenrePlaylist.objects.get().pins


def test_a_cancelled_write_keeps_what_it_wrote_as_ours(
    library: SpotifyAccount, simulator: Any, settings: Any
) -> None:
    settings.HTTP_TIMEOUT_S = 0.5
    network.reset()
    plan = make_plan(library, [plans.Choice("All", ("rock", "pop", "jazz-blues"), 0.0)])
    simulator.set_fault(
        "timeout_after_effect", service="spotify", method="POST", path="/items$", after=1, times=1
    )
    job, _ = writing.start(plan)
    job = tasks.work(job.pk)
    assert job.state == Job.State.WAITING
    jobs.ask_cancel(job)
    again = make_plan(library)
    assert not GenrePlaylist.objects.get().pins
    run(writing.start(again)[0])
    assert contents(simulator, "All") == added(plan, "All")


def test_before_and_after_are_kept(library: SpotifyAccount, simulator: Any) -> None:
    apply(library, [ROCK])
    version = PlaylistVersion.objects.get()
    assert (version.was_created, version.uris_before) == (True, [])
    assert version.uris_after == contents(simulator, "Rock")


def test_somebody_elses_playlist_is_refused(library: SpotifyAccount, simulator: Any) -> None:
    apply(library, [ROCK])
    SpotifyAccount.objects.update(spotify_id="somebody-else")
    GenrePlaylist.objects.update(min_confidence=0.1)
    job = apply(SpotifyAccount.objects.get())
    assert (job.state, "belongs to somebody else" in job.error) == (Job.State.FAILED, True)
