"""A song's 30-second preview for its listener: looked up, fetched and passed on in one breath, and not kept."""

import time
from collections import deque
from dataclasses import dataclass
from threading import Lock

from django.utils.translation import gettext as _

from organizer.hunting import RETRY_MISS_AFTER, Hunt
from organizer.models import SpotifyAccount, Track

MOST_PLAYS, WINDOW_S = 40, 60.0  # by one person; each play costs a provider up to two calls
MISS_KEPT_S = 60.0  # a song without a preview is not looked up again at once
MOST_KEPT = 500


@dataclass(frozen=True)
class Preview:
    data: bytes
    content_type: str


class NoPreview(Exception):
    """There is none; `retry_after_s`: until then one cannot know. The message is a sentence for the listener."""

    def __init__(
        self, message: str, *, retry_after_s: float | None = None, is_too_fast: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.is_too_fast = is_too_fast


class _Recently:
    """Who played when, and which songs had none: in this process, for a minute."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._plays: dict[int, deque[float]] = {}
        self._misses: dict[int, tuple[float, NoPreview]] = {}

    def enter(self, account: int) -> None:
        now = time.monotonic()
        with self._lock:
            for key in [key for key, plays in self._plays.items() if plays[-1] < now - WINDOW_S]:
                del self._plays[key]
            plays = self._plays.setdefault(account, deque(maxlen=MOST_PLAYS))
            if len(plays) == MOST_PLAYS and plays[0] > now - WINDOW_S:
                sentence = _("That was a lot of songs in one minute. Please wait a moment.")
                raise NoPreview(sentence, retry_after_s=plays[0] + WINDOW_S - now, is_too_fast=True)
            plays.append(now)

    def miss(self, track: int) -> NoPreview | None:
        at, miss = self._misses.get(track, (0.0, None))
        return miss if time.monotonic() - at < MISS_KEPT_S else None

    def missed(self, track: int, miss: NoPreview) -> None:
        with self._lock:
            if len(self._misses) >= MOST_KEPT:
                self._misses.clear()
            self._misses[track] = (time.monotonic(), miss)

    def forget(self) -> None:
        self._plays.clear()
        self._misses.clear()


recently = _Recently()


def fetch(account: SpotifyAccount, track: Track) -> Preview:
    """The preview's bytes, or NoPreview with the reason. Nothing is stored."""
    if miss := recently.miss(track.pk):
        raise miss
    recently.enter(account.pk)
    try:
        return _hunted(Hunt(track))
    except NoPreview as miss:
        recently.missed(track.pk, miss)
        raise


def _hunted(hunt: Hunt) -> Preview:
    """Go from provider to provider until one has something that is sound."""
    while (data := hunt.fetched().data) is not None:
        if kind := content_type(data):
            return Preview(data, kind)
    if hunt.closed or hunt.retry_after < RETRY_MISS_AFTER:
        sentence = _("The preview cannot be fetched just now: %(reason)s")
        wait_s = hunt.closed.retry_after_s if hunt.closed else hunt.retry_after.total_seconds()
        raise NoPreview(sentence % {"reason": hunt.closed or hunt.error}, retry_after_s=max(1.0, wait_s))
    raise NoPreview(_("No service has a preview of this song."))


def content_type(data: bytes) -> str:
    """By the first bytes, as providers are not believed; empty: this is no sound that we pass on."""
    if data[:3] == b"ID3" or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0):
        return "audio/mpeg"
    return "audio/mp4" if data[4:8] == b"ftyp" else ""
