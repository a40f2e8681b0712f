"""Every fault of the simulator ends in recovery or in one clear sentence, and nothing is lost."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from organizer import network, plans, writing
from organizer.models import AudioAnalysis, AudioFeatures, Job, Plan, SpotifyAccount
from simulator.faults import KINDS
from tests.faults import journey
from tests.faults.matrix import CASES, Case, is_fit_for_people
from tests.faults.protocol import AT_THE_WIRE, Protocol, documented_faults
from tests.faults.rounds import ROUNDS, edited, go_on, has_job_in, one_round
from tests.gates import open_gates
from tests.organizer.browsing import said, signed_in, visitor
from tests.organizer.conftest import link, predict_in_turn
from tests.organizer.test_library import sync

pytestmark = [pytest.mark.faults, pytest.mark.django_db]
SONGS = {"sync": 60, "enrich": 60, "listen": 4, "write": 120, "plan": 60, "undo": 60}


@pytest.fixture(scope="module")
def protocol() -> Iterator[Protocol]:
    order = list(KINDS)
    kept = Protocol(
        AT_THE_WIRE, [row_key(case) for case in sorted(CASES, key=lambda one: order.index(one.fault))]
    )
    yield kept
    kept.write()


@pytest.fixture(autouse=True)
def surroundings(simulator: Any, settings: Any, tmp_path_factory: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path_factory.getbasetemp() / "media"
    network.reset()
    open_gates()
    yield
    network.reset()


def row_key(case: Case) -> tuple[str, str, str]:
    return case.fault, case.phase, case.service.replace("|", ", ")


def cases_of(*phases: str) -> Any:
    return pytest.mark.parametrize("case", [case for case in CASES if case.phase in phases], ids=str)


def strike(case: Case, simulator: Any, settings: Any) -> None:
    if case.hangs:
        settings.HTTP_TIMEOUT_S = case.patience_s
        network.reset()
    if case.service == "accounts" and case.phase != "link":
        simulator.expire()
    simulator.set_fault(case.fault, service=case.service, **case.wishes)


def soothe(case: Case, simulator: Any, settings: Any) -> None:
    assert simulator.faults()[0]["struck"] > 0, "the fault never struck"
    simulator.clear_faults()
    settings.HTTP_TIMEOUT_S = 10
    network.reset()


def settle(job: Job, phase: str) -> tuple[Job, list[str]]:
    """Rounds until the job leaves the phase, ends, pauses, or waits and waits; and all it said meanwhile."""
    heard: list[str] = []
    for _ in range(ROUNDS):
        job = one_round(job)
        heard += job.counts.get("notes", [])
        if job.state in {Job.State.WAITING, Job.State.PAUSED, Job.State.FAILED}:
            heard.append(job.error or job.wait_reason)
            check_page(job, heard[-1])
        if job.state not in {Job.State.RUNNING, Job.State.WAITING} or job.phase != phase:
            break
    return job, list(dict.fromkeys(heard))


def check_page(job: Job, sentence: str) -> None:
    """The job's page shows the sentence, and no more of what went wrong."""
    assert job.account is not None
    page = signed_in(job.account).get(reverse("job", args=[job.pk])).content.decode()
    assert escape(sentence) in page
    assert "Traceback" not in page
    secrets = (job.account.access_token, job.account.refresh_token)
    assert not any(secret in page for secret in secrets)


def outcome(job: Job, heard: list[str]) -> str:
    if job.state == Job.State.FAILED:
        return "stops; Resume goes on" if len(heard) == 1 else "tries 8 times, then stops; Resume goes on"
    if job.state == Job.State.PAUSED:
        return "pauses until the user reconnects"
    if job.state == Job.State.WAITING:
        return "waits and goes on by itself"
    return "goes on without, and says so" if heard else "goes on unharmed"


@pytest.fixture
def cleo(simulator: Any) -> SpotifyAccount:
    return link("cleo", simulator)


def struck(job: Job, case: Case, *, simulator: Any, settings: Any, protocol: Protocol, caplog: Any) -> Job:
    """Put the job through the fault and out of it again."""
    strike(case, simulator, settings)
    phase = job.phase
    job, heard = settle(job, phase)
    heard += song_errors() if phase == "listen" else []
    assert all(map(is_fit_for_people, heard)), heard
    result = outcome(job, heard)
    soothe(case, simulator, settings)
    job = go_on(job, simulator)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    protocol.note(row_key(case), KINDS[case.fault][1], result, heard)
    return job


def song_errors() -> list[str]:
    """What the songs' own pages say where there is no preview, beyond that nobody has one."""
    errors = AudioAnalysis.objects.exclude(error="").exclude(error__startswith="No service has")
    return sorted(set(errors.values_list("error", flat=True)))


@cases_of("sync")
def test_reading_the_library(
    case: Case, cleo: SpotifyAccount, simulator: Any, settings: Any, protocol: Protocol, caplog: Any
) -> None:
    settings.PREVIEW_PROVIDERS = []
    simulator.like(SONGS["sync"], user="cleo")
    job = has_job_in("sync", cleo)
    struck(job, case, simulator=simulator, settings=settings, protocol=protocol, caplog=caplog)
    if case.fault == "null_entries":  # what could not be read comes with the next run
        go_on(has_job_in("sync", cleo), simulator)
    journey.check_library(cleo, simulator)


@cases_of("enrich")
def test_looking_up_features(
    case: Case, cleo: SpotifyAccount, simulator: Any, settings: Any, protocol: Protocol, caplog: Any
) -> None:
    settings.PREVIEW_PROVIDERS = []
    simulator.like(SONGS["enrich"], user="cleo")
    job = has_job_in("enrich", cleo)
    struck(job, case, simulator=simulator, settings=settings, protocol=protocol, caplog=caplog)
    journey.check_library(cleo, simulator)
    go_on(has_job_in("enrich", cleo), simulator)  # what was left out comes with the next run
    known = {
        row.track.uri for row in AudioFeatures.objects.exclude(values__isnull=True).select_related("track")
    }
    assert known == {uri for uri in simulator.state("cleo")["liked"] if simulator.track(uri)["reccobeats"]}


@cases_of("listen")
def test_listening_to_previews(
    case: Case, cleo: SpotifyAccount, simulator: Any, settings: Any, protocol: Protocol, caplog: Any
) -> None:
    simulator.like(SONGS["listen"], user="cleo")
    job = has_job_in("listen", cleo)
    struck(job, case, simulator=simulator, settings=settings, protocol=protocol, caplog=caplog)
    journey.check_library(cleo, simulator)
    missed = AudioAnalysis.objects.filter(embedding__isnull=True)
    assert all(row.error.endswith(".") and row.retry_at for row in missed)
    missed.update(retry_at=timezone.now() - timedelta(seconds=1))
    go_on(has_job_in("listen", cleo), simulator)
    heard = set(AudioAnalysis.objects.exclude(embedding__isnull=True).values_list("track__uri", flat=True))
    assert heard == {uri for uri in simulator.state("cleo")["liked"] if has_preview(simulator.track(uri))}


def has_preview(truth: dict[str, Any]) -> bool:
    return truth["deezer"] in ("isrc", "search") or bool(truth["itunes"])


@cases_of("write")
def test_writing_playlists(
    case: Case, cleo: SpotifyAccount, simulator: Any, settings: Any, protocol: Protocol, caplog: Any
) -> None:
    simulator.like(SONGS["write"], user="cleo")
    sync(cleo)
    predict_in_turn(cleo)
    plan = journey.propose(cleo)
    job, _ = writing.start(plan)
    struck(job, case, simulator=simulator, settings=settings, protocol=protocol, caplog=caplog)
    journey.check_playlists(cleo, simulator, plan)


@cases_of("plan")
def test_making_a_plan(
    case: Case, cleo: SpotifyAccount, simulator: Any, settings: Any, protocol: Protocol, caplog: Any
) -> None:
    _, left = edited(cleo, simulator, SONGS["plan"])
    job, _ = plans.start(cleo)
    job = struck(job, case, simulator=simulator, settings=settings, protocol=protocol, caplog=caplog)
    plan = Plan.objects.get(pk=job.counts["plan"])
    if case.fault == "null_entries":  # what is missing may be what could not be read, until it is read again
        simulator.edit_playlist("rename", simulator.playlist("Loud", "cleo")["id"], user="cleo", name="Loud!")
        simulator.edit_playlist("rename", simulator.playlist("Loud!", "cleo")["id"], user="cleo", name="Loud")
        plan = plans.make(cleo)
    kinds = list(plan.items.values_list("kind", flat=True))
    assert sorted(kinds) == ["kept_in", "kept_out"]  # hand edits are known, nothing else is proposed
    assert simulator.playlist("Loud", "cleo")["uris"] == left


@cases_of("undo")
def test_writing_an_undo(
    case: Case, cleo: SpotifyAccount, simulator: Any, settings: Any, protocol: Protocol, caplog: Any
) -> None:
    from organizer import history

    run, left = edited(cleo, simulator, SONGS["undo"])
    go_on(history.start_undo(cleo, run)[0], simulator)
    job, _ = writing.start(Plan.objects.filter(account=cleo).latest("pk"))
    struck(job, case, simulator=simulator, settings=settings, protocol=protocol, caplog=caplog)
    added = set(run.items.filter(kind="add").values_list("uri", flat=True))
    assert simulator.playlist("Loud", "cleo")["uris"] == [uri for uri in left if uri not in added]


def connect(simulator: Any) -> tuple[Client, str]:
    """A visitor who goes through the consent page; what the page after it says."""
    client = visitor()
    to_spotify = client.post(reverse("connect"))
    back = simulator.consent(to_spotify["Location"], "cleo")
    return client, said(client.get(back))


@cases_of("link")
def test_connecting(case: Case, simulator: Any, settings: Any, protocol: Protocol, caplog: Any) -> None:
    strike(case, simulator, settings)
    _, sentence = connect(simulator)
    is_linked = SpotifyAccount.objects.exists()
    soothe(case, simulator, settings)
    open_gates()
    assert is_fit_for_people(sentence), sentence
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    result = "links all the same" if is_linked else "links nothing; try again"
    protocol.note(row_key(case), KINDS[case.fault][1], result, [sentence])
    assert "Connected to Spotify" in connect(simulator)[1]
    assert SpotifyAccount.objects.count() == 1


def test_a_song_that_could_not_be_read_was_not_taken_out_by_hand(
    cleo: SpotifyAccount, simulator: Any
) -> None:
    simulator.like(30, user="cleo")
    sync(cleo)
    predict_in_turn(cleo)
    job, _ = writing.start(journey.propose(cleo))
    go_on(job, simulator)
    playlist = simulator.state("cleo")["playlists"][0]
    simulator.edit_playlist("rename", playlist["id"], user="cleo", name="Renamed")  # a new snapshot
    simulator.set_fault("null_entries", path="/items")
    plans.make(cleo)
    simulator.clear_faults()
    simulator.edit_playlist("rename", playlist["id"], user="cleo", name="Again")
    plan = plans.make(cleo)
    assert simulator.state("cleo")["playlists"][0]["uris"] == playlist["uris"]
    assert not plan.items.exists()


def test_every_fault_is_documented() -> None:
    assert documented_faults() == set(KINDS)
    assert {case.fault for case in CASES} == set(KINDS)
