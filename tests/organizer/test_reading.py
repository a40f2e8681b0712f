"""Playlists are read whole or not at all, however long they are and whatever comes between."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from organizer import jobs, plans, tasks, writing
from organizer.models import GenrePlaylist, Job, Plan, SpotifyAccount
from organizer.providers.errors import ProviderError
from organizer.providers.spotify import Spotify
from organizer.reading import Reader
from tests.organizer.browsing import said, signed_in
from tests.organizer.test_plans import ROCK
from tests.organizer.test_writing import apply, run

ALL = plans.Choice("All", ("rock", "pop", "jazz-blues"), 0.0)


@pytest.fixture
def written(library: SpotifyAccount, simulator: Any) -> SpotifyAccount:
    """One playlist of four pages."""
    apply(library, [ALL])
    return library


def pages_read(simulator: Any) -> int:
    calls = simulator.requests("spotify")
    return sum(call["method"] == "GET" and call["path"].endswith("/items") for call in calls)


def edit(simulator: Any) -> str:
    """The user takes out the first song; which one."""
    playlist = simulator.playlist("All")
    simulator.edit_playlist("remove", playlist["id"], uris=playlist["uris"][:1])
    return playlist["uris"][0]


def test_a_reading_that_is_interrupted_goes_on_where_it_was(written: SpotifyAccount, simulator: Any) -> None:
    gone = edit(simulator)
    simulator.set_fault("rate_limited", path="/items$", after=3, times=1)
    simulator.set_fault("rate_limited", path="/playlists/[^/]+$", times=1)  # the look after the pages
    job = run(plans.start(written)[0])
    assert job.state == Job.State.DONE
    assert [fault["struck"] for fault in simulator.faults()] == [1, 1]
    assert pages_read(simulator) == 4 + 1
    assert GenrePlaylist.objects.get().tombstones == [gone]


def test_a_reading_that_the_playlists_owner_disturbs_is_begun_again(
    written: SpotifyAccount, simulator: Any, monkeypatch: Any
) -> None:
    gone, read, edits = edit(simulator), Spotify.playlist_items, []

    def disturbed(api: Spotify, playlist_id: str, offset: int) -> Any:
        page = read(api, playlist_id, offset)
        if not edits:
            edits.append(edit(simulator))
        return page

    monkeypatch.setattr(Spotify, "playlist_items", disturbed)
    plans.make(written)
    rule = GenrePlaylist.objects.get()
    assert rule.tombstones == [gone, *edits]
    assert rule.written_uris == simulator.playlist("All")["uris"]


def test_a_playlist_that_never_keeps_still_is_tried_later(
    written: SpotifyAccount, simulator: Any, monkeypatch: Any
) -> None:
    read = Spotify.playlist_items
    monkeypatch.setattr(Spotify, "playlist_items", lambda *of: (read(*of), edit(simulator))[0])
    edit(simulator)
    job, _ = plans.start(written)
    job = tasks.work(job.pk)
    assert (job.state, "is being changed on Spotify right now" in job.wait_reason) == (
        Job.State.WAITING,
        True,
    )


def test_after_a_week_a_playlist_is_read_again_although_its_snapshot_is_known(
    written: SpotifyAccount, simulator: Any
) -> None:
    plans.make(written)
    assert pages_read(simulator) == 0
    GenrePlaylist.objects.update(read_at=timezone.now() - timedelta(days=8))
    plans.make(written)
    assert pages_read(simulator) == 4


def test_a_playlist_that_slips_through_the_pages_is_not_taken_for_deleted(
    written: SpotifyAccount, simulator: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(Spotify, "my_playlists", lambda *_: type("Page", (), {"total": 1, "heads": ()})())
    rule = GenrePlaylist.objects.get()
    assert set(Reader(written).heads([rule])) == {rule.spotify_id}
    simulator.edit_playlist("unfollow", rule.spotify_id)
    assert not Reader(written).heads([rule])


def test_no_plan_is_made_while_playlists_are_written_nor_the_other_way_round(library: SpotifyAccount) -> None:
    plans.choose(library, [ROCK])
    plan = plans.make(library)
    job, _ = plans.start(library)
    with pytest.raises(plans.PlanError, match="A new plan is being made"):
        writing.start(plan)
    jobs.ask_cancel(job)
    writing.start(plan)
    with pytest.raises(plans.PlanError, match="being written right now"):
        plans.start(library)


def test_a_plan_job_that_meets_a_resumed_write_ends_with_a_sentence(library: SpotifyAccount) -> None:
    plans.choose(library, [ROCK])
    job, _ = plans.start(library)
    Job.objects.create(account=library, kind=Job.Kind.WRITE, phase="write")
    job = tasks.work(job.pk)
    assert (job.state, job.error) == (Job.State.FAILED, plans.WRITING)
    assert not Plan.objects.exists()


def test_a_second_click_joins_the_job_and_another_wish_is_refused(library: SpotifyAccount) -> None:
    apply(library, [ROCK])
    plan = Plan.objects.get()
    first, is_new = plans.start(library)
    assert (is_new, plans.start(library)) == (True, (first, False))
    with pytest.raises(plans.PlanError, match="Another plan is being made"):
        plans.start(library, {"undo": plan.pk})


def test_where_spotify_asks_to_wait_the_plan_is_made_by_a_job(
    written: SpotifyAccount, simulator: Any
) -> None:
    simulator.set_fault("rate_limited", times=1)
    client = signed_in(written)
    response = client.post(reverse("plan-make"))
    job = written.jobs.get(kind=Job.Kind.PLAN)
    assert response["Location"] == reverse("job", args=[job.pk])
    assert job.state == Job.State.WAITING
    assert run(job).state == Job.State.DONE
    plan = Plan.objects.first()
    page = client.get(reverse("job", args=[job.pk])).content.decode()
    assert f'href="{reverse("plan", args=[plan.pk])}"' in page
    panel = client.get(reverse("job", args=[job.pk]), headers={"HX-Request": "true"})
    assert panel["HX-Redirect"] == reverse("plan", args=[plan.pk])


def test_a_reading_that_fails_is_told_once_and_keeps_nothing(written: SpotifyAccount, simulator: Any) -> None:
    simulator.set_fault("http_500", times=1)
    with pytest.raises(ProviderError):
        plans.make(written)
    assert not said(signed_in(written).get(reverse("genres")))
