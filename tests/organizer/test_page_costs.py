"""Every page costs at most twelve queries, the same number for a hundred songs as for twelve thousand.

New pages are found by themselves, from the addresses. How long they take is measured by `make bench`.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse

from organizer.models import SpotifyAccount
from organizer.urls import urlpatterns
from tests.organizer import large
from tests.organizer.browsing import signed_in

MOST = 12
SMALL, LARGE = 100, 12_000
# What only sends people elsewhere, is asked by machines, or is a file with everything.
NO_PAGES = {"landing", "callback", "healthz", "favicon", "plan-latest", "export"}
NAMES = [path.name for path in urlpatterns if isinstance(path, URLPattern) and path.name not in NO_PAGES]
ASKED = {
    "library": [
        "?q=blue+night",
        "?genre=rock&sort=unsure",
        "?part=review&sort=title&page=2",
        "?known=sound&sort=artist",
    ],
    "review": ["?page=2"],
    "duplicates": ["?page=2"],
}
PAGES = [(name, asked) for name in NAMES for asked in ["", *ASKED.get(name, [])]]


@pytest.fixture(scope="module")
def accounts(
    django_db_setup: None, django_db_blocker: Any
) -> Iterator[tuple[SpotifyAccount, SpotifyAccount]]:
    """A small library and a large one."""
    with django_db_blocker.unblock():
        yield large.library(SMALL, "bob"), large.library(LARGE, "ada")
        call_command("flush", verbosity=0, interactive=False)


def cost(account: SpotifyAccount, name: str, asked: str) -> tuple[int, int]:
    """The page's status and how many queries it takes, its stream included."""
    client, address = signed_in(account), reverse(name, kwargs=large.keys(account, name)) + asked
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
        if response.streaming:
            list(response.streaming_content)
    return response.status_code, len(queries)


@pytest.mark.parametrize(("name", "asked"), PAGES)
def test_a_page_takes_few_queries_and_no_more_for_a_large_library(
    accounts: tuple[SpotifyAccount, SpotifyAccount], db: None, name: str, asked: str
) -> None:
    (status, few), (same, many) = (cost(account, name, asked) for account in accounts)
    if status == 405:
        pytest.skip("It is no page: it takes forms only.")
    assert status == same == 200
    assert few == many <= MOST
