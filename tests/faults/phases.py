"""Jobs at the beginning of each phase, and what must be true once they have ended."""

from collections.abc import Callable
from typing import Any

from organizer import jobs, plans, writing
from organizer.models import Job, Plan, SpotifyAccount
from tests.faults import journey
from tests.faults.rounds import edited, go_on
from tests.organizer.conftest import link, predict_in_turn
from tests.organizer.test_library import sync
from tests.simulator_process import SimulatorProcess

__all__ = ["READING", "begin", "check", "link"]
READING = ("sync", "enrich", "listen", "classify")


def begin(
    phase: str,
    account: SpotifyAccount,
    world: SimulatorProcess,
    *,
    songs: int,
    finish: Callable[[Job, Any], Job] = go_on,
) -> Job:
    """The job that will come to the phase, with as many songs. `finish`: who does what has to be done before."""
    if phase in READING:
        world.like(songs, user="cleo")
        if phase != "listen":  # nothing to listen to, for time
            world.set_fault("http_500", service="deezer|itunes")
        return jobs.start(account, Job.Kind.ORGANIZE)[0]
    if phase == "plan":
        edited(account, world, songs, finish=finish)
        return plans.start(account)[0]
    world.like(songs, user="cleo")
    sync(account)
    predict_in_turn(account)
    return writing.start(journey.propose(account))[0]


def check(phase: str, job: Job, account: SpotifyAccount, world: SimulatorProcess) -> None:
    if phase in READING:
        journey.check_library(account, world)
    elif phase == "plan":
        kinds = Plan.objects.get(pk=job.counts["plan"]).items.values_list("kind", flat=True)
        assert sorted(kinds) == ["kept_in", "kept_out"]
    else:
        journey.check_playlists(account, world, job.plan)
