"""A service's standing in Redis: one script a call, no other round trip while all is well.

Redis may come back empty at any time. A mark made when the standing is written (its `epoch`) tells: without it nobody
passes, and with another one than last time the caller adds what it remembers.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import redis

from organizer.providers.paces import Pace
from organizer.providers.standing import OUTAGE, PACE, PROBE_S, QUOTA, Entry, Standing, batch

MICRO = 1_000_000
# Says the same as Standing.admission and Standing.called. Times are microseconds since 1970.
# Returns {epoch, wait, kind, reason, is shaky, the call's moment}; nothing where Redis knows nothing.
_ENTER = """
local now, window, probe = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local known = redis.call('HMGET', KEYS[1], 'epoch', 'until', 'kind', 'reason', 'failures', 'limit', 'limit_until')
if not known[1] then return {} end
local closed, kind = tonumber(known[2]), known[3]
if closed > now then return {known[1], closed - now, kind, known[4], 0, 0} end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - math.max(window, probe))
local half_open = kind == ARGV[6] or kind == ARGV[7]
if half_open then
  local last = tonumber(redis.call('ZRANGE', KEYS[2], -1, -1)[1] or 0)
  if last > closed and last + probe > now then
    return {known[1], last + probe - now, kind, known[4], 0, 0}
  end
end
local limit, step = tonumber(ARGV[4]), tonumber(ARGV[5])
if tonumber(known[6]) > 0 and tonumber(known[7]) > now then
  limit = math.min(limit, tonumber(known[6]))
  step = math.max(1, math.floor(limit / 20))
end
if redis.call('ZCOUNT', KEYS[2], '(' .. ARGV[8], '+inf') >= limit then
  local leaving = redis.call('ZRANGE', KEYS[2], step - 1 - limit, step - 1 - limit)[1]
  return {known[1], tonumber(leaving) + window - now, '', '', 0, 0}
end
while redis.call('ZADD', KEYS[2], 'NX', now, string.format('%.0f', now)) == 0 do now = now + 1 end
redis.call('PEXPIRE', KEYS[2], math.ceil(math.max(window, probe) / 1000))
local shaky = (half_open or tonumber(known[5]) > 0) and 1 or 0
return {known[1], 0, '', '', shaky, now}
"""


@dataclass(frozen=True)
class Asked:
    epoch: str
    entry: Entry
    moment: float = 0.0  # when the call was counted


class RedisGate:
    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self._enter = client.register_script(_ENTER)

    def enter(self, service: str, pace: Pace, now: float) -> Asked | None:
        """None when Redis knows nothing of the service (any more): write what is known, and ask again."""
        moment, window = _micro(now), _micro(pace.window_s)
        args: list[Any] = [moment, window, _micro(PROBE_S), pace.calls, batch(pace.calls), QUOTA, OUTAGE]
        found: list[Any] = self._enter(keys=_keys(service), args=[*args, moment - window])
        if not found:
            return None
        epoch, wait, kind, reason, is_shaky, counted = found
        entry = Entry(int(wait) / MICRO, _text(kind) or (PACE if wait else ""), _text(reason), bool(is_shaky))
        return Asked(_text(epoch), entry, int(counted) / MICRO)

    def read(self, service: str) -> Standing | None:
        state, calls = _keys(service)
        with self.client.pipeline() as pipe:
            pipe.hgetall(state)
            pipe.zrange(calls, 0, -1)
            found, moments = pipe.execute()
        if not found:
            return None
        known = {_text(name): _text(value) for name, value in found.items()}
        return Standing(
            until=int(known["until"]) / MICRO,
            kind=known["kind"],
            reason=known["reason"],
            failures=int(known["failures"]),
            limit=int(known["limit"]),
            limit_until=int(known["limit_until"]) / MICRO,
            calls=tuple(int(moment) / MICRO for moment in moments),
        )

    def write(self, service: str, standing: Standing) -> str:
        """Take over everything but the calls; the epoch, a new one where there was none."""
        state, _ = _keys(service)
        values: dict[Any, Any] = {
            "until": _micro(standing.until),
            "kind": standing.kind,
            "reason": standing.reason,
            "failures": standing.failures,
            "limit": standing.limit,
            "limit_until": _micro(standing.limit_until),
        }
        with self.client.pipeline() as pipe:
            pipe.hset(state, mapping=values)
            pipe.hsetnx(state, "epoch", uuid.uuid4().hex)
            pipe.hget(state, "epoch")
            return _text(pipe.execute()[-1])

    def add_calls(self, service: str, moments: Iterable[float]) -> None:
        """Calls that Redis may not know of; those it knows count once."""
        if stamps := {str(_micro(moment)): _micro(moment) for moment in moments}:
            self.client.zadd(_keys(service)[1], stamps)


def _keys(service: str) -> list[str]:
    return [f"gate:{service}", f"gate:{service}:calls"]


def _micro(seconds: float) -> int:
    return round(seconds * MICRO)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
