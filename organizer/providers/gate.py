"""The one gate that every call of every process passes: rolling-window pacing, pauses, and a rest for who is ill.

Redis counts the calls; the database keeps what must outlive it, and counts them while Redis does not answer.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import redis

from organizer.providers import sentences
from organizer.providers.errors import GateClosed, LedgerDown
from organizer.providers.paces import PACES, Pace
from organizer.providers.redis_gate import RedisGate
from organizer.providers.standing import QUOTA, RATE, Entry, Standing

log = logging.getLogger(__name__)
T = TypeVar("T")
Change = Callable[[Standing], Standing]
REDIS_AGAIN_S = 2.0  # how long Redis is left alone after it did not answer
REOPEN_EVERY_S = 300.0
# Previews lie on hosts of several services: failures in a row say nothing about the next one's.
WITHOUT_BREAKER = frozenset({"previews"})


@dataclass(frozen=True)
class Closure:
    seconds: float
    reason: str
    kind: str


class Ledger(Protocol):
    """What keeps standings for good, for several processes at once. Every method may raise LedgerDown."""

    def read(self, service: str) -> Standing: ...

    def hold(self, service: str, use: Callable[[Standing], None]) -> None:
        """Call `use` while nobody can change the standing."""

    def change(self, service: str, change: Change) -> None:
        """Store what `change` makes of the standing; nobody else can change it meanwhile."""

    def may_reopen(self, service: str, every_s: float) -> bool:
        """True at most once in so many seconds."""


class Gate:
    """Shared by web and workers. Raises GateClosed instead of sending."""

    def __init__(
        self, client: redis.Redis, ledger: Ledger, *, paces: Mapping[str, Pace] | None = None
    ) -> None:
        self._redis, self._ledger = RedisGate(client), ledger
        self._paces = paces or PACES
        self._epochs: dict[str, str] = {}
        self._mine = {
            name: deque[float](maxlen=pace.calls) for name, pace in self._paces.items()
        }  # our own calls
        self._redis_again_at = 0.0

    def enter(self, service: str) -> bool:
        """Count one call in, or raise GateClosed; whether `succeeded` wants to know that it went well."""
        entry = self._or_ledger(lambda: self._enter_by_redis(service), lambda: self._enter_by_ledger(service))
        if entry.wait_s > 0:
            reason = entry.reason or sentences.kept(sentences.PACED, service)
            raise GateClosed(sentences.told(reason, service), retry_after_s=entry.wait_s, kind=entry.kind)
        return entry.is_shaky

    def block(self, service: str, seconds: float, reason: str, kind: str = RATE) -> None:
        """Close the gate for every process. A longer pause that is already set stays."""
        now, pace = time.time(), self._paces[service]
        used = len(self.standing(service).used(pace, now)) if kind == RATE else 0
        self._change(service, lambda known: known.refused(pace, now, used).paused(now, seconds, reason, kind))

    def failed(self, service: str) -> None:
        """No answer, or none that could be used. Several in a row give the service a rest."""
        if service not in WITHOUT_BREAKER:
            reason = sentences.kept(sentences.RESTING, service)
            self._change(service, lambda known: known.failed(time.time(), reason))

    def succeeded(self, service: str) -> None:
        self._change(service, lambda known: known.succeeded(time.time()))

    def blocked(self, service: str) -> Closure | None:
        """The pause that is on, or None when the gate is open."""
        known, now = self.standing(service), time.time()
        return Closure(known.until - now, known.reason, known.kind) if known.until > now else None

    def pace(self, service: str) -> Pace:
        return self._paces[service]

    def reopen(self, service: str) -> bool:
        """End a pause early, for the next call to find out; False when that was tried just before."""
        closed = self.blocked(service)
        if closed is None:
            return True
        if closed.kind != QUOTA or not self._ledger.may_reopen(service, REOPEN_EVERY_S):
            return False
        self._change(service, lambda known: known.reopened(time.time()))
        return True

    def forecast(self, service: str, calls: int) -> float:
        """Seconds until so many further calls may have gone out, by the pace, what is used of it, and any pause."""
        return self.standing(service).forecast(self._paces[service], time.time(), calls)

    def _enter_by_redis(self, service: str) -> Entry:
        pace = self._paces[service]
        asked = self._redis.enter(service, pace, time.time())
        if asked is None or asked.epoch != self._epochs.get(service):
            # Redis is new to this process, or has forgotten.
            self._ledger.hold(service, lambda known: self._tell_redis(service, known))
            if asked is None or not asked.moment:
                asked = self._redis.enter(service, pace, time.time())
        if asked is None:
            raise redis.ConnectionError("Redis forgets what it is told.")
        if asked.moment:
            self._mine[service].append(asked.moment)
        return asked.entry

    def _enter_by_ledger(self, service: str) -> Entry:
        pace, entries = self._paces[service], [Entry()]

        def admit(known: Standing) -> Standing:
            now = time.time()
            known = known.with_calls(list(self._mine[service]))
            entries[0] = known.admission(pace, now)
            return known.called(now, pace) if entries[0].wait_s <= 0 else known

        self._ledger.change(service, admit)
        return entries[0]

    def _tell_redis(self, service: str, known: Standing) -> None:
        """All that is known, and the calls that Redis may have forgotten."""
        self._epochs[service] = self._redis.write(service, known)
        self._redis.add_calls(service, [*known.calls, *list(self._mine[service])])

    def _change(self, service: str, change: Change) -> None:
        """In the database, and in Redis before anybody else may change it; in Redis alone when there is no other."""

        def both(known: Standing) -> Standing:
            changed = change(known)
            self._or_ledger(lambda: self._tell_redis(service, changed), lambda: None)
            return changed

        try:
            self._ledger.change(service, both)
        except LedgerDown as failure:
            log.warning("The state of %s is kept in Redis alone: %s", service, failure)
            both(self.standing(service))

    def standing(self, service: str) -> Standing:
        """All that is known of a service. Raises LedgerDown where nobody can be asked."""
        return self._or_ledger(
            lambda: self._redis.read(service) or self._ledger.read(service),
            lambda: self._ledger.read(service),
        )

    def _or_ledger(self, by_redis: Callable[[], T], by_ledger: Callable[[], T]) -> T:
        """Ask Redis; the database while it does not answer."""
        if time.monotonic() >= self._redis_again_at:
            try:
                return by_redis()
            except redis.RedisError as error:
                log.warning("Redis does not answer (%s); the database keeps the pace.", type(error).__name__)
                self._redis_again_at = time.monotonic() + REDIS_AGAIN_S
                self._epochs.clear()  # whatever it knows when it is back may be old
        return by_ledger()
