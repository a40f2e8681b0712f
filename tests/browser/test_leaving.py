"""A page that follows a job must not call back somebody who is on the way to another."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from organizer.models import Job, SpotifyAccount
from tests.browser.test_genres import cookie, enter  # noqa: F401
from tests.organizer.conftest import ada, fresh_clients, library  # noqa: F401

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("order", ["HX-Refresh", "HX-Redirect"])
def test_a_job_that_ends_while_somebody_leaves_its_page_does_not_bring_them_back(
    library: SpotifyAccount,  # noqa: F811
    cookie: str,  # noqa: F811
    page: Any,
    live_server: Any,
    order: str,
) -> None:
    enter(page.context, cookie, live_server.url)
    job = Job.objects.create(account=library, kind=Job.Kind.PLAN, state=Job.State.RUNNING)
    left, ended = [], []

    def dawdle(route: Any) -> None:
        left.append(True)
        page.wait_for_timeout(4000)  # meanwhile the page that is left asks again
        route.continue_()

    def end(route: Any) -> None:
        if not left:
            return route.continue_()
        ended.append(True)
        return route.fulfill(headers={order: "true" if order == "HX-Refresh" else "/history"})

    page.goto(f"{live_server.url}/jobs/{job.pk}")
    page.route("**/settings", dawdle)
    page.route(f"**/jobs/{job.pk}", end)
    page.get_by_role("link", name="Settings").first.click(no_wait_after=True)
    expect(page).to_have_url(re.compile("/settings$"))
    assert ended
