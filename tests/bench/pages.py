"""How long the server takes for each page of a large library, on PostgreSQL, one visitor at a time."""

import time
from typing import Any

SONGS, RUNS = 12_000, 40
COMPRESSED = {"accept-encoding": "gzip"}
FILE_RUNS = 3  # what is streamed is a file to take along, not a page that somebody waits for


def measure(songs: int = SONGS) -> dict[str, Any]:
    """Print and return by page: p50, p95 and our own processor time in ms, compressed kB, queries. Needs Django and a
    migrated database.

    Where other programs use the processors too, the processor time says more than the clock; PostgreSQL's own is not in it.
    """
    from importlib import import_module

    from django.core.management import call_command

    from tests.organizer import large
    from tests.organizer.browsing import signed_in
    from tests.organizer.pages import PAGES, address

    account = large.library(songs, "ada")
    large.analyse()
    client, found = signed_in(account), {}
    import_module(
        "organizer.wsgi"
    )  # as the web process is: all loaded, and out of the garbage collector's way
    for name, asked in PAGES:
        path = address(account, name, asked)
        first = client.get(path)
        if first.status_code == 200:
            runs = FILE_RUNS if first.streaming else RUNS
            took = _cost(client, path) | _timed(lambda path=path: client.get(path, headers=COMPRESSED), runs)  # type: ignore[misc]
            found[name + asked] = took
            print(
                f"  {name + asked:42}", *(f"{value:8.1f} {what}" for what, value in took.items()), flush=True
            )
    call_command("flush", verbosity=0, interactive=False)
    return found


def _cost(client: Any, path: str) -> dict[str, float]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        response = client.get(path, headers=COMPRESSED)
        body = b"".join(response.streaming_content) if response.streaming else response.content
    return {"kB": round(len(body) / 1000, 1), "queries": len(queries)}


def _timed(visit: Any, runs: int) -> dict[str, float]:
    took, spent = [], time.process_time()
    for _ in range(runs):
        started = time.perf_counter()
        response = visit()
        if response.streaming:
            list(response.streaming_content)
        took.append(1000 * (time.perf_counter() - started))
    own = 1000 * (time.process_time() - spent) / runs
    return {"p50_ms": percentile(took, 50), "p95_ms": percentile(took, 95), "own_ms": round(own, 1)}


def percentile(values: list[float], percent: float) -> float:
    """The value that so many per cent of them do not exceed (nearest rank)."""
    ranked = sorted(values)
    return round(ranked[max(0, -(-len(ranked) * int(percent) // 100) - 1)], 1)
