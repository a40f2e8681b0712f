from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.simulator_process import SimulatorProcess

CALLBACK = "http://127.0.0.1:8000/callback"
BASIC = ("app", "secret")
SIX_MONTHS_S = 184 * 86_400


def authorize_url(simulator: SimulatorProcess, **changes: str) -> str:
    values = {
        "client_id": "app", "redirect_uri": CALLBACK, "response_type": "code",
        "scope": "user-library-read playlist-modify-private", "state": "s & t",
    }  # fmt: skip
    return f"{simulator.accounts_url}/authorize?{urlencode(values | changes)}"


def code_from(address: str) -> str:
    return parse_qs(urlsplit(address).query)["code"][0]


def ask_token(
    simulator: SimulatorProcess, auth: tuple[str, str] | None = BASIC, **form: str
) -> requests.Response:
    return requests.post(f"{simulator.accounts_url}/api/token", data=form, auth=auth, timeout=10)


def exchange(simulator: SimulatorProcess, code: str, **changes: str) -> requests.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    return ask_token(simulator, **(form | changes))


def linked(simulator: SimulatorProcess) -> dict:
    return exchange(simulator, code_from(simulator.consent(authorize_url(simulator)))).json()


def refresh(simulator: SimulatorProcess, token: str, **options: object) -> requests.Response:
    return ask_token(simulator, grant_type="refresh_token", refresh_token=token, **options)


def test_the_consent_page_names_the_app_the_scopes_and_the_users(simulator):
    page = requests.get(authorize_url(simulator, user="ben"), timeout=10).text
    assert '<strong id="client">app</strong>' in page
    assert "See the songs you like" in page and "Create and change your private playlists" in page
    assert 'id="allow"' in page and 'id="deny"' in page
    assert 'value="ben" checked' in page and "Ada Example" in page


def test_allowing_returns_a_code_and_the_state(simulator):
    address = simulator.consent(authorize_url(simulator))
    assert address.startswith(CALLBACK + "?")
    assert parse_qs(urlsplit(address).query)["state"] == ["s & t"]


def test_denying_returns_access_denied_and_the_state(simulator):
    query = parse_qs(urlsplit(simulator.consent(authorize_url(simulator), allow=False)).query)
    assert query == {"error": ["access_denied"], "state": ["s & t"]}


@pytest.mark.parametrize(
    "uri", ["http://localhost:8000/callback", "http://example.com/callback", "callback", ""]
)
def test_an_unsafe_redirect_is_refused_on_the_page(simulator, uri):
    answer = requests.get(authorize_url(simulator, redirect_uri=uri), timeout=10)
    assert answer.status_code == 400
    assert "INVALID_CLIENT: Invalid redirect URI" in answer.text


def test_only_the_code_flow_exists(simulator):
    answer = requests.get(authorize_url(simulator, response_type="token"), timeout=10)
    assert (answer.status_code, "response_type must be code" in answer.text) == (400, True)


def test_a_code_becomes_tokens_once(simulator):
    code = code_from(
        simulator.consent(
            authorize_url(
                simulator,
            ),
            user="ben",
        )
    )
    first, second = exchange(simulator, code), exchange(simulator, code)
    body = first.json()
    assert body["token_type"] == "Bearer" and body["expires_in"] == 3600 and body["refresh_token"]
    assert body["scope"].split() == ["playlist-modify-private", "user-library-read"]
    me = requests.get(
        simulator.api_url + "/me", headers={"Authorization": f"Bearer {body['access_token']}"}, timeout=10
    ).json()
    assert (me["id"], me["account_id"] != me["id"]) == ("ben", True)
    assert second.status_code == 400 and second.json()["error"] == "invalid_grant"


def test_the_redirect_uri_must_be_the_same_at_the_exchange(simulator):
    code = code_from(simulator.consent(authorize_url(simulator)))
    answer = exchange(simulator, code, redirect_uri=CALLBACK + "/")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_dies_after_ten_minutes(simulator):
    code = code_from(simulator.consent(authorize_url(simulator)))
    simulator.advance_clock(601)
    assert exchange(simulator, code).json()["error_description"] == "Authorization code expired"


@pytest.mark.parametrize(("verifier", "status"), [("v" * 50, 200), ("w" * 50, 400)])
def test_pkce_checks_the_verifier(simulator, verifier, status):
    challenge = urlsafe_b64encode(sha256(b"v" * 50).digest()).rstrip(b"=").decode()
    url = authorize_url(simulator, code_challenge=challenge, code_challenge_method="S256")
    form = {"auth": None, "client_id": "app", "code_verifier": verifier}
    assert exchange(simulator, code_from(simulator.consent(url)), **form).status_code == status


def test_a_confidential_client_keeps_its_refresh_token(simulator):
    tokens = linked(simulator)
    again = refresh(simulator, tokens["refresh_token"]).json()
    assert again["refresh_token"] == tokens["refresh_token"]
    assert again["access_token"] != tokens["access_token"]


def test_a_code_without_secret_and_without_pkce_is_refused(simulator):
    code = code_from(simulator.consent(authorize_url(simulator)))
    answer = exchange(simulator, code, auth=None, client_id="app")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_a_revoked_grant_is_dead(simulator):
    tokens = linked(simulator)
    simulator.revoke("ada")
    answer = refresh(simulator, tokens["refresh_token"])
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_grant", "error_description": "Refresh token revoked"}


def test_a_refresh_token_dies_six_months_after_consent_even_if_used(simulator):
    tokens = linked(simulator)
    simulator.advance_clock(SIX_MONTHS_S / 2)
    assert refresh(simulator, tokens["refresh_token"]).ok
    simulator.advance_clock(SIX_MONTHS_S / 2)
    assert refresh(simulator, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refresh_answer_can_omit_the_refresh_token(simulator):
    tokens = linked(simulator)
    simulator.set_fault("missing_refresh_token")
    answer = refresh(simulator, tokens["refresh_token"]).json()
    assert "refresh_token" not in answer and answer["access_token"]


def test_a_configured_secret_is_checked():
    with SimulatorProcess("--client-id", "app", "--client-secret", "right", "--liked", "5") as strict:
        wrong = ask_token(strict, auth=("app", "wrong"), grant_type="refresh_token", refresh_token="x")
        assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_client")
        right = ask_token(strict, auth=("app", "right"), grant_type="refresh_token", refresh_token="x")
        assert right.json()["error"] == "invalid_grant"
        other = requests.get(authorize_url(strict, client_id="other"), timeout=10)
        assert "INVALID_CLIENT" in other.text
