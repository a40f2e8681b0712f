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
def redis_client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=REDIS_TIMEOUT_S,
        socket_timeout=REDIS_TIMEOUT_S,
        retry=Retry(NoBackoff(), 1),  # once: a connection kept from before its restart
    )


@lru_cache(maxsize=1)
def gate() -> Gate:
    return Gate(redis_client(), DatabaseLedger(), paces={**PACES, **settings.GATE_PACES})


@lru_cache(maxsize=2)
def http(within_s: float = 0) -> Http:
    """`within_s`: for somebody who waits for the answer, less than the configured time-out."""
    urls = (
        settings.SPOTIFY_ACCOUNTS_URL,
        settings.SPOTIFY_API_URL,
        settings.DEEZER_URL,
        settings.ITUNES_URL,
        settings.RECCOBEATS_URL,
    )
    hosts = {urlsplit(url).netloc for url in urls} | set(settings.PREVIEW_HOSTS)
    return Http(gate(), timeout_s=within_s or settings.HTTP_TIMEOUT_S, allowed_hosts=tuple(sorted(hosts)))


def reset() -> None:
    """Forget the clients, so that changed settings take effect."""
    redis_client.cache_clear()
    gate.cache_clear()
    http.cache_clear()


def spotify_accounts(within_s: float = 0) -> Accounts:
    return Accounts(
        http(within_s),
        url=settings.SPOTIFY_ACCOUNTS_URL,
        client_id=settings.SPOTIFY_CLIENT_ID,
        client_secret=settings.SPOTIFY_CLIENT_SECRET,
        redirect_uri=settings.SPOTIFY_REDIRECT_URI,
    )


def spotify(access_token: str, within_s: float = 0) -> Spotify:
    return Spotify(http(within_s), url=settings.SPOTIFY_API_URL, access_token=access_token)


def feature_providers() -> list[ReccoBeats]:
    known = {"reccobeats": lambda: ReccoBeats(http(), url=settings.RECCOBEATS_URL)}
    return [known[name]() for name in settings.FEATURE_PROVIDERS]


def preview_providers() -> list[Deezer | ITunes]:
    known: dict[str, Callable[[], Deezer | ITunes]] = {
        "deezer": lambda: Deezer(http(), url=settings.DEEZER_URL),
        "itunes": lambda: ITunes(http(), url=settings.ITUNES_URL),
    }
    return [known[name]() for name in settings.PREVIEW_PROVIDERS]
