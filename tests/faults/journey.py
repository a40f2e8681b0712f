"""The whole journey of a user through the services, with real workers at the other end, and what must be true after."""

from typing import Any

from classifier.labels import FAMILIES
from organizer import classify, jobs, plans, tasks, verdicts, writing
from organizer.models import GenrePlaylist, Job, Plan, Prediction, SpotifyAccount, Track
from tests.faults.program import until
from tests.organizer.conftest import link

__all__ = ["HALVES", "check_library", "check_playlists", "finished", "link", "propose", "start", "write"]
HALVES = [
    plans.Choice("First half", tuple(list(FAMILIES)[::2]), 0.0),
    plans.Choice("Second half", tuple(list(FAMILIES)[1::2]), 0.0),
]


def start(account: SpotifyAccount) -> Job:
    job, is_new = jobs.start(account, Job.Kind.ORGANIZE)
    assert is_new
    tasks.enqueue(job)
    return job


def now(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def finished(job: Job, timeout_s: float = 300) -> Job:
    """The job once it is done; fails at once when it ends in any other way."""

    def is_over() -> bool:
        row = now(job)
        return not row.is_active or row.state == Job.State.PAUSED

    until(is_over, timeout_s, f"the job hangs: {now(job).__dict__}")
    assert now(job).state == Job.State.DONE, now(job).error or now(job).wait_reason
    return now(job)


def propose(account: SpotifyAccount, choices: list[plans.Choice] = HALVES) -> Plan:
    plans.choose(account, choices)
    return plans.make(account)


def write(plan: Plan) -> Job:
    job, is_new = writing.start(plan)
    assert is_new
    tasks.enqueue(job)
    return job


def check_library(account: SpotifyAccount, simulator: Any) -> None:
    """What is stored is what is liked, and every song that can be has a prediction."""
    saved = account.saves.filter(is_unliked=False).values_list("track__uri", flat=True)
    assert sorted(saved) == sorted(set(simulator.state(account.spotify_id)["liked"]))
    songs = Track.objects.liked_by(account).movable()
    assert Prediction.objects.filter(version=classify.champion(), track__in=songs).count() == songs.count()


def passes(song: verdicts.Verdict, rule: GenrePlaylist) -> bool:
    """The promise, written down once more."""
    return song.genre in rule.genres and song.probability_of(rule.genres) >= rule.min_confidence


def check_playlists(account: SpotifyAccount, simulator: Any, plan: Plan) -> None:
    """One playlist a rule, each exactly the plan's songs in the plan's order, and they hold what the rules say."""
    mine = simulator.state(account.spotify_id)["playlists"]
    songs = verdicts.of_library(account)
    for rule in GenrePlaylist.objects.filter(account=account, is_active=True):
        (found,) = [row for row in mine if row["name"] == rule.name]
        planned = plan.items.filter(playlist=rule, kind="add").order_by("position")
        assert found["uris"] == list(planned.values_list("uri", flat=True))
        passing = [song.track for song in songs if passes(song, rule)]
        assert found["uris"] == [track.uri for track in passing if track.uri in found["uris"]]
        heard = {(track.name, *track.artist_names) for track in passing if track.uri in found["uris"]}
        assert {
            (track.name, *track.artist_names) for track in passing
        } == heard  # of two releases one is enough
        assert len(found["uris"]) == len(set(found["uris"])) > 0
        assert (found["id"], rule.written_uris, rule.pins, rule.tombstones) == (
            rule.spotify_id,
            found["uris"],
            [],
            [],
        )
