"""The configured clients: one gate and one HTTP session a process, shared by its threads."""

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlsplit

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from organizer.gates import DatabaseLedger
from organizer.providers.deezer import Deezer
from organizer.providers.gate import Gate
from organizer.providers.http import Http
from organizer.providers.itunes import ITunes
from organizer.providers.paces import PACES
from organizer.providers.reccobeats import ReccoBeats
from organizer.providers.spotify import Spotify
from organizer.providers.spotify_accounts import Accounts

REDIS_TIMEOUT_S = 2.0


@lru_cache(maxsize=1)
def gate() -> Gate:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=REDIS_TIMEOUT_S,
        socket_timeout=REDIS_TIMEOUT_S,
        retry=Retry(NoBackoff(), 1),  # once: a connection kept from before its restart
    )
    return Gate(client, DatabaseLedger(), paces={**PACES, **settings.GATE_PACES})


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
