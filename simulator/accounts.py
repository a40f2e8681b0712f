"""The accounts service: the consent page and the token endpoint."""

import binascii
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator.accounts_page import consent_page, problem_page
from simulator.tokens import CODE_LIFETIME, GRANT_LIFETIME, Code, Grant
from simulator.web import world_of
from simulator.world import World


class OAuthError(Exception):
    """A token request that fails; `error` is what programs go by."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


class BadAuthorizeRequest(Exception):
    """Shown to the person: there is no trustworthy address to send them back to."""


@dataclass(frozen=True)
class Ask:
    """What an app asks a user for."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    challenge: str | None

    def answer(self, **values: str) -> Response:
        separator = "&" if urlsplit(self.redirect_uri).query else "?"
        query = urlencode({**values, **({"state": self.state} if self.state else {})})
        return RedirectResponse(f"{self.redirect_uri}{separator}{query}", status_code=303)


async def authorize(request: Request) -> Response:
    """The consent page, and what follows from its two buttons."""
    world = world_of(request)
    values = {**request.query_params}
    if request.method == "POST":
        values |= {name: str(value) for name, value in (await request.form()).items()}
    try:
        ask = _ask(values, world)
    except BadAuthorizeRequest as error:
        return HTMLResponse(problem_page(str(error)), status_code=400)
    if request.method == "GET":
        return HTMLResponse(consent_page(values, ask.scopes, world.users.values()))
    return _decide(world, ask, values)


def _ask(values: Mapping[str, str], world: World) -> Ask:
    client_id, redirect_uri = values.get("client_id", ""), values.get("redirect_uri", "")
    if not client_id or world.options.client_id not in (None, client_id):
        raise BadAuthorizeRequest("INVALID_CLIENT: Invalid client")
    if not _safe_redirect(redirect_uri):
        raise BadAuthorizeRequest("INVALID_CLIENT: Invalid redirect URI")
    if values.get("response_type") != "code":
        raise BadAuthorizeRequest("response_type must be code")
    challenge = values.get("code_challenge") or None
    if challenge and values.get("code_challenge_method") != "S256":
        raise BadAuthorizeRequest("code_challenge_method must be S256")
    scopes = tuple(values.get("scope", "").split())
    return Ask(client_id, redirect_uri, scopes, values.get("state", ""), challenge)


def _safe_redirect(uri: str) -> bool:
    parts = urlsplit(uri)
    loopback = parts.hostname in ("127.0.0.1", "::1")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and loopback))


def _decide(world: World, ask: Ask, values: Mapping[str, str]) -> Response:
    user_id = values.get("user", "")
    if values.get("decision") != "allow" or user_id not in world.users:
        return ask.answer(error="access_denied")
    code = Code(
        user_id=user_id,
        client_id=ask.client_id,
        redirect_uri=ask.redirect_uri,
        scopes=frozenset(ask.scopes),
        challenge=ask.challenge,
        expires_at=world.now() + CODE_LIFETIME,
    )
    return ask.answer(code=world.tokens.issue_code(code))


async def token(request: Request) -> Response:
    form = {name: str(value) for name, value in (await request.form()).items()}
    try:
        return JSONResponse(_exchange(request, form), headers={"Cache-Control": "no-store"})
    except OAuthError as error:
        body = {"error": error.error, "error_description": str(error)}
        return JSONResponse(body, status_code=400)


def _exchange(request: Request, form: Mapping[str, str]) -> dict[str, object]:
    client_id, secret = _client(request, form)
    world = world_of(request)
    _check_client(world, client_id, secret)
    kind = form.get("grant_type")
    if kind == "authorization_code":
        return token_json(world, _grant_for_code(world, form, client_id, secret is None))
    if kind == "refresh_token":
        return token_json(world, _grant_for_refresh(world, form, client_id, secret is None))
    if kind == "client_credentials":
        return _app_token_json(world, client_id, secret)
    raise OAuthError("unsupported_grant_type", "grant_type parameter is missing or unknown")


def _client(request: Request, form: Mapping[str, str]) -> tuple[str, str | None]:
    """Client id and secret: from Basic authorization, else from the form, where a public client has no secret."""
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret")
    try:
        client_id, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthError("invalid_client", "Invalid client") from None
    return client_id, secret


def _check_client(world: World, client_id: str, secret: str | None) -> None:
    options = world.options
    if not client_id or options.client_id not in (None, client_id):
        raise OAuthError("invalid_client", "Invalid client")
    if secret is not None and (not secret or options.client_secret not in (None, secret)):
        raise OAuthError("invalid_client", "Invalid client secret")


def _grant_for_code(world: World, form: Mapping[str, str], client_id: str, public: bool) -> Grant:
    code = world.tokens.codes.pop(form.get("code", ""), None)
    if code is None or code.client_id != client_id:
        raise OAuthError("invalid_grant", "Invalid authorization code")
    if code.expires_at <= world.now():
        raise OAuthError("invalid_grant", "Authorization code expired")
    if code.redirect_uri != form.get("redirect_uri"):
        raise OAuthError("invalid_grant", "Invalid redirect URI")
    if public and code.challenge is None:
        raise OAuthError("invalid_client", "Invalid client")
    if code.challenge and _challenge(form.get("code_verifier", "")) != code.challenge:
        raise OAuthError("invalid_grant", "code_verifier was incorrect")
    return world.tokens.remember(Grant(code.user_id, client_id, code.scopes, world.now(), public))


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _grant_for_refresh(world: World, form: Mapping[str, str], client_id: str, public: bool) -> Grant:
    grant = world.tokens.grants.get(form.get("refresh_token", ""))
    if grant is None or grant.client_id != client_id:
        raise OAuthError("invalid_grant", "Invalid refresh token")
    if public and not grant.public_client:
        raise OAuthError("invalid_client", "Invalid client")
    if grant.revoked:
        raise OAuthError("invalid_grant", "Refresh token revoked")
    if grant.consented_at + GRANT_LIFETIME <= world.now():
        raise OAuthError("invalid_grant", "Refresh token expired")
    return world.tokens.remember(grant) if grant.public_client else grant


def token_json(world: World, grant: Grant) -> dict[str, object]:
    lifetime_s = world.options.expires_in_s
    return {
        "access_token": world.tokens.issue_access(grant, world.now(), lifetime_s),
        "token_type": "Bearer",
        "scope": " ".join(sorted(grant.scopes)),
        "expires_in": lifetime_s,
        "refresh_token": grant.refresh_token,
    }


def _app_token_json(world: World, client_id: str, secret: str | None) -> dict[str, object]:
    """A token of the app itself: for the catalogue, for nobody's library."""
    if secret is None:
        raise OAuthError("invalid_client", "Invalid client secret")
    grant = Grant("", client_id, frozenset(), world.now(), public_client=False)
    lifetime_s = world.options.expires_in_s
    token = world.tokens.issue_access(grant, world.now(), lifetime_s)
    return {"access_token": token, "token_type": "Bearer", "expires_in": lifetime_s}


ROUTES = [
    Route("/authorize", authorize, methods=["GET", "POST"]),
    Route("/api/token", token, methods=["POST"]),
]
