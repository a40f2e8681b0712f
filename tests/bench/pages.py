"""How long the server takes for each page of a large library, on PostgreSQL, one visitor at a time."""

import time
from typing import Any

SONGS, RUNS = 12_000, 40


def measure() -> dict[str, Any]:
    """Print and return p50 and p95 in ms by page. Needs Django and a migrated database."""
    from django.core.management import call_command

    from tests.organizer import large
    from tests.organizer.browsing import signed_in
    from tests.organizer.pages import PAGES, address

    account = large.library(SONGS, "ada")
    large.analyse()
    client, found = signed_in(account), {}
    for name, asked in PAGES:
        path = address(account, name, asked)
        if client.get(path).status_code == 200:
            found[f"{name}{asked}"] = _timed(lambda path=path: client.get(path))  # type: ignore[misc]
            print(
                f"  {name + asked:44} {found[name + asked]['p50_ms']:6} {found[name + asked]['p95_ms']:6} ms"
            )
    call_command("flush", verbosity=0, interactive=False)
    return found


def _timed(visit: Any) -> dict[str, float]:
    took = []
    for _ in range(RUNS):
        started = time.perf_counter()
        response = visit()
        if response.streaming:
            list(response.streaming_content)
        took.append(1000 * (time.perf_counter() - started))
    return {"p50_ms": percentile(took, 50), "p95_ms": percentile(took, 95)}


def percentile(values: list[float], percent: float) -> float:
    """The value that so many per cent of them do not exceed (nearest rank)."""
    ranked = sorted(values)
    return round(ranked[max(0, -(-len(ranked) * int(percent) // 100) - 1)], 1)
