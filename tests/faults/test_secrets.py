"""No token, code, verifier or client secret ever reaches a log, whatever goes wrong."""

import json
import logging
import secrets
import socket
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.conf import settings as django_settings

from organizer import accounts, jobs, network, tasks
from organizer.models import Job, SpotifyAccount
from organizer.providers.errors import ProviderError
from organizer.supervisor import services
from tests.faults import journey
from tests.faults.program import Processes, until
from tests.organizer.conftest import link
from tests.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
IN_TIME_S = 180
CLIENT_SECRET = f"client-secret-{secrets.token_hex(16)}"


class Browser:
    """Goes through the pages by HTTP and remembers every secret that passed."""

    def __init__(self, url: str, world: SimulatorProcess) -> None:
        self.url, self.world = url, world
        self.session = requests.Session()
        self.seen: set[str] = {CLIENT_SECRET}

    def post(self, path: str) -> requests.Response:
        self.session.get(f"{self.url}/link")
        token = {"X-CSRFToken": self.session.cookies.get("csrftoken", "")}
        return self.session.post(f"{self.url}{path}", headers=token, allow_redirects=False)

    def connect(self) -> None:
        self.session.get(self.url)
        to_spotify = self.post("/spotify/connect")
        assert to_spotify.status_code == 302, to_spotify.text
        store = import_module(django_settings.SESSION_ENGINE).SessionStore(self.session.cookies["sessionid"])
        back = self.world.consent(to_spotify.headers["Location"], "cleo")
        self.seen |= {*store["connecting"].values(), parse_qs(urlsplit(back).query)["code"][0]}
        page = self.session.get(back)
        assert "Connected to Spotify" in page.text
        self.note_tokens()

    def note_tokens(self) -> None:
        for account in SpotifyAccount.objects.all():
            self.seen |= {account.access_token, account.refresh_token}

    def wait_for(self, job: Job, is_so: Callable[[Job], bool]) -> None:
        """Polls, so that no token can come and go unnoticed."""

        def look() -> bool:
            self.note_tokens()
            return is_so(journey.now(job))

        until(look, IN_TIME_S, f"{journey.now(job).__dict__}")


@pytest.fixture
def browser(program: Processes, world: SimulatorProcess) -> Browser:
    """The whole program, talkative and impatient."""
    with socket.socket() as probe:
        probe.bind((services.LOCAL, 0))
        port = probe.getsockname()[1]
    url = f"http://{services.LOCAL}:{port}"
    env = {
        "LOG_LEVEL": "DEBUG",
        "SPOTIFY_CLIENT_SECRET": CLIENT_SECRET,
        "PUBLIC_URL": url,
        "HTTP_TIMEOUT_S": "1",
    }
    program.start(program.worker_io, program.worker_ml, program.beat, services.web(port), env=env)
    world.like(60, user="cleo")
    world.set_fault("http_500", service="deezer|itunes")
    return Browser(url, world)


def hurt(world: SimulatorProcess, browser: Browser, job: Job, fault: str, **wishes: Any) -> None:
    """A fault during a refresh, long enough for the job to say so; then it is gone."""
    world.expire()
    world.set_fault(fault, service="accounts", **wishes)
    tasks.enqueue(job)
    browser.wait_for(job, lambda row: row.state in {Job.State.WAITING, Job.State.PAUSED})
    world.clear_faults(fault)
    Job.objects.filter(pk=job.pk, state=Job.State.WAITING).update(state=Job.State.QUEUED, wait_until=None)


@pytest.mark.long
def test_no_secret_in_any_log_of_a_whole_job(
    program: Processes, world: SimulatorProcess, browser: Browser
) -> None:
    browser.connect()
    account = SpotifyAccount.objects.get()
    job, _ = jobs.start(account, Job.Kind.ORGANIZE)
    hurt(world, browser, job, "accounts_outage")
    hurt(world, browser, job, "malformed_json")
    hurt(world, browser, job, "timeout_after_effect", delay_s=2.0)
    world.revoke("cleo")
    tasks.enqueue(journey.now(job))
    browser.wait_for(job, lambda row: row.state == Job.State.PAUSED)
    browser.connect()
    world.expire()
    browser.wait_for(job, lambda row: row.state == Job.State.DONE)
    write = journey.write(journey.propose(account))
    world.expire()
    browser.wait_for(write, lambda row: row.state == Job.State.DONE)
    stumble(browser, account)
    browser.note_tokens()
    logs = {path.name: path.read_text() for path in program.logs.iterdir()}
    logs["requests"] = json.dumps(world.requests())
    assert {"web.log", "worker-io.log", "worker-ml.log", "beat.log"} <= logs.keys()
    assert " DEBUG " in logs["worker-io.log"] and "Traceback" in logs["worker-io.log"]
    assert len(browser.seen) >= 1 + 2 * 2 + 2 * 3, "the run did not refresh as often as it should"
    assert found_in(logs, browser.seen) == []


def stumble(browser: Browser, account: SpotifyAccount) -> None:
    """A mistake of the program itself: the log gets the traceback, the page a sentence."""
    job, _ = jobs.start(account, Job.Kind.ORGANIZE)
    Job.objects.filter(pk=job.pk).update(cursor={"total": "nonsense"})
    tasks.enqueue(job)
    browser.wait_for(job, lambda row: row.state == Job.State.FAILED)
    page = browser.session.get(f"{browser.url}/jobs/{job.pk}").text
    assert "Something unexpected went wrong." in page
    assert "Traceback" not in page and "TypeError" not in page


def found_in(logs: dict[str, str], wanted: set[str]) -> list[str]:
    """Which logs hold a secret, as it is or as part of a basic authorization."""
    from base64 import b64encode

    basic = b64encode(f"{django_settings.SPOTIFY_CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    texts = {secret for secret in wanted if secret} | {basic}
    return [name for name, text in logs.items() if any(secret in text for secret in texts)]


@pytest.mark.parametrize(
    "fault",
    [
        "timeout_after_effect",
        "malformed_json",
        "http_500",
        "rate_limited_plain_text",
        "token_revoked",
        "unreachable",
    ],
)
def test_no_secret_in_records_and_tracebacks_of_failing_calls(
    world: SimulatorProcess, settings: Any, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    account = link("cleo", world)
    settings.HTTP_TIMEOUT_S = 0.5
    network.reset()
    world.expire()
    if fault == "unreachable":
        settings.SPOTIFY_ACCOUNTS_URL = settings.SPOTIFY_ACCOUNTS_URL.replace("127.0.0.1", "127.0.0.2")
        settings.PREVIEW_HOSTS = [urlsplit(settings.SPOTIFY_ACCOUNTS_URL).netloc]
    else:
        world.set_fault(fault, service="accounts|spotify")
    with pytest.raises(ProviderError) as raised:
        accounts.with_spotify(account, lambda api: api.profile())
    with pytest.raises(ProviderError) as refused:
        accounts.fresh_token(account, instead_of=account.access_token)
    errors = [traceback.format_exception(one.value) for one in (raised, refused)]
    wanted = {account.access_token, account.refresh_token, settings.SPOTIFY_CLIENT_SECRET, "v" * 64}
    assert found_in({"records": caplog.text, "tracebacks": str(errors)}, wanted) == []
