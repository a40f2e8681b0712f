"""Two people at once: their songs and playlists do not mix."""

import pytest

from tests.faults import journey
from tests.faults.program import Processes
from tests.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.faults, pytest.mark.long, pytest.mark.timeout(900)]


def test_two_users_at_once_get_each_their_own(program: Processes, world: SimulatorProcess) -> None:
    world.set_fault("http_500", service="deezer|itunes")  # nothing to listen to, for time
    program.start_missing(program.worker_io, program.worker_ml, program.beat)
    accounts = [journey.link(name, world) for name in ("ada", "ben")]
    for job in [journey.start(account) for account in accounts]:
        journey.finished(job)
    proposals = [journey.propose(account) for account in accounts]
    for job in [journey.write(plan) for plan in proposals]:
        journey.finished(job)
    for account, plan in zip(accounts, proposals, strict=True):
        journey.check_library(account, world)
        journey.check_playlists(account, world, plan)
        state = world.state(account.spotify_id)
        mine = [row for row in state["playlists"] if row["name"] in ("First half", "Second half")]
        assert all(row["owner"] == account.spotify_id for row in mine)
        assert all(set(row["uris"]) <= set(state["liked"]) for row in mine)
