"""Workers' signs of life, the health page and the admin's first page, against a real Valkey, and without one."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from organizer import classify, health, jobs, network, pulse, staff, storage, vitals
from organizer.doctor import State
from organizer.models import (
    Correction,
    Dataset,
    Job,
    ModelVersion,
    Prediction,
    Promotion,
    SpotifyAccount,
    Track,
    TrainingRun,
)
from organizer.training import corrections, suggestion, versions
from tests.organizer import staff_pages
from tests.program import until

GONE = "redis://127.0.0.1:1/0"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def owner(db: None, redis_client: Any, settings: Any) -> Client:
    settings.SPOTIFY_CLIENT_ID = ""  # nobody is asked over the network
    network.reset()
    staff.prepare()
    return staff_pages.staff("Owner")


def sign(worker: str, *queues: str, role: str = vitals.MAIN, ago_s: float = 0, pid: int = 1) -> None:
    one = vitals.Reporter(worker, role, list(queues)).vitals()
    row = {**vars(one), "noted_at": time.time() - ago_s, "pid": pid, "models": []}
    network.redis_client().hset(vitals.KEY, f"{worker}/{pid}", json.dumps(row))


def all_there() -> None:
    pulse.beat()
    sign("io@here", "io")
    sign("ml@here", "ml", "train")


# --- vitals ---------------------------------------------------------------------------------------


def test_a_process_notes_its_memory_and_the_models_that_it_holds(redis_client: Any) -> None:
    class Model:
        pass

    model = vitals.held("run-7", Model())
    vitals.Reporter("ml@here", vitals.CHILD, ["ml"]).note()
    (one,) = vitals.read(redis_client)
    assert one.is_alive and one.pid == os.getpid() and one.queues == ["ml"]
    assert one.rss_bytes and one.rss_bytes > 10_000_000
    assert "run-7" in [loaded.name for loaded in one.models]
    del model
    assert "run-7" not in [loaded.name for loaded in vitals.models_in_memory()]


def test_the_predictor_in_memory_is_named(db: None, redis_client: Any) -> None:
    classify._predictor.cache_clear()
    classify.predictor(classify.champion())
    assert "shipped" in [loaded.name for loaded in vitals.models_in_memory()]


def test_who_is_silent_is_missed_until_another_takes_the_place(redis_client: Any) -> None:
    sign("ml@here", "ml", ago_s=vitals.SILENT_S + 5, pid=1)
    assert [one.is_alive for one in vitals.read(redis_client)] == [False]
    sign("ml@here", "ml", pid=2)
    assert [one.pid for one in vitals.read(redis_client)] == [2]


def test_a_new_process_clears_away_what_it_replaces(redis_client: Any) -> None:
    sign("ml@here", "ml", ago_s=vitals.SILENT_S + 5, pid=1)
    sign("old@there", "io", ago_s=vitals.KEPT_S + 5, pid=2)
    sign("io@here", "io", pid=3)
    vitals.Reporter("ml@here", vitals.MAIN, ["ml"])._forget_former()
    assert redis_client.hkeys(vitals.KEY) == [b"io@here/3"]


def test_notes_of_another_version_are_left_aside(redis_client: Any) -> None:
    redis_client.hset(vitals.KEY, mapping={"a/1": "{}", "b/2": "no json", "c/3": '{"models": 1}'})
    assert vitals.read(redis_client) == []


def test_noting_without_redis_disturbs_nobody(settings: Any) -> None:
    settings.REDIS_URL = GONE
    network.reset()
    reporter = vitals.Reporter("io@here", vitals.MAIN, ["io"])
    reporter.task_done()
    assert reporter.tasks == 1


@pytest.fixture
def worker(redis_client: Any, db: None, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real one, of the queue `train`, with a pool of one process."""
    pool = ["-Q", "train", "-P", "prefork", "-c", "1", "-n", "trainer@test"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    command = [sys.executable, "-m", "celery", "-A", "organizer.celery:app", "worker", *pool, *quiet]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "C_FORCE_ROOT": "1"}
        )
    yield process
    process.kill()
    process.wait()


def test_a_real_worker_shows_itself_and_its_child_and_is_missed_when_killed(
    worker: subprocess.Popen[bytes], redis_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown() -> dict[str, vitals.Vitals]:
        return {one.role: one for one in vitals.read(redis_client) if one.worker == "trainer@test"}

    assert until(lambda: {vitals.MAIN, vitals.CHILD} <= shown().keys(), 60)
    found = shown()
    assert found[vitals.MAIN].pid == worker.pid and found[vitals.MAIN].queues == ["train"]
    assert found[vitals.CHILD].pid != worker.pid
    assert "train" in health.snapshot().served
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    monkeypatch.setattr(vitals, "SILENT_S", 0.5)
    assert until(lambda: not any(one.is_alive for one in shown().values()), 10)
    assert "train" not in health.snapshot().served


# --- the page -------------------------------------------------------------------------------------


def ill(client: Client) -> dict[str, Any]:
    return {one.title: one for one in client.get(reverse("admin-health")).context["ill"]}


def test_the_page_names_workers_queues_storage_and_counts(owner: Client, redis_client: Any) -> None:
    all_there()
    redis_client.rpush("ml", "message", "message")
    page = owner.get(reverse("admin-health"))
    assert {queue.name: queue.waiting for queue in page.context["seen"].queues} == {
        "io": 0,
        "ml": 2,
        "train": 0,
    }
    text = page.content.decode()
    assert "io@here" in text and "ml, train" in text and "Model versions" in text
    assert not {"Queue io", "Queue ml", "Queue train", "Clock", "Redis"} & ill(owner).keys()


def test_a_queue_that_nobody_serves_is_told_with_what_to_do(owner: Client) -> None:
    pulse.beat()
    sign("io@here", "io")
    sign("ml@here", "ml", ago_s=60)
    found = ill(owner)
    assert found["Queue ml"].state == State.BAD and "worker-ml" in found["Queue ml"].fix
    assert "Worker ml@here" in found and "Queue io" not in found


def test_a_job_that_was_handed_out_and_is_not_begun_is_counted(owner: Client) -> None:
    jobs.hand_over(jobs.start(None, Job.Kind.COMPARE)[0])
    text = owner.get(reverse("admin-health")).content.decode()
    assert "1 job in a queue; a worker takes it up" in text and "No job waits" not in text


def test_a_silent_clock_is_told(owner: Client, redis_client: Any) -> None:
    redis_client.set(pulse.KEY, time.time() - 3600)
    assert "Clock" in ill(owner)


def test_the_page_renders_without_redis_and_says_so(owner: Client, settings: Any) -> None:
    settings.REDIS_URL = GONE
    network.reset()
    page = owner.get(reverse("admin-health"))
    assert page.status_code == 200
    assert "Redis" in {one.title for one in page.context["ill"]}
    assert owner.get(reverse("admin:index")).status_code == 200


def test_a_redis_that_hangs_does_not_hold_the_page(redis_client: Any, settings: Any) -> None:
    """Whatever the machine's load, it is given up by its own time-out."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.REDIS_URL = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        assert health.snapshot() == health.Snapshot(is_there=False)


# --- storage --------------------------------------------------------------------------------------


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    for name in (
        "datasets/1.csv",
        "datasets/staged/a.wav",
        "models/run-1/w",
        "models/.run-2.unfinished/key/w",
    ):
        path = settings.MEDIA_ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
    return Path(settings.MEDIA_ROOT)


def test_what_no_row_knows_of_is_a_leftover(db: None, media: Path) -> None:
    Dataset.objects.create(name="mine", file="datasets/1.csv")
    ModelVersion.objects.create(name="run-1", path="models/run-1", labels=[])
    assert storage.leftovers() == [media / "datasets/staged", media / "models/.run-2.unfinished"]
    sizes = {place.title: place.size_bytes for place in storage.places()}
    assert sizes["Data sets"] == sizes["Model versions"] == sizes["Leftovers"] == 2000
    assert sizes["Database"] > 0


def test_counting_bytes_ends_in_time(db: None, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "LOOK_S", -1)
    assert not all(place.is_whole for place in storage.places())


def put_into_use(version: ModelVersion, **told: Any) -> None:
    """As a promotion leaves it, whatever a promotion asks for beforehand."""
    before = ModelVersion.objects.champion()
    ModelVersion.objects.filter(is_champion=True).update(is_champion=False, was_champion_at=timezone.now())
    ModelVersion.objects.filter(pk=version.pk).update(is_champion=True)
    Promotion.objects.create(kind=version.kind, version=version, before=before, **told)


def archive(library: SpotifyAccount) -> list[ModelVersion]:
    """Three versions with predictions: the champion, the one before it, and an older one."""
    (track, *_) = Track.objects.liked_by(library).movable()
    made = [ModelVersion.objects.create(name=f"v{k}", path=f"models/v{k}", labels=["rock"]) for k in range(3)]
    for version in made:
        put_into_use(version)
        Prediction.objects.create(
            track=track, version=version, genre="rock", log_probs={}, confidence=1, is_sure=True
        )
    return made[::-1]


def test_predictions_of_archived_versions_alone_are_forgotten(library: SpotifyAccount, owner: Client) -> None:
    champion, former, old = archive(library)
    page = owner.get(reverse("admin-forget")).content.decode()
    assert "“v0”" in page and "“test”" in page
    owner.post(reverse("admin-forget"))
    assert {row.version for row in Prediction.objects.select_related("version")} == {champion, former}
    assert ModelVersion.objects.filter(pk=old.pk).exists()
    assert versions.previous_champion() == former


def test_without_a_champion_nothing_is_forgotten(library: SpotifyAccount) -> None:
    ModelVersion.objects.update(is_champion=False)
    assert storage.forget_predictions() == 0
    assert Prediction.objects.exists()


# --- the first page -------------------------------------------------------------------------------


def words(account: SpotifyAccount, count: int) -> None:
    tracks = Track.objects.liked_by(account).movable()[:count]
    Correction.objects.bulk_create(
        Correction(account=account, track=track, genre="metal") for track in tracks
    )


def test_the_first_page_costs_few_queries(
    library: SpotifyAccount, owner: Client, django_assert_max_num_queries: Any
) -> None:
    all_there()
    Job.objects.create(account=library, kind="plan", phase="plan", state="failed", error="Spotify said no.")
    Job.objects.create(account=library, kind="map", phase="map", state="running", done=1, total=2)
    TrainingRun.objects.create(
        job=Job.objects.create(kind="train", phase="train", state="failed", error="Too few.")
    )
    SpotifyAccount.objects.update(needs_link=True)
    words(library, 3)
    with django_assert_max_num_queries(12):
        page = owner.get(reverse("admin:index")).content.decode()
    for said in ("Spotify said no.", "Too few.", "1 account", "50 %", "47 more", "Model in use"):
        assert said in page, said


def test_a_version_in_use_without_its_files_needs_attention(owner: Client) -> None:
    ModelVersion.objects.create(name="run-3", path="models/run-3", labels=[], is_champion=True)
    assert "The files of “run-3”, which is in use, are gone." in owner.get(reverse("admin:index")).text


def test_who_put_the_version_into_use_and_how_good_it_is_is_told(owner: Client) -> None:
    report = {"accuracy": 0.512, "accuracy_interval": [0.48, 0.54], "macro_f1": 0.43, "tracks": 900}
    version = ModelVersion.objects.create(name="run-3", path="p", labels=[], metrics={"features": report})
    root = staff_pages.staff("Superuser")
    put_into_use(version, by=root.get(reverse("admin:index")).wsgi_request.user, reason="It hears more.")
    page = owner.get(reverse("admin:index")).content.decode()
    for said in ("run-3", "put into use by root", "It hears more.", "51.2%", "48.0% – 54.0%", "900 tracks"):
        assert said in page, said


def test_training_again_is_suggested_once_enough_is_new(library: SpotifyAccount, owner: Client) -> None:
    words(library, suggestion.ENOUGH - 1)
    assert "Training again may help" not in owner.get(reverse("admin:index")).content.decode()
    Correction.objects.all().delete()
    words(library, suggestion.ENOUGH)
    assert "Training again may help" in owner.get(reverse("admin:index")).content.decode()
    SpotifyAccount.objects.update(teaches=False)
    assert "Training again may help" not in owner.get(reverse("admin:index")).content.decode()


def test_words_from_before_the_training_are_not_new(library: SpotifyAccount) -> None:
    champion = ModelVersion.objects.get(is_champion=True)
    words(library, 4)
    Correction.objects.update(created_at=timezone.now() - timedelta(days=2))
    TrainingRun.objects.create(version=champion)
    assert suggestion.for_version(ModelVersion.objects.get(pk=champion.pk)).new == 0


def test_the_suggested_run_takes_the_champions_data_and_the_corrections(owner: Client) -> None:
    table = Dataset.objects.create(name="mine", server_path="/nowhere")
    version = ModelVersion.objects.create(name="run-1", path="p", labels=[], is_champion=True)
    TrainingRun.objects.create(version=version).datasets.add(table)
    answer = owner.post(reverse("admin-retrain"))
    expected = f"{table.pk}%2C{corrections.dataset().pk}"
    assert answer["Location"] == f"{reverse('admin:organizer_trainingrun_add')}?datasets={expected}"
    form = owner.get(answer["Location"])
    assert form.status_code == 200
    assert len(re.findall(r"<input[^>]*name=\"datasets\"[^>]*checked", form.content.decode())) == 2
