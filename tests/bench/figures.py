"""Three figures, each against the least work that could do the same.

Absolute times depend on the machine; the ratios hardly do. Each is the best of a few runs.
"""

import time
from collections.abc import Callable

import requests

from tests.simulator_process import SimulatorProcess

LIKED, TRACKS, RUNS = 600, 10_000, 5  # the simulator invents 600 songs
PAGE = 50


def best_of(work: Callable[[], object], runs: int = RUNS) -> float:
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def report(what: str, *, took_s: float, floor_s: float, count: int, unit: str) -> None:
    print(f"{what:9} {count / took_s:12,.0f} {unit:14} {took_s / floor_s:6.1f} × the floor", flush=True)


def sync() -> None:
    """A first sync into PostgreSQL; the floor is fetching the same pages and throwing them away."""
    from django.conf import settings

    from organizer import accounts, jobs, library, network
    from organizer.models import Job
    from organizer.settings import service_urls

    with SimulatorProcess("--liked", str(LIKED)) as simulator:
        for name, url in service_urls(simulator.url).items():
            setattr(settings, name, url)
        url = network.spotify_accounts().authorize_url(
            state="s", verifier="v" * 64, scopes="user-library-read"
        )
        code = simulator.consent(url).partition("code=")[2].partition("&")[0]
        account = accounts.link_account(code, "v" * 64, user=None)
        floor_s = best_of(lambda: fetch(settings.SPOTIFY_API_URL, account.access_token), runs=2)
        job = jobs.claim(jobs.start(account, Job.Kind.ORGANIZE)[0].pk)
        assert job is not None, "nobody else works on this database"
        took_s = best_of(lambda: library.sync_batch(job), runs=1)
        assert account.saves.count() == LIKED, "the sync stopped early"
    report("sync", took_s=took_s, floor_s=floor_s, count=LIKED, unit="songs/s")


def fetch(api_url: str, token: str) -> None:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        for offset in range(0, LIKED, PAGE):
            session.get(f"{api_url}/me/tracks", params={"limit": PAGE, "offset": offset}).raise_for_status()


def predictions() -> None:
    """The shipped version on tracks with all evidence; the floor is its networks alone."""
    from classifier import registry
    from classifier.nets import log_probabilities
    from classifier.predict import Example, Predictor

    predictor = Predictor.load(registry.shipped_path())
    features = dict.fromkeys(predictor.feature_names, 0.5)
    examples = [Example(str(number), features, ("Somebody",)) for number in range(TRACKS)]
    x = predictor._matrix(examples)
    took_s = best_of(lambda: predictor.predict(examples))
    floor_s = best_of(lambda: log_probabilities(predictor.nets, x))
    report("predict", took_s=took_s, floor_s=floor_s, count=TRACKS, unit="songs/s")


def plan() -> None:
    """The difference for one playlist of 10,000 songs with half of them new; the floor is two set differences."""
    from organizer.merging import Seen, diff

    there = [f"spotify:track:{number:022}" for number in range(TRACKS)]
    wanted = dict.fromkeys((f"spotify:track:{number + TRACKS // 2:022}" for number in range(TRACKS)), "why")
    seen = Seen(tuple(there))
    took_s = best_of(lambda: diff(seen, wanted, {}, exists=True))
    floor_s = best_of(lambda: (set(there) - set(wanted), set(wanted) - set(there)))
    report("plan", took_s=took_s, floor_s=floor_s, count=TRACKS, unit="songs/s")


def measure() -> None:
    """Needs Django and a migrated database."""
    from classifier.errors import ModelError

    plan()
    sync()
    try:
        predictions()
    except ModelError as error:
        print(f"predict   not measured: {error}")
