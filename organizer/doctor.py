"""Whether this instance is set up well: what is wrong, in words, and exactly how to mend it. Shows no secret.

Each check stands alone and has a time limit; what waits for others (Redis, workers, Spotify) runs side by side.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

LIMIT_S = 2.5  # for all checks together


class State(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """What one check found. `to_copy`: a value that the operator has to paste elsewhere."""

    title: str
    state: State
    says: str
    fix: str = ""
    to_copy: str = ""


@dataclass(frozen=True)
class Check:
    name: str
    title: str
    run: Callable[[], Finding]
    is_slow: bool = False  # waits for another process


def examine(checks: Sequence[Check], within_s: float = LIMIT_S) -> list[Finding]:
    """What all checks found, in their order, within the limit."""
    pool = ThreadPoolExecutor(max_workers=len(checks))
    language, ends = translation.get_language(), monotonic() + within_s
    running = {one.name: pool.submit(_apart, one, language) for one in checks if one.is_slow}
    found = {one.name: one.run() for one in checks if not one.is_slow}
    for one in checks:
        if one.is_slow:
            try:
                found[one.name] = running[one.name].result(max(0.0, ends - monotonic()))
            except TooLate:
                found[one.name] = _too_late(one, within_s)
    pool.shutdown(wait=False, cancel_futures=True)  # whoever hangs ends by its own time-out
    return [found[one.name] for one in checks]


def _apart(check: Check, language: str | None) -> Finding:
    """In a thread: it has neither the request's language nor its database connection."""
    try:
        with translation.override(language):
            return check.run()
    finally:
        connection.close()


def _too_late(check: Check, within_s: float) -> Finding:
    says = _("There was no answer within %(seconds)s seconds.") % {"seconds": within_s}
    return Finding(check.title, State.BAD, says, _("Look into the logs, then check again."))
