"""What a library costs in calls to Spotify, the first time and every time after."""

import csv
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from classifier.labels import FAMILIES
from organizer import network, plans, verdicts, writing
from organizer.models import GenrePlaylist, Job, SpotifyAccount
from tests.faults import journey
from tests.faults.rounds import go_on, has_job_in
from tests.organizer.conftest import link
from tests.organizer.test_library import liked_uris, sync
from tests.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.faults, pytest.mark.django_db]
SONGS, PAGES = 2000, 40


def calls(simulator: Any) -> Counter[str]:
    """How often each Spotify path was asked, by method; pages of one list count as the list."""
    return Counter(f"{call['method']} {call['path']}" for call in simulator.requests("spotify"))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    path = tmp_path_factory.mktemp("catalog") / "songs.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["track_id", "track_name", "artists", "track_genre"])
        writer.writerows([f"{n:022}", f"Song {n}", f"Artist {n % 300}", "rock"] for n in range(SONGS))
    with SimulatorProcess("--catalog", str(path), "--liked", str(SONGS)) as process:
        yield process


def test_two_thousand_songs_cost_forty_pages_and_one_profile(
    large: SimulatorProcess, settings: Any, redis_client: Any
) -> None:
    large.point(settings)
    network.reset()
    ada = link("ada", large)
    sync(ada)
    assert calls(large) == {"GET /v1/me": 1, "GET /v1/me/tracks": PAGES}
    assert liked_uris(ada) == large.state()["liked"]
    assert ada.saves.count() == SONGS


@pytest.fixture
def written(simulator: Any, settings: Any, tmp_path_factory: Any) -> SpotifyAccount:
    """Cleo, whose 60 songs are in playlists already; previews are left out, for time."""
    settings.MEDIA_ROOT, settings.PREVIEW_PROVIDERS = tmp_path_factory.getbasetemp() / "media", []
    network.reset()
    simulator.like(60, user="cleo")
    cleo = link("cleo", simulator)
    go_on(has_job_in("sync", cleo), simulator)
    go_on(writing.start(journey.propose(cleo, STRICT))[0], simulator)
    return cleo


STRICT = [plans.Choice("All that is known", tuple(FAMILIES), 0.5)]  # songs without evidence do not pass


def run_again(account: SpotifyAccount, simulator: Any) -> Counter[str]:
    """Read, classify, plan and write whatever there is; the calls that it took."""
    before = calls(simulator)
    go_on(has_job_in("sync", SpotifyAccount.objects.get(pk=account.pk)), simulator)
    plan = plans.make(account)
    if plan.calls:
        go_on(writing.start(plan)[0], simulator)
    return calls(simulator) - before


def writes(made: Counter[str]) -> int:
    return sum(count for call, count in made.items() if not call.startswith("GET "))


def test_with_no_new_likes_a_run_reads_a_page_and_writes_nothing(
    written: SpotifyAccount, simulator: Any
) -> None:
    made = run_again(written, simulator)
    assert made["GET /v1/me/tracks"] <= 2
    assert writes(made) == 0


def new_songs(simulator: Any) -> list[str]:
    """Three that Cleo does not like yet: of two the features are known, of one they are not."""
    fresh = simulator.like(20, user="cleo")
    simulator.unlike(fresh, user="cleo")
    known = [uri for uri in fresh if simulator.track(uri)["reccobeats"]]
    return [*known[:2], next(uri for uri in fresh if uri not in known)]


def test_three_new_likes_cost_two_pages_and_only_those_that_pass_are_added(
    written: SpotifyAccount, simulator: Any
) -> None:
    (before,) = [row["uris"] for row in simulator.state("cleo")["playlists"]]
    simulator.like(uris=new_songs(simulator), user="cleo")
    made = run_again(written, simulator)
    (after,) = [row["uris"] for row in simulator.state("cleo")["playlists"]]
    rule = GenrePlaylist.objects.get()
    passing = [song.track.uri for song in verdicts.of_library(written) if journey.passes(song, rule)]
    assert made["GET /v1/me/tracks"] <= 2
    assert writes(made) == 1
    assert after[: len(before)] == before and len(after) == len(before) + 2
    assert sorted(after) == sorted(passing)
    assert Job.objects.filter(kind=Job.Kind.ORGANIZE).first().counts["new"] == 3
