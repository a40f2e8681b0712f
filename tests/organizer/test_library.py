from typing import Any

import pytest

from organizer import jobs, library
from organizer.models import Job, SavedTrack, SpotifyAccount, Track


def sync(account: SpotifyAccount) -> Job:
    account.refresh_from_db()
    job, _ = jobs.start(account, Job.Kind.ORGANIZE)
    job = jobs.claim(job.pk) or pytest.fail("the job could not be claimed")
    assert library.sync_batch(job)
    jobs.finish(job)
    return job


def page_calls(simulator: Any) -> int:
    return sum(1 for call in simulator.requests("spotify") if call["path"] == "/v1/me/tracks")


def liked_uris(account: SpotifyAccount) -> list[str]:
    saves = account.saves.filter(is_unliked=False).order_by("-added_at")
    return list(saves.values_list("track__uri", flat=True))


def test_first_sync_reads_every_page_once(ada: SpotifyAccount, simulator: Any) -> None:
    sync(ada)
    liked = simulator.state()["liked"]
    assert page_calls(simulator) == -(-len(liked) // 50)
    assert liked_uris(ada) == liked


def test_sync_with_nothing_new_reads_one_page(ada: SpotifyAccount, simulator: Any) -> None:
    sync(ada)
    before = page_calls(simulator)
    job = sync(ada)
    assert page_calls(simulator) - before == 1
    assert job.counts["new"] == 0


@pytest.mark.parametrize(("likes", "calls"), [(1, 1), (10, 1), (49, 1), (50, 2), (120, 3)])
def test_new_likes_cost_the_pages_they_fill(
    ada: SpotifyAccount, simulator: Any, likes: int, calls: int
) -> None:
    sync(ada)
    simulator.like(likes)
    before = page_calls(simulator)
    job = sync(ada)
    assert page_calls(simulator) - before == calls
    assert job.counts["new"] == likes
    assert liked_uris(ada) == simulator.state()["liked"]


def test_an_unlike_far_down_is_noticed_by_the_count(ada: SpotifyAccount, simulator: Any) -> None:
    sync(ada)
    gone = simulator.state()["liked"][120]
    simulator.unlike([gone])
    job = sync(ada)
    assert job.counts["removed"] == 1
    assert SavedTrack.objects.get(track__uri=gone).is_unliked


def test_when_most_likes_are_gone_at_once_spotify_has_to_say_so_twice(
    ada: SpotifyAccount, simulator: Any
) -> None:
    sync(ada)
    liked = simulator.state()["liked"]
    simulator.unlike(liked[10:])
    job = sync(ada)
    assert (job.counts["removed"], job.counts["notes"]) == (0, [library.SUDDEN])
    assert liked_uris(ada) == liked
    assert sync(ada).counts["removed"] == len(liked) - 10
    assert liked_uris(ada) == liked[:10]


def test_a_song_liked_again_is_back(ada: SpotifyAccount, simulator: Any) -> None:
    sync(ada)
    song = simulator.state()["liked"][120]
    simulator.unlike([song])
    sync(ada)
    simulator.like(uris=[song])
    sync(ada)
    assert liked_uris(ada)[0] == song


def test_likes_and_unlikes_during_the_walk_lose_nothing(
    ada: SpotifyAccount, simulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, pages = library.store_page, []

    def store_while_the_user_is_busy(*args: Any) -> Any:
        pages.append(1)
        if len(pages) == 3:
            simulator.like(2)
        if len(pages) == 5:
            simulator.unlike(simulator.state()["liked"][10:13])
        return stored(*args)

    monkeypatch.setattr(library, "store_page", store_while_the_user_is_busy)
    sync(ada)
    sync(ada)
    assert set(liked_uris(ada)) == set(simulator.state()["liked"])


def test_a_local_song_is_kept_but_marked(ada: SpotifyAccount, simulator: Any) -> None:
    sync(ada)
    local = Track.objects.filter(is_local=True)
    assert local.exists()
    assert not Track.objects.movable().filter(pk__in=local).exists()


def test_a_walk_goes_on_where_a_killed_worker_stopped(
    ada: SpotifyAccount, simulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "BATCH_S", 0.0001)  # every page is a batch of its own
    job, _ = jobs.start(ada, Job.Kind.ORGANIZE)
    token = jobs.hand_over(job)
    for _ in range(100):
        job = jobs.claim(job.pk, token)
        if library.sync_batch(job):
            break
        token = job.lease_token
    assert liked_uris(ada) == simulator.state()["liked"]
    assert page_calls(simulator) == -(-len(simulator.state()["liked"]) // 50)
