"""What is known about a service at one moment, and how that changes: pauses, failures in a row, the calls just made.

Pure; all times are seconds since 1970. Redis and the database only store it.
"""

from dataclasses import dataclass, replace

from organizer.providers.paces import Pace

PACE, RATE, QUOTA, OUTAGE = "pace", "rate", "quota", "outage"
FAILURES_TO_OPEN = 5  # outages in a row until a service gets a rest
FIRST_REST_S, LONGEST_REST_S = 30.0, 600.0
PROBE_S = 15.0  # how long one call may feel its way while the others wait for what comes of it
LOWERED_FOR_S = 24 * 3600.0
LOWEST_LIMIT = 10


@dataclass(frozen=True)
class Entry:
    """Whether a call may go out now; if not, for how long and why."""

    wait_s: float = 0.0
    kind: str = ""
    reason: str = ""
    is_shaky: bool = False  # the service failed or refused lately: tell the gate when this call goes well


@dataclass(frozen=True)
class Standing:
    until: float = 0.0  # end of the latest pause
    kind: str = ""  # rate, quota or outage; empty: none, or it has proved to be over
    reason: str = ""
    failures: int = 0  # outages in a row
    limit: int = 0  # a lower limit than ours that the service taught us; 0: none
    limit_until: float = 0.0
    calls: tuple[float, ...] = ()  # oldest first

    def limit_at(self, pace: Pace, now: float) -> int:
        return min(pace.calls, self.limit) if self.limit and self.limit_until > now else pace.calls

    def used(self, pace: Pace, now: float) -> list[float]:
        """The calls in the window that ends now."""
        return [moment for moment in self.calls if moment > now - pace.window_s]

    def admission(self, pace: Pace, now: float) -> Entry:
        """Refuse while paused; after a quota pause or an outage let one call at a time through; else keep pace."""
        if self.until > now:
            return Entry(self.until - now, self.kind, self.reason)
        is_half_open = self.kind in (QUOTA, OUTAGE)
        last = self.calls[-1] if self.calls else 0.0
        if is_half_open and last > self.until and last + PROBE_S > now:
            return Entry(last + PROBE_S - now, self.kind, self.reason)
        used, limit = self.used(pace, now), self.limit_at(pace, now)
        if len(used) >= limit:
            return Entry(used[len(used) - limit + batch(limit) - 1] + pace.window_s - now, PACE)
        return Entry(is_shaky=is_half_open or self.failures > 0)

    def called(self, now: float, pace: Pace) -> "Standing":
        kept = max(pace.window_s, PROBE_S)
        return replace(self, calls=(*(moment for moment in self.calls if moment > now - kept), now))

    def with_calls(self, moments: list[float]) -> "Standing":
        return replace(self, calls=tuple(sorted({*self.calls, *moments})))

    def paused(self, now: float, seconds: float, reason: str, kind: str) -> "Standing":
        """A longer pause that is already set stays. Whoever asks us to wait is not out of order."""
        if now + seconds <= self.until:
            return replace(self, failures=0)
        return replace(self, until=now + seconds, kind=kind, reason=reason, failures=0)

    def refused(self, pace: Pace, now: float, used: int) -> "Standing":
        """After a 429 although we kept our pace, the allowance must be lower; a stray one teaches nothing."""
        limit = self.limit_at(pace, now)
        lower = max(LOWEST_LIMIT, int(0.9 * used))
        if 2 * used < limit or lower >= limit:
            return self
        return replace(self, limit=lower, limit_until=now + LOWERED_FOR_S)

    def failed(self, now: float, reason: str) -> "Standing":
        """One more outage in a row. Those that were under way when the rest began do not make it longer."""
        if self.until > now:
            return self
        failures = self.failures + 1
        if failures < FAILURES_TO_OPEN:
            return replace(self, failures=failures)
        rest_s = min(LONGEST_REST_S, FIRST_REST_S * 2 ** (failures - FAILURES_TO_OPEN))
        return replace(self, failures=failures, until=now + rest_s, kind=OUTAGE, reason=reason)

    def succeeded(self, now: float) -> "Standing":
        """It answers: the outage is over, and so is a quota pause whose time has run out."""
        if self.kind == OUTAGE or (self.kind == QUOTA and self.until <= now):
            return replace(self, until=0.0, kind="", reason="", failures=0)
        return replace(self, failures=0)

    def reopened(self, now: float) -> "Standing":
        """Try before the pause is over: its end is now, so the next call feels its way."""
        return replace(self, until=min(self.until, now))

    def forecast(self, pace: Pace, now: float, calls: int) -> float:
        """Seconds until the last of so many further calls may go out, should nobody else make any."""
        if calls <= 0:
            return 0.0
        limit = self.limit_at(pace, now)
        pause = max(0.0, self.until - now)
        busy = [moment + pace.window_s - now for moment in self.used(pace, now)[-limit:]]
        free_at = sorted(max(pause, moment) for moment in [0.0] * (limit - len(busy)) + busy)
        rounds, place = divmod(calls - 1, limit)
        return free_at[place] + rounds * pace.window_s


def batch(limit: int) -> int:
    """So many places must be free before a waiting job is woken: one each would mean a wake-up a call."""
    return max(1, limit // 20)
