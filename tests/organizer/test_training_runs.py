import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from classifier import registry
from classifier.model_names import MODELS, SOUND_MODELS
from classifier.predict import Predictor
from classifier.sound.opinion import Opinion
from classifier.task import build_task, rows_of
from organizer import jobs, tasks
from organizer.models import Dataset, Job, ModelVersion, TrainingRun
from organizer.training import datasets, fingerprint, options, runs
from organizer.training.errors import TrainingError
from organizer.training.runs import Unchanged
from tests.organizer.training_data import run_on, sounds, table

pytestmark = pytest.mark.django_db
FEW = {"epochs": 2}


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def no_report(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Pictures take longer than these small trainings, and one test looks at them."""
    if "report" not in request.node.name:
        monkeypatch.setattr(runs, "_report", lambda out: None)


def worked(run: TrainingRun) -> TrainingRun:
    job, _ = runs.start(run)
    ended = tasks.work(job.pk)
    assert ended.phase != "train" or ended.state == Job.State.DONE, ended.error
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)
    run.refresh_from_db()
    return run


def meta_of(run: TrainingRun) -> dict[str, Any]:
    return registry.read_description(run.version.directory)


@pytest.mark.parametrize("family", MODELS)
def test_every_family_of_features_learns_from_a_table(tmp_path: Path, family: str) -> None:
    wanted = FEW if options.has_epochs(family) else {}
    run = worked(run_on(table(tmp_path, rows=300), family=family, options=wanted))
    assert run.version.kind == ModelVersion.Kind.TABLES
    assert runs.headline(run.metrics)["tracks"] > 20
    meta = meta_of(run)
    assert meta["model"]["family"] == family and meta["training"]["test_spared"]
    assert bool(run.curve) == options.has_epochs(family)
    assert [one["name"] for one in meta["data"]] == ["three genres"]


@pytest.mark.parametrize("family", SOUND_MODELS)
def test_every_net_learns_from_24_clips(tmp_path: Path, family: str) -> None:
    run = worked(run_on(sounds(tmp_path), family=family, options=FEW))
    keeps_ears = family == "cnn"
    assert run.version.kind == (ModelVersion.Kind.SOUND if keeps_ears else ModelVersion.Kind.NET)
    assert runs.headline(run.metrics)["tracks"] == 5 and len(run.curve) == 2
    meta = meta_of(run)
    assert meta["training"]["test_spared"] and meta["data"][0]["sha256"] == "5" * 64
    if keeps_ears:
        assert Opinion.load(run.version.directory).encoders == Opinion.load().encoders


def test_a_cnn_from_scratch_is_for_comparison_only(tmp_path: Path) -> None:
    run = worked(run_on(sounds(tmp_path), family="cnn", options={"start": "scratch", "epochs": 1}))
    assert run.version.kind == ModelVersion.Kind.NET


def test_what_the_test_part_holds_is_never_learned_from(tmp_path: Path) -> None:
    run = worked(run_on(table(tmp_path), family="dummy"))
    training = meta_of(run)["training"]
    assert training["tracks_learned_from"] == training["tracks"]["train"] + training["tracks"]["valid"]
    knows = Predictor.load(run.version.directory).artists.knows
    held_out = {artist for one in meta_of(run)["mistakes"] for artist in one["artists"]}
    assert held_out and not any(map(knows, held_out))


def test_mistakes_are_the_surest_first_and_name_their_data_set(tmp_path: Path) -> None:
    mistakes = meta_of(worked(run_on(table(tmp_path), family="dummy")))["mistakes"]
    assert 20 < len(mistakes) <= 50
    assert max(Counter(one["artists"][0] for one in mistakes).values()) == 2
    assert set(mistakes[0]) == {"id", "title", "artists", "dataset", "truth", "said", "probability"}
    assert all(one["said"] not in one["truth"] and one["dataset"] == "three genres" for one in mistakes)
    chances = [one["probability"] for one in mistakes]
    assert chances == sorted(chances, reverse=True)


def test_the_same_again_says_so_and_starts_nothing(tmp_path: Path) -> None:
    data = table(tmp_path, rows=300)
    first = worked(run_on(data, family="dummy"))
    with pytest.raises(Unchanged, match="Training data unchanged") as caught:
        runs.start(run_on(data, family="dummy"))
    assert caught.value.former == first
    assert not Job.objects.active().exists()


@pytest.mark.parametrize("change", [{"seed": 1}, {"family": "knn"}, {"options": {"balance": 0.9}}])
def test_another_setting_is_another_run(tmp_path: Path, change: dict[str, Any]) -> None:
    data = table(tmp_path)
    one, other = run_on(data, family="dummy"), run_on(data, **{"family": "dummy"} | change)
    assert fingerprint.of(one, [data]) != fingerprint.of(other, [data])
    assert fingerprint.of(one, [data]) == fingerprint.of(run_on(data, family="dummy"), [data])


def test_another_meaning_of_a_label_is_other_data(tmp_path: Path) -> None:
    data = table(tmp_path)
    run = run_on(data)
    before = fingerprint.of(run, [data])
    data.label_map["edm"] = "pop"
    assert fingerprint.of(run, [data]) != before


def test_the_strict_rule_leaves_out_what_came_from_spotify_and_says_so(tmp_path: Path) -> None:
    good = table(tmp_path, rows=300)
    doubtful = table(tmp_path, "from spotify", rows=300, origin=Dataset.Origin.SPOTIFY)
    run = worked(run_on(good, doubtful, family="dummy"))
    assert [one["name"] for one in meta_of(run)["data"]] == ["three genres"]
    assert "“from spotify” (300 rows) is left out" in run.left_out[0]


def test_nothing_starts_where_the_rule_leaves_nothing(tmp_path: Path) -> None:
    doubtful = table(tmp_path, origin=Dataset.Origin.SPOTIFY)
    with pytest.raises(TrainingError, match="No data set is left to train on"):
        runs.start(run_on(doubtful))


def test_a_run_learns_from_what_may_train_when_it_learns(tmp_path: Path) -> None:
    good, doubtful = table(tmp_path, rows=300), table(tmp_path, "second", rows=300)
    run = run_on(good, doubtful, family="dummy")
    job, _ = runs.start(run)
    before = run.fingerprint
    Dataset.objects.filter(pk=doubtful.pk).update(origin=Dataset.Origin.SPOTIFY)
    tasks.work(job.pk)
    run.refresh_from_db()
    assert "“second” (300 rows) is left out" in run.left_out[0]
    assert run.fingerprint != before
    assert [one["name"] for one in meta_of(run)["data"]] == ["three genres"]


def test_the_wide_rule_needs_a_reason(tmp_path: Path) -> None:
    doubtful = table(tmp_path, origin=Dataset.Origin.SPOTIFY)
    with pytest.raises(TrainingError, match="reason"):
        runs.start(run_on(doubtful, rule=TrainingRun.Rule.WIDE, reason="just so"))
    run = run_on(doubtful, rule=TrainingRun.Rule.WIDE, reason="My own lists, asked for.", family="dummy")
    assert runs.start(run)[1]


def test_sound_does_not_go_with_features(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="mlp learns from tables and corrections; “three sounds”"):
        runs.start(run_on(sounds(tmp_path)))


def test_only_the_chosen_genres_are_told_apart(tmp_path: Path) -> None:
    run = worked(run_on(table(tmp_path), family="logistic", genres=["rock", "electronic"]))
    assert set(run.version.labels) == {"rock", "electronic"}


def test_a_report_is_written_beside_every_kind_of_version(tmp_path: Path) -> None:
    for data, family in ((table(tmp_path, rows=300), "logistic"), (sounds(tmp_path), "cnn")):
        run = worked(run_on(data, family=family))
        page = (run.version.directory / "report.html").read_text()
        assert all(f'id="{part}"' in page for part in ("confusion", "genres", "reliability", "coverage"))


class Stop(Exception):
    pass


def test_cancelled_and_resumed_it_goes_on_and_ends_as_if_uninterrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = table(tmp_path, rows=300)
    whole = worked(run_on(data, options={"epochs": 5}))
    run = run_on(data, options={"epochs": 5})
    fingerprint.program.cache_clear()
    monkeypatch.setattr(fingerprint, "program", lambda: "another")
    monkeypatch.setattr(runs, "TELL_S", 0.0)
    job, _ = runs.start(run)
    ticked = jobs.tick

    def cancelling(job: Job, **values: Any) -> None:
        if values.get("cursor", {}).get("epoch") == 3:
            jobs.ask_cancel(job)
        ticked(job, **values)

    monkeypatch.setattr(jobs, "tick", cancelling)
    assert tasks.work(job.pk).state == Job.State.CANCELLED
    monkeypatch.setattr(jobs, "tick", ticked)
    run.refresh_from_db()
    assert [one["epoch"] for one in run.curve] == [1, 2, 3] and run.version is None
    assert runs.resume(run)
    ended = tasks.work(job.pk)
    assert ended.cursor.get("after", {}).get("epoch", 3) == 3
    run.refresh_from_db()
    weights = [one.version.directory / registry.WEIGHTS for one in (whole, run)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert run.curve == whole.curve


def test_every_stage_is_named_and_none_says_that_all_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, ticked = [], jobs.tick

    def listening(job: Job, **values: Any) -> None:
        told.append((values.get("cursor", {}).get("stage"), values.get("done", 0)))
        ticked(job, **values)

    monkeypatch.setattr(jobs, "tick", listening)
    worked(run_on(table(tmp_path, rows=300), options={"epochs": 2}))
    named = [stage for stage, _ in told if stage]
    assert named[0] == "fitting the boosted trees that teach the network"
    assert named[-1] == "drawing the report"
    assert 900 < max(done for _, done in told) < 1000


def test_a_version_whose_worker_died_before_it_was_registered_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_on(table(tmp_path, rows=300), family="dummy")
    job, _ = runs.start(run)
    register = runs._register

    def die(*_: Any) -> None:
        raise Stop

    monkeypatch.setattr(runs, "_register", die)
    assert tasks.work(job.pk).state == Job.State.FAILED
    before = (runs.directory(run) / registry.META).read_bytes()
    monkeypatch.setattr(runs, "_register", register)
    assert runs.resume(run)
    tasks.work(job.pk)
    run.refresh_from_db()
    assert (run.version.directory / registry.META).read_bytes() == before


def test_a_message_that_comes_again_while_it_trains_does_nothing(tmp_path: Path) -> None:
    job, _ = runs.start(run_on(table(tmp_path, rows=300), family="dummy"))
    token = jobs.hand_over(job)
    assert jobs.claim(job.pk, token) is not None
    assert tasks.work(job.pk, token) is None


def test_retraining_needs_data_where_the_version_in_use_came_with_the_program() -> None:
    with pytest.raises(CommandError, match="came with the program"):
        call_command("retrain")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["--seed", "-1"], "--seed: Ensure this value is greater than or equal to 0"),
        (["--seed", "99999999999999999999"], "--seed: Ensure this value is less than or equal to"),
        (["--epochs", "-3"], "from 1 to 500"),
        (["--epochs", "100000"], "from 1 to 500"),
        (["--genres", ","], "at least two genres"),
        (["--data", ""], "no data set “”"),
        (["--reason", "x" * 501], "--reason: Ensure this value has at most 500 characters"),
    ],
)
def test_wrong_arguments_of_retraining_are_a_sentence_and_start_nothing(
    tmp_path: Path, wrong: list[str], words: str
) -> None:
    table(tmp_path, rows=300)
    with pytest.raises(CommandError, match=words):
        call_command("retrain", "--data", "three genres", *wrong)
    assert not TrainingRun.objects.exists()


def test_retraining_here_makes_a_version_and_then_finds_nothing_new(tmp_path: Path, capsys: Any) -> None:
    table(tmp_path, rows=300)
    table(tmp_path, "Kaggle", rows=200, origin=Dataset.Origin.SPOTIFY)
    asked = ["retrain", "--data", "three genres", "Kaggle", "--family", "logistic", "--here"]
    call_command(*asked)
    assert "made “run-" in capsys.readouterr().out
    call_command(*asked)
    said = capsys.readouterr().out
    assert "Training data unchanged." in said and "“Kaggle” (200 rows) is left out" in said
    assert TrainingRun.objects.count() == 1


def test_retraining_goes_as_the_run_of_the_version_in_use(tmp_path: Path, capsys: Any) -> None:
    run = worked(run_on(table(tmp_path, rows=300), family="knn", seed=4))
    ModelVersion.objects.filter(pk=run.version.pk).update(is_champion=True)
    call_command("retrain", "--here")
    said = capsys.readouterr().out
    assert "Training data unchanged." in said and TrainingRun.objects.count() == 1
    call_command("retrain", "--seed", "5", "--here")
    latest = TrainingRun.objects.first()
    assert (latest.family, latest.seed) == ("knn", 5)
    assert any("Corrections by users" in one for one in latest.left_out)


def test_settings_that_do_not_differ_are_not_stored() -> None:
    assert options.Options(epochs=3, balance=0.5).stored() == {"epochs": 3}
    assert json.loads(json.dumps(options.Options.of({"epochs": 3, "unknown": 1}).stored())) == {"epochs": 3}


def test_every_family_stands_in_one_group() -> None:
    grouped = [name for names in options.GROUPS.values() for name in names]
    assert sorted(grouped) == sorted((*MODELS, *SOUND_MODELS))


def test_a_data_set_can_count_more_than_another(tmp_path: Path) -> None:
    one, other = (datasets.read(table(tmp_path, name)) for name in ("a", "b"))
    renamed = replace(other, track_ids=tuple(f"b{key}" for key in other.track_ids))
    task = build_task([one, renamed])
    rows = np.arange(len(task.data))
    plain, weighed = (rows_of(task, rows, table_weights=weights).weight for weights in ({}, {"a": 3.0}))
    ratio = weighed / plain
    assert ratio[task.table == 0].mean() == pytest.approx(3 * ratio[task.table == 1].mean())
