"""The link to a user's Spotify account: consent, encrypted tokens, refresh under a row lock, and unlinking."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from organizer import network
from organizer.models import SpotifyAccount, Track
from organizer.providers.errors import AuthRevoked, TokenExpired
from organizer.providers.spotify import Profile, Spotify
from organizer.providers.spotify_accounts import Tokens

T = TypeVar("T")


class LinkError(Exception):
    """Linking did not work out; the message is for the user."""


def link_account(code: str, verifier: str, *, user: User | None) -> SpotifyAccount:
    """Trade the code for tokens and store them on the account, made on the first visit.

    Safe to run twice: a known account gets new tokens. `user`: who is signed in already, if anybody.
    """
    tokens = network.spotify_accounts().exchange(code, verifier)
    profile = network.spotify(tokens.access_token).profile()
    with transaction.atomic():
        return _store_link(tokens, profile, user)


def _store_link(tokens: Tokens, profile: Profile, user: User | None) -> SpotifyAccount:
    known = SpotifyAccount.objects.select_for_update().filter(account_id=profile.account_id).first()
    if user and known and known.user_id != user.pk:
        raise LinkError("This Spotify account is linked to another user of this instance.")
    mine = (
        SpotifyAccount.objects.filter(user=user).exclude(account_id=profile.account_id).first()
        if user
        else None
    )
    if mine:
        raise LinkError(f"You are linked to {mine}. Disconnect it before you connect another account.")
    if not known and not tokens.refresh_token:
        raise LinkError("Spotify gave no lasting permission. Please try to connect again.")
    now = timezone.now()
    values = {
        "spotify_id": profile.spotify_id,
        "display_name": profile.display_name,
        "access_token": tokens.access_token,
        "token_expires_at": now + timedelta(seconds=tokens.expires_in_s),
        "granted_scopes": tokens.scopes,
        "authorized_at": now,
        "needs_link": False,
    }
    if tokens.refresh_token:
        values["refresh_token"] = tokens.refresh_token
    owner = known.user if known else user or _new_user(profile)
    account, _ = SpotifyAccount.objects.update_or_create(
        account_id=profile.account_id, defaults=values, create_defaults=values | {"user": owner}
    )
    return account


def _new_user(profile: Profile) -> User:
    user, is_new = User.objects.get_or_create(
        username=f"spotify-{profile.account_id}"[:150], defaults={"first_name": profile.display_name[:150]}
    )
    if is_new:
        user.set_unusable_password()
        user.save()
    return user


def with_spotify(account: SpotifyAccount, ask: Callable[[Spotify], T]) -> T:
    """Run one call with a fresh token; a token that Spotify no longer takes is refreshed once."""
    token = fresh_token(account)
    try:
        return ask(network.spotify(token))
    except TokenExpired:
        return ask(network.spotify(fresh_token(account, instead_of=token)))


def fresh_token(account: SpotifyAccount, *, instead_of: str = "") -> str:
    """The access token, refreshed under a row lock when it is about to expire or equals `instead_of`.

    Two workers never refresh at once: the second finds the first one's new token. The lock spans the call to the
    accounts service (bounded by the HTTP timeout), because a refresh token may be replaced by its use.
    """
    try:
        with transaction.atomic():
            row = SpotifyAccount.objects.select_for_update().get(pk=account.pk)
            if row.needs_link:
                raise AuthRevoked("The link to Spotify has ended. Please reconnect your account.")
            if not row.token_is_fresh or row.access_token == instead_of:
                _refresh(row)
    except AuthRevoked:
        SpotifyAccount.objects.filter(pk=account.pk).update(needs_link=True)
        raise
    return row.access_token


def _refresh(row: SpotifyAccount) -> None:
    if not row.refresh_token:
        raise AuthRevoked("The link to Spotify has ended. Please reconnect your account.")
    tokens = network.spotify_accounts().refresh(row.refresh_token)
    row.access_token = tokens.access_token
    row.token_expires_at = timezone.now() + timedelta(seconds=tokens.expires_in_s)
    row.refresh_token = tokens.refresh_token or row.refresh_token
    row.granted_scopes = tokens.scopes or row.granted_scopes
    row.save(update_fields=["access_token", "token_expires_at", "refresh_token", "granted_scopes"])


@transaction.atomic
def unlink(account: SpotifyAccount) -> None:
    """Delete the tokens and everything that came from this user's Spotify; playlists there stay as they are."""
    user = account.user
    account.delete()
    Track.objects.orphaned().delete()
    if not user.has_usable_password():
        user.delete()
