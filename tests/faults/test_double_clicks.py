"""Two users with two tabs each, and two clicks a tab, all at once, at the real web process: one job, one plan, once."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from organizer import plans
from organizer.models import Job, ModelVersion, Plan, SpotifyAccount
from organizer.supervisor import services
from tests.faults import journey
from tests.faults.program import Processes, until
from tests.faults.tabs import Tab, at_once, tabs_of
from tests.organizer.conftest import link, predict_in_turn
from tests.organizer.test_library import sync
from tests.program import free_port
from tests.simulator_process import SimulatorProcess

pytestmark = pytest.mark.faults
NAMES, TABS, CLICKS = ("ada", "ben"), 2, 2
CHOICES = [plans.Choice("Loud", ("rock", "pop"), 0.0), plans.Choice("Blue", ("jazz-blues",), 0.0)]


@pytest.fixture(scope="module")
def program(
    database: str, simulator_process: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Processes]:
    port, directory = free_port(), tmp_path_factory.mktemp("program")
    urls = {"database_url": database, "simulator_url": simulator_process.url}
    with Processes(directory, port=port, **urls) as processes:
        processes.start(services.web(port), processes.worker_io, processes.beat)
        yield processes


@pytest.fixture
def accounts(program: Processes, world: SimulatorProcess) -> Iterator[list[SpotifyAccount]]:
    """Both have read their likes, know their genres, and have chosen playlists."""
    found = [link(name, world) for name in NAMES]
    for account in found:
        sync(account)
        plans.choose(account, CHOICES)
    predict_in_turn(found[0])
    yield found
    ModelVersion.objects.all().delete()


@pytest.fixture
def tabs(program: Processes, accounts: list[SpotifyAccount]) -> dict[str, list[Tab]]:
    url = f"http://{services.LOCAL}:{program.port}"
    return {account.spotify_id: tabs_of(account, url, TABS) for account in accounts}


Path = Callable[[SpotifyAccount], str]


def click_everywhere(
    tabs: dict[str, list[Tab]], accounts: list[SpotifyAccount], *, page: Path, button: Path, form: Any
) -> dict[str, list[str]]:
    """Every tab clicks twice, all in the same moment; where each click led, by user."""
    acts, whose = [], []
    for account in accounts:
        for tab in tabs[account.spotify_id]:
            values = form(account) | {"csrfmiddlewaretoken": tab.token(page(account))}
            acts += [partial(tab.click, button(account), values)] * CLICKS
            whose += [account.spotify_id] * CLICKS
    found: dict[str, list[str]] = {account.spotify_id: [] for account in accounts}
    for name, answer in zip(whose, at_once(acts), strict=True):
        assert not isinstance(answer, Exception), answer
        assert answer[0] == 302, answer
        found[name].append(answer[1])
    assert all(len(places) == TABS * CLICKS for places in found.values())
    return found


def jobs_of(account: SpotifyAccount, kind: Job.Kind) -> list[Job]:
    return list(account.jobs.filter(kind=kind))


def test_one_click_of_many_starts_the_reading(
    tabs: dict[str, list[Tab]], accounts: list[SpotifyAccount]
) -> None:
    known = list(Job.objects.values_list("pk", flat=True))
    to = click_everywhere(
        tabs, accounts, page=lambda _: "/library", button=lambda _: "/jobs/start", form=lambda _: {}
    )
    for account in accounts:
        assert len(account.jobs.exclude(pk__in=known)) == 1
        assert set(to[account.spotify_id]) == {"/library"}


def make_plans(tabs: dict[str, list[Tab]], accounts: list[SpotifyAccount]) -> dict[str, list[str]]:
    return click_everywhere(
        tabs, accounts, page=lambda _: "/genres", button=lambda _: "/plan/make", form=lambda _: {}
    )


def made(account: SpotifyAccount) -> Plan:
    """The one plan that is there once nothing runs any more."""
    until(lambda: not account.jobs.active().exists(), 120)
    return account.plans.get(state=Plan.State.PROPOSED)


def test_one_click_of_many_makes_the_plan(tabs: dict[str, list[Tab]], accounts: list[SpotifyAccount]) -> None:
    to = make_plans(tabs, accounts)
    for account in accounts:
        plan = made(account)
        (job,) = jobs_of(account, Job.Kind.PLAN)
        assert set(to[account.spotify_id]) <= {f"/plan/{plan.pk}", f"/jobs/{job.pk}"}
        assert account.plans.count() == 1


def test_one_click_of_many_applies_the_plan_once(
    tabs: dict[str, list[Tab]], accounts: list[SpotifyAccount], world: SimulatorProcess
) -> None:
    proposed = {account.spotify_id: plans.make(account) for account in accounts}
    to = click_everywhere(
        tabs,
        accounts,
        page=lambda account: f"/plan/{proposed[account.spotify_id].pk}",
        button=lambda account: f"/plan/{proposed[account.spotify_id].pk}/apply",
        form=lambda account: {"playlist": [row.pk for row in account.playlists.all()]},
    )
    for account in accounts:
        (job,) = jobs_of(account, Job.Kind.WRITE)
        assert set(to[account.spotify_id]) == {f"/jobs/{job.pk}"}
        journey.finished(job)
        journey.check_playlists(account, world, proposed[account.spotify_id])
        assert account.plans.get().state == Plan.State.APPLIED
    made = [
        call
        for call in world.requests("spotify")
        if (call["method"], call["path"]) == ("POST", "/v1/me/playlists")
    ]
    assert len(made) == len(CHOICES) * len(accounts)


def test_one_click_of_many_undoes_a_run_once(
    tabs: dict[str, list[Tab]], accounts: list[SpotifyAccount], world: SimulatorProcess
) -> None:
    runs = {account.spotify_id: plans.make(account) for account in accounts}
    for account in accounts:
        journey.finished(journey.write(runs[account.spotify_id]))
    address = {name: f"/history/run/{run.pk}" for name, run in runs.items()}
    click_everywhere(
        tabs,
        accounts,
        page=lambda account: address[account.spotify_id],
        button=lambda account: f"{address[account.spotify_id]}/undo",
        form=lambda _: {},
    )
    for account in accounts:
        plan = made(account)
        assert (plan.kind, plan.target) == (Plan.Kind.UNDO, runs[account.spotify_id])
        assert len(account.plans.all()) == 2
        journey.finished(journey.write(plan))
        left = [
            row["uris"]
            for row in world.state(account.spotify_id)["playlists"]
            if row["name"] in ("Loud", "Blue")
        ]
        assert left == [[], []]


def test_got_it_is_the_same_however_often_it_is_clicked(
    tabs: dict[str, list[Tab]], accounts: list[SpotifyAccount]
) -> None:
    until_then = timezone.now()
    click_everywhere(
        tabs,
        accounts,
        page=lambda _: "/library",
        button=lambda _: "/library/seen",
        form=lambda _: {"until": until_then.isoformat()},
    )
    seen = SpotifyAccount.objects.values_list("visited_at", flat=True)
    assert list(seen) == [until_then] * len(accounts)
