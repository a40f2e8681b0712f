"""Every page costs at most twelve queries, the same number for a hundred songs as for twelve thousand, and few bytes.

New pages are found by themselves, from the addresses. How long they take is measured by `make bench`.
"""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from organizer.models import SpotifyAccount
from tests.organizer import large
from tests.organizer.browsing import signed_in
from tests.organizer.pages import PAGES, address

MOST = 12
MOST_BYTES = 150_000
SMALL, LARGE = 100, 12_000
MAIN = (
    "library",
    "duplicates",
    "genres",
    "plan",
    "plan-playlist",
    "review",
    "jobs",
    "history",
    "settings",
    "link",
)

Pair = tuple[SpotifyAccount, SpotifyAccount]


@pytest.fixture(scope="module")
def accounts(django_db_setup: None, django_db_blocker: Any) -> Iterator[Pair]:
    """A small library and a large one."""
    with django_db_blocker.unblock():
        yield large.library(SMALL, "bob"), large.library(LARGE, "ada")
        # Numbers go on, or those of songs that `kept` puts back would be given out a second time.
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False)


def cost(account: SpotifyAccount, name: str, asked: str) -> tuple[int, int]:
    """The page's status and how many queries it takes, its stream included."""
    client, path = signed_in(account), address(account, name, asked)
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)
        if response.streaming:
            list(response.streaming_content)
    return response.status_code, len(queries)


@pytest.mark.parametrize(("name", "asked"), PAGES)
def test_a_page_takes_few_queries_and_no_more_for_a_large_library(
    accounts: Pair, db: None, name: str, asked: str
) -> None:
    (status, few), (same, many) = (cost(account, name, asked) for account in accounts)
    assert status == same
    assert status in (200, 405)  # 405: it takes forms only
    assert few == many <= MOST


def transferred(path: str) -> int:
    """A file of ours as it travels: compressed when it was collected."""
    found = finders.find(path.removeprefix("/static/"))
    assert found, path
    return len(gzip.compress(Path(found).read_bytes(), 9))


@pytest.mark.parametrize("name", MAIN)
def test_a_first_visit_to_a_page_loads_few_bytes(accounts: Pair, db: None, name: str) -> None:
    _, account = accounts
    response = signed_in(account).get(address(account, name), headers={"accept-encoding": "gzip"})
    page = gzip.decompress(response.content).decode()
    ours = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    assert any(path.endswith(".css") for path in ours)
    assert len(response.content) + sum(map(transferred, ours)) < MOST_BYTES
