"""The link to a user's Spotify account: consent, encrypted tokens, refresh under a row lock, and unlinking."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from organizer import network
from organizer.models import PlaylistVersion, SpotifyAccount, Track
from organizer.models.fields import Sealed, is_under_first_key
from organizer.providers.errors import AuthRevoked, ProviderError, TokenExpired
from organizer.providers.spotify import Profile, Spotify
from organizer.providers.spotify_accounts import Tokens

log = logging.getLogger(__name__)
T = TypeVar("T")
MOST_TRIES = 5
LINK_ENDED = gettext_lazy("The link to Spotify has ended. Please reconnect your account.")
KEY_MISSING = gettext_lazy(
    "The key that opens your stored link to Spotify is missing. Please reconnect your account, or have the operator "
    "put the key back."
)


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
        raise LinkError(gettext("This Spotify account is linked to another user of this instance."))
    mine = (
        SpotifyAccount.objects.filter(user=user).exclude(account_id=profile.account_id).first()
        if user
        else None
    )
    if mine:
        sentence = gettext("You are linked to %(account)s. Disconnect it before you connect another account.")
        raise LinkError(sentence % {"account": mine})
    if not tokens.refresh_token and (not known or known.is_sealed):
        raise LinkError(gettext("Spotify gave no lasting permission. Please try to connect again."))
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

    Two workers never refresh at once: the second finds the first one's new token, or its refusal. The lock spans the
    call to the accounts service (bounded by the HTTP timeout), because a refresh token may be replaced by its use.
    """
    row = SpotifyAccount.objects.get(pk=account.pk)
    if row.needs_link or _is_due(row, instead_of):
        row = _refreshed(account, instead_of)
    return row.access_token


def _is_due(row: SpotifyAccount, instead_of: str) -> bool:
    return not row.token_is_fresh or row.access_token == instead_of


def _refreshed(account: SpotifyAccount, instead_of: str) -> SpotifyAccount:
    failure: ProviderError | None = None
    with transaction.atomic():
        row = SpotifyAccount.objects.select_for_update().get(pk=account.pk)
        if row.needs_link:
            raise AuthRevoked(str(LINK_ENDED))
        if _is_due(row, instead_of):
            try:
                _refresh(row)
            except ProviderError as error:  # kept for after the commit: what was learnt from it is stored
                failure = error
    if failure:
        raise failure
    return row


def _refresh(row: SpotifyAccount) -> None:
    """New tokens. A refusal for good is remembered before anybody else gets to ask; nothing is deleted for it."""
    if row.is_sealed:
        raise AuthRevoked(str(KEY_MISSING))
    try:
        if not row.refresh_token:
            raise AuthRevoked(str(LINK_ENDED))
        tokens = network.spotify_accounts().refresh(row.refresh_token)
    except AuthRevoked:
        row.needs_link = True
        row.save(update_fields=["needs_link"])
        raise
    row.access_token = tokens.access_token
    row.token_expires_at = timezone.now() + timedelta(seconds=tokens.expires_in_s)
    row.refresh_token = tokens.refresh_token or row.refresh_token
    row.granted_scopes = tokens.scopes or row.granted_scopes
    row.save(update_fields=["access_token", "token_expires_at", "refresh_token", "granted_scopes"])


def peek(account: SpotifyAccount) -> None:
    """Ask how many songs there are, once after linking, to say what reading them will cost. Nice to have."""
    if account.synced_at:
        return
    try:
        account.liked_total = with_spotify(account, lambda api: api.liked_total())
    except ProviderError as error:
        log.info("The number of liked songs of account %s is not known yet: %s", account.pk, error)
    else:
        account.save(update_fields=["liked_total"])


def rotate(account_id: int) -> bool | None:
    """Encrypt an account's tokens with the first key: True if they were not, None if no key opens them."""
    with transaction.atomic():
        known = SpotifyAccount.objects.select_for_update().filter(pk=account_id)
        row = known.first()
        if row is None:  # disconnected meanwhile
            return False
        if row.is_sealed or isinstance(row.access_token, Sealed):
            return None
        stored = known.values_list(*(Cast(name, TextField()) for name in _TOKENS)).get()
        if all(is_under_first_key(text) for text in stored if text):
            return False
        row.save(update_fields=_TOKENS)
        return True


_TOKENS = ["access_token", "refresh_token"]


def holdings(account: SpotifyAccount) -> list[tuple[str, int]]:
    """What is deleted with the link, and how much of each."""
    return [
        (
            gettext("Liked songs, as read from Spotify, and what the model says of them"),
            account.saves.count(),
        ),
        (gettext("Own corrections"), account.corrections.count()),
        (gettext("Playlist rules, and what was taken out or put in by hand"), account.playlists.count()),
        (
            gettext("Stored versions of playlists"),
            PlaylistVersion.objects.filter(playlist__account=account).count(),
        ),
        (gettext("Plans"), account.plans.count()),
        (gettext("Jobs"), account.jobs.count()),
        (gettext("Identified sounds"), account.identifications.count()),
    ]


def unlink(account: SpotifyAccount) -> None:
    """Delete the tokens and everything that came from this user's Spotify; playlists there stay as they are.

    A row that a worker stores between two statements undoes it all: the next try finds that row, too.
    """
    account.jobs.all().delete()  # whoever works on one stops at its next step
    for _ in range(MOST_TRIES - 1):
        with suppress(IntegrityError):
            _forget(account)
            return
    _forget(account)


@transaction.atomic
def _forget(account: SpotifyAccount) -> None:
    SpotifyAccount.objects.filter(pk=account.pk).delete()
    Track.objects.orphaned().delete()
    if goes_with_the_link(account.user):
        User.objects.filter(pk=account.user_id).delete()


def goes_with_the_link(user: User) -> bool:
    """Whoever came by Spotify alone; staff stay, as does what they did in the audit log."""
    return not user.has_usable_password() and not user.is_staff
