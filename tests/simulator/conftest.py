from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.simulator_process import ALL_SCOPES, SimulatorProcess


@pytest.fixture(scope="session")
def running() -> Iterator[SimulatorProcess]:
    with SimulatorProcess() as process:
        yield process


@pytest.fixture
def simulator(running: SimulatorProcess) -> SimulatorProcess:
    running.reset()
    return running


Api = Callable[..., requests.Response]


def api_of(simulator: SimulatorProcess, user: str = "ada", scopes: str = ALL_SCOPES) -> Api:
    token = simulator.token(user, scopes)["access_token"]

    def call(method: str, path: str, **options: object) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return requests.request(
            method, simulator.api_url + path, headers=headers, timeout=options.pop("timeout", 20), **options
        )

    return call


@pytest.fixture
def api(simulator: SimulatorProcess) -> Api:
    return api_of(simulator)


def apart_from_ids(simulator: SimulatorProcess) -> dict[str, Any]:
    """A fresh world has the same likes and playlists, but never the same playlist ids."""
    state = simulator.state()
    playlists = [
        {name: value for name, value in one.items() if name not in {"id", "uri", "snapshot_id"}}
        for one in state["playlists"]
    ]
    return state | {"playlists": playlists}
