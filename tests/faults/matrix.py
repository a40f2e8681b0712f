"""Which fault is tried where: every fault of the simulator in every phase that calls the services it strikes."""

import re
from dataclasses import dataclass, field
from typing import Any

from simulator.faults import KINDS

AUDIO = "dzcdn|itunes-preview"
HANGS = {"delay_s": 10.0}  # whoever waits gives up before
WISHES: dict[str, dict[str, Any]] = {
    "timeout_before_effect": HANGS,
    "timeout_after_effect": HANGS,
    "slow": {"latency_ms": 50},
    "rate_window": {"limit": 1, "window_s": 30.0},
    "oversized": {"megabytes": 4},
}
AT_ACCOUNTS = ("accounts_outage", "token_revoked", "missing_refresh_token")
AT_SPOTIFY = tuple(name for name, (service, _, _) in KINDS.items() if service in ("spotify", ".*"))
AT_AUDIO = tuple(name for name, (service, _, _) in KINDS.items() if service == AUDIO)
OUTAGES = ("http_500", "http_502", "http_503", "timeout_before_effect", "malformed_json", "slow")
ASK_OTHERS = (("link", "spotify"), ("sync", "accounts"), ("listen", AUDIO))
LIMITS = ("rate_limited", "rate_limited_without_retry_after", "rate_limited_plain_text", "rate_window")


@dataclass(frozen=True)
class Case:
    phase: str
    fault: str
    service: str
    wishes: dict[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{self.phase}-{self.fault}-at-{self.service.partition('|')[0]}"

    @property
    def hangs(self) -> bool:
        return self.fault.startswith("timeout")

    @property
    def patience_s(self) -> float:
        """Until a call that hangs is given up: longer where other services have to answer meanwhile."""
        return 1.0 if (self.phase, self.service) in ASK_OTHERS else 0.3


def _cases(phase: str, service: str, faults: tuple[str, ...], **wishes: Any) -> list[Case]:
    return [Case(phase, fault, service, WISHES.get(fault, {}) | wishes) for fault in faults]


CASES = [
    *_cases("link", "accounts", (*AT_ACCOUNTS, *OUTAGES, "rate_limited"), path="/api/token"),
    *_cases("link", "spotify", (*OUTAGES, *LIMITS[:3], "plain_text_403", "premium_403", "token_expired")),
    *_cases("sync", "spotify", AT_SPOTIFY),
    *_cases("sync", "accounts", (*AT_ACCOUNTS, *OUTAGES)),
    *_cases("enrich", "reccobeats", (*OUTAGES, *LIMITS, "quota_exceeded", "plain_text_403")),
    *_cases("listen", "deezer", ("deezer_quota",)),
    *_cases("listen", "deezer", ("rate_window",), limit=0),
    *_cases("listen", "deezer|itunes", (*OUTAGES, *LIMITS[:3], "plain_text_403")),
    *_cases("listen", AUDIO, (*AT_AUDIO, "http_503", "timeout_after_effect", "slow")),
    *_cases("plan", "spotify", AT_SPOTIFY),
    *_cases("plan", "accounts", AT_ACCOUNTS),
    *_cases("write", "spotify", AT_SPOTIFY),
    *_cases("write", "accounts", AT_ACCOUNTS),
    *_cases("undo", "spotify", AT_SPOTIFY),
]

CLASS_NAME = re.compile(r"\b[A-Z]\w*(Error|Exception|Revoked|Closed|Expired|Write)\b")


def is_fit_for_people(sentence: str) -> bool:
    """A whole sentence, without what only programmers read."""
    return (
        sentence.endswith(".")
        and len(sentence.split()) > 3
        and "Traceback" not in sentence
        and "unexpected" not in sentence
        and not CLASS_NAME.search(sentence)
        and not re.search(r"[{}<>]|https?://|127\.0\.0\.1", sentence)
    )
