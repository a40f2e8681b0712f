import json

import pytest
import requests

from simulator.request_log import readable_body, template
from tests.simulator.conftest import apart_from_ids, api_of
from tests.simulator_process import SimulatorProcess


def test_it_says_when_it_is_up(simulator):
    assert requests.get(simulator.url + "/healthz", timeout=10).text == "ok"


def test_liking_and_unliking_by_hand(simulator, api):
    before = simulator.state()["liked"]
    fresh = simulator.like(3)
    assert simulator.state()["liked"] == [*reversed(fresh), *before]
    newest = api("GET", "/me/tracks?limit=4").json()["items"]
    assert len({entry["added_at"] for entry in newest}) == 4
    simulator.unlike(fresh)
    assert simulator.state()["liked"] == before


def test_reset_brings_everything_back(simulator, api):
    start = apart_from_ids(simulator)
    simulator.like(2)
    api("POST", "/me/playlists", json={"name": "x"})
    simulator.set_fault("http_500")
    simulator.reset(keep_tokens=True)
    assert apart_from_ids(simulator) == start and simulator.faults() == [] and simulator.requests() == []
    assert api("GET", "/me").ok
    simulator.reset()
    assert api("GET", "/me").status_code == 401


def test_requests_are_counted_by_template(simulator, api):
    playlist = api("POST", "/me/playlists", json={"name": "x"}).json()
    api("GET", f"/playlists/{playlist['id']}/items")
    api("GET", f"/playlists/{playlist['id']}/items?limit=5")
    assert simulator.counts() == {
        "spotify POST /v1/me/playlists": 1,
        "spotify GET /v1/playlists/{id}/items": 2,
    }
    last = simulator.requests("spotify")[-1]
    assert (last["path"], last["query"], last["status"]) == (
        f"/v1/playlists/{playlist['id']}/items", "limit=5", 200,
    )  # fmt: skip


def test_the_log_file_gets_a_line_at_once_and_no_secret(tmp_path):
    path = tmp_path / "requests.jsonl"
    with SimulatorProcess("--log", str(path), "--liked", "5") as simulator:
        token = simulator.token()
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token["refresh_token"],
            "client_secret": "hush",
        }
        requests.post(f"{simulator.accounts_url}/api/token", data=form, auth=("id", "hush"), timeout=10)
        api_of(simulator)("POST", "/me/playlists", json={"name": "x"})
        lines = path.read_text().splitlines()
    first, second = (json.loads(line) for line in lines)
    assert list(first) == ["time", "service", "method", "path", "query", "body", "status"]
    assert first["service"] == "accounts" and first["path"] == "/api/token"
    assert first["body"] == {
        "grant_type": "refresh_token", "refresh_token": "***", "client_secret": "***",
    }  # fmt: skip
    assert (second["path"], second["body"], second["status"]) == ("/v1/me/playlists", {"name": "x"}, 201)
    assert token["refresh_token"] not in str(lines) and "hush" not in str(lines)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/me/tracks", "/v1/me/tracks"),
        ("/v1/tracks/0abcDEF0abcDEF0abcDEF0", "/v1/tracks/{id}"),
        ("/track/isrc:GBAYE0601498", "/track/{id}"),
        ("/api/1/1/1424938827.mp3", "/api/{id}/{id}/{id}"),
    ],
)
def test_paths_are_counted_without_their_ids(path, expected):
    assert template(path) == expected


def test_bodies_that_are_neither_json_nor_forms_are_logged_by_size():
    assert readable_body("image/jpeg", b"/9j/4AAQ") == "<8 bytes of image/jpeg>"
    assert readable_body("application/json", b'[{"access_token": "x"}]') == [{"access_token": "***"}]


def test_the_control_page_shows_and_changes_the_world(simulator):
    page = requests.get(simulator.url + "/control/", timeout=10)
    assert "Ada Example" in page.text and "Road trip" in page.text and "rate_limited" in page.text
    form = {"user": "ada", "n": "3"}
    after = requests.post(simulator.url + "/control/like", data=form, timeout=10)
    assert '<span id="likes-ada">403</span>' in after.text
    road_trip = simulator.playlist("Road trip")
    form = {"user": "ada", "id": road_trip["id"], "action": "remove", "uris": road_trip["uris"][0]}
    requests.post(simulator.url + "/control/playlists", data=form, timeout=10)
    assert simulator.playlist("Road trip")["uris"] == road_trip["uris"][1:]


def test_the_control_page_switches_faults_and_explains_mistakes(simulator):
    form = {"name": "rate_limited", "times": "2", "parameters": "retry_after=7"}
    assert (
        "Faults that are on" in requests.post(simulator.url + "/control/faults", data=form, timeout=10).text
    )
    fault = simulator.faults()[0]
    assert (fault["times"], fault["retry_after"]) == (2, 7)
    requests.post(simulator.url + "/control/faults/clear", data={"id": fault["id"]}, timeout=10)
    assert simulator.faults() == []
    wrong = {"user": "ada", "id": simulator.playlist("Road trip")["id"], "action": "add", "uris": "nonsense"}
    assert (
        "There is no track nonsense."
        in requests.post(simulator.url + "/control/playlists", data=wrong, timeout=10).text
    )


def test_mistakes_in_control_requests_are_explained(simulator):
    road_trip = simulator.playlist("Road trip")["id"]
    for call, said in (
        (lambda: simulator.edit_playlist("add", road_trip), "uris is missing"),
        (lambda: simulator.edit_playlist("eat", road_trip), "Valid: remove"),
        (lambda: simulator.like(1, user="eve"), "Valid: ada, ben, cleo"),
        (lambda: simulator.settings(volume=11), "Valid: expires_in_s"),
    ):
        with pytest.raises(ValueError, match=said):
            call()


def test_names_cannot_inject_markup(simulator):
    simulator.edit_playlist("create", name="<script>alert(1)</script>")
    page = requests.get(simulator.url + "/control/", timeout=10).text
    assert "<script>" not in page and "&lt;b&gt;Bold&lt;/b&gt;" in page
