"""Spotify's accounts service: OAuth by authorization code with PKCE, and refreshing.

Reference: https://developer.spotify.com/documentation/web-api/tutorials/code-flow
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from organizer.providers.errors import AuthRevoked, ProviderError
from organizer.providers.http import Answer, Http


@dataclass(frozen=True)
class Tokens:
    access_token: str
    refresh_token: str  # empty when the answer had none: keep the old one
    expires_in_s: int
    scopes: str


class Accounts:
    """OAuth: authorization code with state and PKCE, by a server app that also has a secret."""

    def __init__(
        self, http: Http, *, url: str, client_id: str, client_secret: str, redirect_uri: str
    ) -> None:
        self._http, self._url = http, url
        self._client_id, self._client_secret, self._redirect_uri = client_id, client_secret, redirect_uri

    def authorize_url(self, *, state: str, verifier: str, scopes: str) -> str:
        query = {
            "client_id": self._client_id,
            "response_type": "code",
            "redirect_uri": self._redirect_uri,
            "scope": scopes,
            "state": state,
            "code_challenge_method": "S256",
            "code_challenge": challenge(verifier),
        }
        return f"{self._url}/authorize?{urlencode(query)}"

    def exchange(self, code: str, verifier: str) -> Tokens:
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect_uri}
        return self._token({**grant, "code_verifier": verifier})

    def refresh(self, refresh_token: str) -> Tokens:
        """New tokens; AuthRevoked on invalid_grant, which must never be retried."""
        return self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def app_token(self) -> str:
        """A token of the app itself, for nobody's library: tells whether its id and secret are right."""
        return self._token({"grant_type": "client_credentials"}).access_token

    def _token(self, form: dict[str, str]) -> Tokens:
        basic = base64.b64encode(f"{self._client_id}:{self._client_secret}".encode()).decode()
        answer = self._http.call(
            "accounts",
            "POST",
            f"{self._url}/api/token",
            data=form,
            headers={"Authorization": f"Basic {basic}"},
        )
        if answer.status != 200:
            raise _token_error(answer)
        body = answer.json()
        if not isinstance(body, dict) or not body.get("access_token"):
            raise ProviderError(_("Spotify's accounts service answered without a token."))
        return Tokens(
            access_token=str(body["access_token"]),
            refresh_token=str(body.get("refresh_token") or ""),
            expires_in_s=int(body.get("expires_in") or 3600),
            scopes=str(body.get("scope") or ""),
        )


def new_verifier() -> str:
    return secrets.token_urlsafe(64)


def challenge(verifier: str) -> str:
    """The S256 code challenge of RFC 7636: base64url(sha256(verifier)) without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _token_error(answer: Answer) -> ProviderError:
    try:
        kind = str((answer.json() or {}).get("error", ""))
    except (ProviderError, AttributeError):
        kind = ""
    if kind == "invalid_grant":
        return AuthRevoked(_("Spotify no longer accepts this link. Please reconnect your account."))
    if kind == "invalid_client":
        sentence = _("Spotify refused this instance's client id or secret; its operator has to correct them.")
        return ProviderError(sentence, permanent=True)
    return ProviderError(
        _("Spotify's accounts service refused the request (%(status)s).") % {"status": answer.status}
    )
