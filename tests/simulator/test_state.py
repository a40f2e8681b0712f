"""What outlives the simulator when it keeps its state in a file."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.program import until
from tests.simulator.conftest import apart_from_ids, api_of
from tests.simulator_process import SimulatorProcess

JPEG = "/9j/4AAQSkZJRg=="  # base64 of the first bytes of a JPEG
Start = Callable[..., SimulatorProcess]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "state.json"


@pytest.fixture
def start(path: Path, request: pytest.FixtureRequest) -> Start:
    """Starts a simulator on the state file; all are stopped at the end."""

    def started(*arguments: str) -> SimulatorProcess:
        process = SimulatorProcess("--state", str(path), *arguments)
        request.addfinalizer(process.stop)
        return process.start()

    return started


def everything(simulator: SimulatorProcess, token: str) -> list[object]:
    """The world as the control API shows it, and the times and snapshots as an app sees them."""
    headers = {"Authorization": f"Bearer {token}"}
    pages = [f"{simulator.api_url}/me/tracks?limit=50"]
    pages += [f"{simulator.api_url}/playlists/{one['id']}/items" for one in mine(simulator)]
    answers = [requests.get(page, headers=headers, timeout=10).json()["items"] for page in pages]
    seen = [[(entry["added_at"], entry.get("added_by")) for entry in items] for items in answers]
    plain = json.dumps([simulator.state(user) for user in ("ada", "ben", "cleo")])
    return json.loads(json.dumps([plain, seen]).replace(simulator.url, ""))


def mine(simulator: SimulatorProcess) -> list[dict]:
    return [one for one in simulator.state()["playlists"] if one["owner"] == "ada"]


def live(simulator: SimulatorProcess) -> dict:
    """What an app and a person do; the app's token."""
    token, api = simulator.token(), api_of(simulator)
    fresh = simulator.like(3)
    simulator.unlike(simulator.state()["liked"][5:8])
    made = api(
        "POST", "/me/playlists", json={"name": "Jazz ☕", "description": "late", "public": False}
    ).json()
    api("POST", f"/playlists/{made['id']}/items", json={"uris": fresh})
    api("PUT", f"/playlists/{made['id']}/images", data=JPEG)
    simulator.edit_playlist("unfollow", simulator.playlist("Road trip")["id"])
    return token


def saved(path: Path) -> dict:
    """What a kill would leave; it is written about a second after a change, on a busy machine later."""
    return json.loads(path.read_text()) if path.exists() else {"users": {}, "grants": []}


def refreshed(simulator: SimulatorProcess, token: dict) -> requests.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    return requests.post(
        f"{simulator.accounts_url}/api/token", data=form, auth=("test-client", "s"), timeout=10
    )


def me(simulator: SimulatorProcess, token: dict) -> requests.Response:
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    return requests.get(f"{simulator.api_url}/me", headers=headers, timeout=10)


def test_everything_outlives_an_orderly_end(start: Start, path: Path):
    first = start()
    token = live(first)
    before = everything(first, token["access_token"])
    first.stop()
    second = start()
    assert everything(second, token["access_token"]) == before
    assert second.playlist("Jazz ☕")["has_cover"]
    assert refreshed(second, token).ok
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_kill_loses_no_more_than_the_last_second(start: Start, path: Path):
    first = start()
    token = live(first)
    before = everything(first, token["access_token"])
    left = first.playlist("Road trip")["id"]  # the last that was done
    assert until(lambda: left not in saved(path)["users"].get("ada", {"followed": [left]})["followed"], 30)
    first.kill()
    second = start()
    assert everything(second, token["access_token"]) == before
    assert refreshed(second, token).ok


def test_a_new_playlist_gets_an_id_of_its_own_after_a_restart(start: Start):
    first = start()
    old = first.edit_playlist("create", name="Old")
    first.stop()
    second = start()
    assert second.edit_playlist("create", name="New")["id"] != old["id"]
    assert second.playlist("Old") is not None


def test_dead_tokens_the_clock_and_settings_are_kept(start: Start):
    first = start()
    revoked, expired = first.token("ben"), first.token("ada")
    first.revoke("ben")
    first.settings(expires_in_s=60)
    first.advance_clock(7200)
    first.stop()
    second = start("--expires-in", "90")
    assert me(second, expired).json()["error"]["message"] == "The access token expired"
    assert refreshed(second, revoked).json()["error"] == "invalid_grant"
    assert refreshed(second, expired).json()["expires_in"] == 60


def test_an_option_that_was_not_changed_while_running_follows_the_command_line(start: Start):
    first = start("--expires-in", "60")
    token = first.token()
    first.stop()
    assert refreshed(start("--expires-in", "90"), token).json()["expires_in"] == 90


def test_faults_and_requests_are_forgotten(start: Start):
    first = start()
    first.set_fault("http_500", times=1_000)
    first.stop()
    second = start()
    assert second.faults() == [] and second.requests() == []


def test_a_reset_resets_what_was_saved(start: Start, path: Path):
    first = start()
    untouched = apart_from_ids(first)
    token = live(first)
    assert until(lambda: bool(saved(path)["grants"]), 30)
    requests.post(f"{first.url}/control/reset", data={}, timeout=10)
    assert until(lambda: not saved(path)["grants"], 30)
    first.kill()
    second = start()
    assert apart_from_ids(second) == untouched
    assert me(second, token).status_code == 401


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: text.replace("spotify:track:", "spotify:thing:"),
    ],
)
def test_a_damaged_file_is_set_aside(start: Start, path: Path, spoil: Callable[[str], str], capfd):
    first = start()
    untouched = apart_from_ids(first)
    live(first)
    first.stop()
    damaged = spoil(path.read_text())
    path.write_text(damaged)
    second = start()
    assert apart_from_ids(second) == untouched
    assert (path.parent / "state.json.old").read_text() == damaged
    said = capfd.readouterr().err.splitlines()
    assert said == [f"The state in {path} is damaged: it is now state.json.old, and all begins anew."]


@pytest.mark.parametrize("options", [("--liked", "50"), ("--seed", "2"), ("--catalog", "songs.csv")])
def test_the_state_of_another_world_is_set_aside(
    start: Start, path: Path, tmp_path: Path, options: tuple[str, str], capfd
):
    table = tmp_path / "songs.csv"
    rows = "".join(f"{number:022d},Song {number},Band\n" for number in range(30))
    table.write_text(f"track_id,track_name,artists\n{rows}")
    first = start()
    token = live(first)
    first.stop()
    second = start(*(str(table) if part == "songs.csv" else part for part in options))
    assert me(second, token).status_code == 401
    assert (path.parent / "state.json.old").exists()
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1 and "belongs to another catalogue" in said[0]


def test_a_state_that_cannot_be_read_is_named(path: Path, capfd):
    path.mkdir(parents=True)
    with pytest.raises(RuntimeError):
        SimulatorProcess("--state", str(path)).start()
    assert capfd.readouterr().err == f"{path} cannot be used: Is a directory.\n"
