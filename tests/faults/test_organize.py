"""`manage.py organize` as cron runs it: a process of its own, with and without workers around."""

import pytest

from classifier.labels import FAMILIES
from organizer.models import GenrePlaylist, Job, SpotifyAccount
from tests.faults import journey
from tests.faults.program import Processes
from tests.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
GENRES = ("--genres", "+".join(FAMILIES[:8]) + "," + "+".join(FAMILIES[8:]), "--min-confidence", "0.2")


@pytest.fixture
def cleo(program: Processes, world: SimulatorProcess) -> SpotifyAccount:
    """Nine songs, so that the listening takes little time."""
    world.like(9, user="cleo")
    return journey.link("cleo", world)


def playlists(world: SimulatorProcess) -> dict[str, list[str]]:
    return {row["name"]: row["uris"] for row in world.state("cleo")["playlists"]}


def organized(program: Processes, *arguments: str) -> str:
    done = program.manage("organize", *arguments)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_it_shows_then_writes_then_has_nothing_to_do(
    program: Processes, world: SimulatorProcess, cleo: SpotifyAccount
) -> None:
    shown = organized(program, "cleo", *GENRES)
    assert ": new +" in shown
    assert "Nothing was written. Add --yes to write this plan." in shown
    assert playlists(world) == {}
    written = organized(program, "cleo", *GENRES, "--yes")
    assert playlists(world)
    for name, uris in playlists(world).items():
        assert f"{name}: made, {len(uris)} song" in written
        assert uris == GenrePlaylist.objects.get(name=name).written_uris != []
    assert "Everything is up to date; nothing to write." in organized(program, "cleo", *GENRES, "--yes")
    # No worker runs here that would draw the map.
    assert not Job.objects.exclude(state=Job.State.DONE).exclude(kind=Job.Kind.MAP).exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nobody", *GENRES), "CommandError: No linked account is called “nobody”. Linked users: "),
        (("cleo", "--genres", "polka"), "CommandError: “polka” is not a genre. Known: "),
        (("cleo", "--min-confidence", "7"), "CommandError: --min-confidence must be between 0 and 1."),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_one(
    program: Processes, cleo: SpotifyAccount, arguments: tuple[str, ...], sentence: str
) -> None:
    done = program.manage("organize", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
    assert not Job.objects.exists()


def test_an_ended_link_is_a_sentence_too(
    program: Processes, world: SimulatorProcess, cleo: SpotifyAccount
) -> None:
    world.revoke("cleo")
    done = program.manage("organize", "cleo", *GENRES)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("CommandError: Spotify no longer accepts this link.")
    assert "Traceback" not in done.stderr


@pytest.mark.long
def test_it_follows_along_when_a_worker_has_the_job(
    program: Processes, world: SimulatorProcess, cleo: SpotifyAccount
) -> None:
    program.start_missing(program.worker_io, program.worker_ml, program.beat)
    # The job lasts until the command has begun.
    world.set_fault("slow", service="spotify", path="/me/tracks", latency_ms=2500)
    world.set_fault("slow", service="reccobeats", latency_ms=2500)
    job = journey.start(cleo)
    shown = organized(program, "cleo", *GENRES)
    assert "Nothing was written." in shown
    assert Job.objects.get(kind=Job.Kind.ORGANIZE).pk == job.pk
    assert journey.now(job).state == Job.State.DONE
    pages = [call for call in world.requests("spotify") if call["path"] == "/v1/me/tracks"]
    assert len(pages) == 1
