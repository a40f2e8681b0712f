"""Authorization codes, access tokens and refresh tokens, and how they die."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

CODE_LIFETIME = timedelta(minutes=10)
GRANT_LIFETIME = timedelta(days=183)  # six months after the user's consent, whatever is refreshed in between


@dataclass(frozen=True)
class Code:
    user_id: str
    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    challenge: str | None
    expires_at: datetime


@dataclass
class Grant:
    user_id: str
    client_id: str
    scopes: frozenset[str]
    consented_at: datetime
    public_client: bool  # PKCE without a secret: the refresh token is replaced at every use
    refresh_token: str = ""
    revoked: bool = False


@dataclass
class Access:
    grant: Grant
    expires_at: datetime


@dataclass
class Tokens:
    codes: dict[str, Code] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)  # by refresh token
    accesses: dict[str, Access] = field(default_factory=dict)  # by access token

    def issue_code(self, code: Code) -> str:
        text = secrets.token_urlsafe(48)
        self.codes[text] = code
        return text

    def remember(self, grant: Grant) -> Grant:
        """Gives the grant a refresh token; the one before, if any, is forgotten."""
        self.grants.pop(grant.refresh_token, None)
        grant.refresh_token = secrets.token_urlsafe(64)
        self.grants[grant.refresh_token] = grant
        return grant

    def issue_access(self, grant: Grant, now: datetime, lifetime_s: int) -> str:
        text = secrets.token_urlsafe(96)
        self.accesses[text] = Access(grant, now + timedelta(seconds=lifetime_s))
        return text

    def revoke(self, user_id: str) -> None:
        """What a user does on the account page: every token of the user is dead at once."""
        for grant in self.grants.values():
            grant.revoked = grant.revoked or grant.user_id == user_id
        self.accesses = {
            text: access for text, access in self.accesses.items() if access.grant.user_id != user_id
        }

    def expire(self, user_id: str | None, now: datetime) -> None:
        """Access tokens of a user (or everybody) run out now; refreshing still works."""
        for access in self.accesses.values():
            if user_id in (None, access.grant.user_id):
                access.expires_at = min(access.expires_at, now)
