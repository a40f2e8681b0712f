"""Things that go wrong on purpose: which faults exist, when one strikes, and how many times."""

import re
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from typing import Any

AUDIO = "dzcdn|itunes-preview"
API = "spotify"
# name: (services it strikes unless told otherwise, what it does, its parameters with their defaults)
KINDS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = MappingProxyType(
    {
        "rate_limited": (API, "429 with Retry-After", {"retry_after": 30}),
        "rate_limited_without_retry_after": (API, "429 without Retry-After", {}),
        "rate_limited_plain_text": (API, "429 as plain text", {}),
        "quota_exceeded": (API, "429 with reason QUOTA_EXCEEDED", {}),
        "rate_window": (API, "429 above `limit` calls in `window_s`", {"limit": 100, "window_s": 30.0}),
        "deezer_quota": ("deezer", "HTTP 200 with Deezer's quota error", {}),
        "http_500": (API, "500 instead of an answer", {}),
        "http_502": (API, "502 instead of an answer", {}),
        "http_503": (API, "503 instead of an answer", {}),
        "accounts_outage": ("accounts", "503 at the accounts service", {}),
        "timeout_before_effect": (API, "hangs, nothing happens, then closes", {"delay_s": 30.0}),
        "timeout_after_effect": (API, "takes effect, hangs, then closes", {"delay_s": 30.0}),
        "plain_text_403": (API, "not on the allowlist, as plain text", {"text": None}),
        "premium_403": (API, "the app's owner has no Premium, as plain text", {}),
        "insufficient_scope": (API, "403 Insufficient client scope", {}),
        "token_expired": (API, "401 The access token expired", {}),
        "token_revoked": ("accounts", "400 invalid_grant on refresh", {}),
        "missing_refresh_token": ("accounts", "the token answer omits refresh_token", {}),
        "null_entries": (API, "every `every`-th entry of a page has a null track", {"every": 7}),
        "malformed_json": (".*", "the answer is cut in the middle", {}),
        "dead_preview": (AUDIO, "404 for a preview", {}),
        "html_instead_of_audio": (AUDIO, "200 with a web page", {}),
        "truncated_audio": (AUDIO, "only the first `share` of the bytes", {"share": 0.03}),
        "empty_audio": (AUDIO, "200 with no bytes", {}),
        "oversized": (AUDIO, "streams `megabytes` of zeros", {"megabytes": 25}),
        "slow": (".*", "waits `latency_ms` before answering", {"latency_ms": 500}),
    }
)


class UnknownFault(Exception):
    """A fault or a parameter that does not exist; the message lists the valid ones."""


@dataclass
class Fault:
    id: int
    name: str
    service: str
    method: str
    path: str
    times: int | None
    after: int
    probability: float
    seed: int
    params: dict[str, Any]
    matched: int = 0
    struck: int = 0
    calls: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    def strikes(self, service: str, method: str, path: str) -> bool:
        """Whether this request suffers; counts it either way."""
        if not self._concerns(service, method, path):
            return False
        self.matched += 1
        spent = self.times is not None and self.struck >= self.times
        if spent or self.matched <= self.after or self._random.random() >= self.probability:
            return False
        if self.name == "rate_window" and not self._window_is_full():
            return False
        self.struck += 1
        return True

    def _concerns(self, service: str, method: str, path: str) -> bool:
        pairs = ((self.service, service), (self.method, method))
        return all(re.fullmatch(wanted, given) for wanted, given in pairs) and bool(
            re.search(self.path, path)
        )

    def _window_is_full(self) -> bool:
        now = time.monotonic()
        while self.calls and self.calls[0] <= now - self.params["window_s"]:
            self.calls.popleft()
        if len(self.calls) >= self.params["limit"]:
            return True
        self.calls.append(now)
        return False

    def seconds_until_free(self) -> int:
        """What a rate window's Retry-After says."""
        oldest = self.calls[0] if self.calls else time.monotonic()
        return max(1, round(oldest + self.params["window_s"] - time.monotonic() + 0.5))

    def as_json(self) -> dict[str, Any]:
        shown = ("id", "name", "service", "method", "path", "times", "after", "probability", "seed")
        counts = {"matched": self.matched, "struck": self.struck}
        return {**{name: getattr(self, name) for name in shown}, **self.params, **counts}


class Faults:
    """The faults switched on now, in the order they were switched on."""

    def __init__(self) -> None:
        self.active: list[Fault] = []
        self._made = 0

    def switch_on(self, name: str, wishes: Mapping[str, Any]) -> Fault:
        if name not in KINDS:
            raise UnknownFault(f"There is no fault {name!r}. Valid names: {', '.join(KINDS)}.")
        service, _, defaults = KINDS[name]
        common = {
            "service": service, "method": ".*", "path": "", "times": None, "after": 0,
            "probability": 1.0, "seed": 0,
        }  # fmt: skip
        wrong = set(wishes) - set(common) - set(defaults)
        if wrong:
            valid = ", ".join([*common, *defaults])
            raise UnknownFault(f"{name} has no {', '.join(sorted(wrong))}. Valid: {valid}.")
        chosen = {key: wishes.get(key, value) for key, value in common.items()}
        self._check_patterns(chosen)
        params = {key: wishes.get(key, value) for key, value in defaults.items()}
        self._made += 1
        fault = Fault(self._made, name, **chosen, params=params)
        self.active.append(fault)
        return fault

    def clear(self, which: int | str | None = None) -> None:
        """Switches off one fault by id, all of a name, or all."""
        self.active = [fault for fault in self.active if which not in (None, fault.id, fault.name)]

    def striking(self, service: str, method: str, path: str) -> list[Fault]:
        return [fault for fault in self.active if fault.strikes(service, method, path)]

    @staticmethod
    def _check_patterns(chosen: Mapping[str, Any]) -> None:
        for key in ("service", "method", "path"):
            try:
                re.compile(chosen[key])
            except (re.error, TypeError):
                raise UnknownFault(
                    f"The {key} pattern {chosen[key]!r} is not a regular expression."
                ) from None
