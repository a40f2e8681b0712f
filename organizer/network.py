"""The configured clients: one gate and one HTTP session a process, shared by its threads."""

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlsplit

import redis
from django.conf import settings

from organizer.providers.deezer import Deezer
from organizer.providers.gate import PACES, Gate, Pace
from organizer.providers.http import Http
from organizer.providers.itunes import ITunes
from organizer.providers.reccobeats import ReccoBeats
from organizer.providers.spotify import Spotify
from organizer.providers.spotify_accounts import Accounts


@lru_cache(maxsize=1)
def gate() -> Gate:
    paces = PACES | {name: Pace(*pace) for name, pace in settings.GATE_PACES.items()}
    return Gate(redis.Redis.from_url(settings.REDIS_URL), paces=paces)


@lru_cache(maxsize=1)
def http() -> Http:
    urls = (
        settings.SPOTIFY_ACCOUNTS_URL,
        settings.SPOTIFY_API_URL,
        settings.DEEZER_URL,
        settings.ITUNES_URL,
        settings.RECCOBEATS_URL,
    )
    hosts = {urlsplit(url).netloc for url in urls} | set(settings.PREVIEW_HOSTS)
    return Http(gate(), timeout_s=settings.HTTP_TIMEOUT_S, allowed_hosts=tuple(sorted(hosts)))


def reset() -> None:
    """Forget the clients, so that changed settings take effect."""
    gate.cache_clear()
    http.cache_clear()


def spotify_accounts() -> Accounts:
    return Accounts(
        http(),
        url=settings.SPOTIFY_ACCOUNTS_URL,
        client_id=settings.SPOTIFY_CLIENT_ID,
        client_secret=settings.SPOTIFY_CLIENT_SECRET,
        redirect_uri=settings.SPOTIFY_REDIRECT_URI,
    )


def spotify(access_token: str) -> Spotify:
    return Spotify(http(), url=settings.SPOTIFY_API_URL, access_token=access_token)


def feature_providers() -> list[ReccoBeats]:
    known = {"reccobeats": lambda: ReccoBeats(http(), url=settings.RECCOBEATS_URL)}
    return [known[name]() for name in settings.FEATURE_PROVIDERS]


def preview_providers() -> list[Deezer | ITunes]:
    known: dict[str, Callable[[], Deezer | ITunes]] = {
        "deezer": lambda: Deezer(http(), url=settings.DEEZER_URL),
        "itunes": lambda: ITunes(http(), url=settings.ITUNES_URL),
    }
    return [known[name]() for name in settings.PREVIEW_PROVIDERS]
