import time

import pytest
import requests

from simulator.invented import built_in_catalogue
from tests.program import until
from tests.simulator.test_providers import get, one_at

PREVIEW_TRACK = one_at(built_in_catalogue(1), "isrc")


def preview_url(simulator):
    return get(f"{simulator.deezer_url}/track/isrc:{PREVIEW_TRACK.isrc}").json()["preview"]


@pytest.mark.parametrize(
    ("name", "status", "retry_after", "text"),
    [
        ("rate_limited", 429, "30", "API rate limit exceeded"),
        ("rate_limited_without_retry_after", 429, None, "API rate limit exceeded"),
        ("rate_limited_plain_text", 429, None, "Too many requests"),
        ("quota_exceeded", 429, None, "QUOTA_EXCEEDED"),
        ("http_500", 500, None, "Server error"),
        ("http_502", 502, None, "Server error"),
        ("http_503", 503, None, "Server error"),
        ("plain_text_403", 403, None, "User not registered in the Developer Dashboard"),
        ("premium_403", 403, None, "Active premium subscription required"),
        ("insufficient_scope", 403, None, "Insufficient client scope"),
        ("token_expired", 401, None, "The access token expired"),
    ],
)
def test_a_fault_answers_in_place_of_the_service(simulator, api, name, status, retry_after, text):
    simulator.set_fault(name, times=1)
    answer = api("GET", "/me")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, retry_after)
    assert text in answer.text
    assert api("GET", "/me").status_code == 200


def test_a_fault_can_skip_match_and_be_cleared(simulator, api):
    simulator.set_fault("http_503", method="GET", path="^/v1/me/tracks$", after=2)
    assert [api("GET", "/me/tracks").status_code for _ in range(4)] == [200, 200, 503, 503]
    assert api("GET", "/me").ok
    assert simulator.faults()[0]["struck"] == 2
    simulator.clear_faults("http_503")
    assert api("GET", "/me/tracks").ok


def test_probability_is_seeded(simulator, api):
    runs = []
    for _ in range(2):
        simulator.clear_faults()
        simulator.set_fault("http_500", probability=0.5, seed=3)
        runs.append([api("GET", "/me").status_code for _ in range(12)])
    assert runs[0] == runs[1] and set(runs[0]) == {200, 500}


def test_a_rate_window_lets_so_many_calls_through(simulator, api):
    simulator.set_fault("rate_window", limit=3, window_s=2.0)
    started = time.monotonic()
    answers = [api("GET", "/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[3].headers["Retry-After"]) >= 1
    assert until(lambda: api("GET", "/me").ok, 30)
    assert time.monotonic() - started >= 2.0


@pytest.mark.parametrize(("name", "created"), [("timeout_after_effect", 1), ("timeout_before_effect", 0)])
def test_a_write_can_hang_with_or_without_effect(simulator, api, name, created):
    simulator.set_fault(name, method="POST", delay_s=30)
    with pytest.raises(requests.Timeout):
        api("POST", "/me/playlists", json={"name": "Ghost"}, timeout=2)
    # What is in the log has had its effect, or never will.
    assert until(lambda: "POST" in [call["method"] for call in simulator.requests("spotify")], 30)
    assert (simulator.playlist("Ghost") is not None) == bool(created)


def test_a_hanging_connection_is_closed_without_an_answer(simulator, api):
    simulator.set_fault("timeout_after_effect", method="POST", delay_s=0.2)
    with pytest.raises(requests.ConnectionError):
        api("POST", "/me/playlists", json={"name": "Ghost"})
    assert simulator.requests("spotify")[-1]["status"] is None
    assert simulator.playlist("Ghost")


def test_a_hanging_request_does_not_hold_up_others(simulator, api):
    simulator.set_fault("slow", path="/v1/me/playlists", latency_ms=700)
    started = time.monotonic()
    api("GET", "/me/playlists")
    assert time.monotonic() - started >= 0.7
    assert api("GET", "/me/tracks").ok


def test_token_requests_fail_in_their_own_ways(simulator):
    form = {"grant_type": "refresh_token", "refresh_token": simulator.token()["refresh_token"]}
    url = f"{simulator.accounts_url}/api/token"
    simulator.set_fault("token_revoked", times=1)
    assert requests.post(url, form, auth=("a", "b"), timeout=10).json()["error"] == "invalid_grant"
    simulator.set_fault("accounts_outage", times=1)
    assert requests.post(url, form, auth=("a", "b"), timeout=10).status_code == 503


def test_pages_can_have_null_entries(simulator, api):
    simulator.set_fault("null_entries", every=5)
    items = api("GET", "/me/tracks?limit=20").json()["items"]
    assert [number for number, entry in enumerate(items) if entry["track"] is None] == [4, 9, 14, 19]


def test_json_can_be_cut(simulator, api):
    simulator.set_fault("malformed_json", service="spotify")
    with pytest.raises(requests.JSONDecodeError):
        api("GET", "/me").json()


@pytest.mark.parametrize(
    "fault", [{"name": "deezer_quota"}, {"name": "rate_window", "service": "deezer", "limit": 0}]
)
def test_deezer_quota_is_an_error_with_status_200(simulator, fault):
    simulator.set_fault(**fault)
    answer = get(f"{simulator.deezer_url}/track/isrc:{PREVIEW_TRACK.isrc}")
    assert answer.status_code == 200 and answer.json()["error"]["code"] == 4


@pytest.mark.parametrize(
    ("name", "status", "smallest", "largest"),
    [
        ("dead_preview", 404, 0, 100),
        ("html_instead_of_audio", 200, 10, 1_000),
        ("truncated_audio", 200, 1_000, 50_000),
        ("empty_audio", 200, 0, 0),
        ("oversized", 200, 20_000_000, 30_000_000),
    ],
)
def test_previews_can_be_bad(simulator, name, status, smallest, largest):
    url = preview_url(simulator)
    simulator.set_fault(name)
    answer = requests.get(url, timeout=30)
    assert answer.status_code == status and smallest <= len(answer.content) <= largest


def test_unknown_faults_and_parameters_are_refused_with_the_valid_ones(simulator):
    with pytest.raises(ValueError, match="rate_limited, rate_limited_without_retry_after"):
        simulator.set_fault("gremlins")
    with pytest.raises(ValueError, match="retry_after"):
        simulator.set_fault("rate_limited", retry=3)
    with pytest.raises(ValueError, match="regular expression"):
        simulator.set_fault("rate_limited", path="(")
