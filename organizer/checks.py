"""Mistakes of configuration, told at start instead of at the first login."""

from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

LOOPBACK = {"127.0.0.1", "::1"}


@register()
def token_keys_are_usable(**_: Any) -> list[CheckMessage]:
    if not settings.TOKEN_KEYS:
        return [Error("TOKEN_KEYS is empty: Spotify tokens could not be encrypted.", id="cratewise.E001")]
    try:
        for key in settings.TOKEN_KEYS:
            Fernet(key)
    except ValueError:
        return [Error("TOKEN_KEYS holds a key that is not a Fernet key.", id="cratewise.E002")]
    return []


@register()
def providers_are_known(**_: Any) -> list[CheckMessage]:
    unknown = {*settings.FEATURE_PROVIDERS} - {"reccobeats"} | {*settings.PREVIEW_PROVIDERS} - {
        "deezer",
        "itunes",
    }
    if not unknown:
        return []
    return [
        Error(f"Unknown provider in FEATURE_PROVIDERS or PREVIEW_PROVIDERS: {unknown}.", id="cratewise.E004")
    ]


@register()
def redirect_uri_is_accepted_by_spotify(**_: Any) -> list[CheckMessage]:
    """https, or http on a loopback address written as a number; `localhost` is refused by Spotify."""
    url = urlsplit(settings.PUBLIC_URL)
    if url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK):
        return []
    hint = "Use https://…, http://127.0.0.1:PORT or http://[::1]:PORT."
    return [Error(f"Spotify refuses a redirect to {settings.PUBLIC_URL}.", hint=hint, id="cratewise.E003")]


@register()
def spotify_app_is_configured(**_: Any) -> list[CheckMessage]:
    if settings.SPOTIFY_CLIENT_ID and settings.SPOTIFY_CLIENT_SECRET:
        return []
    hint = "Create an app at developer.spotify.com and put its client id and secret into .env."
    return [Warning("No Spotify app is configured.", hint=hint, id="cratewise.W001")]
