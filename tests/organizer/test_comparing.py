"""Versions judged on the same rows, none of which any of them may have learned from."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from classifier import registry
from classifier.splits import split
from organizer import jobs
from organizer.models import (
    Comparison,
    Dataset,
    Job,
    ModelVersion,
    TrainingRun,
)
from organizer.training import comparing, datasets, guard, impact, overdue, testsets
from organizer.training.errors import TrainingError
from tests.organizer.comparing import clips, in_use, made, page_of, pair
from tests.organizer.versions import expert, table, to_the_end, trained

Kind = ModelVersion.Kind


@pytest.fixture
def data(media: Path, tmp_path: Path) -> Dataset:
    return table(tmp_path)


def test_two_versions_on_what_both_held_out(media: Path, data: Dataset) -> None:
    first, second = pair(media, data)
    found = made(second).result
    held_out = split(datasets.read(data), "artist").test
    assert [one["pk"] for one in found["versions"]] == [first.pk, second.pk]
    assert found["test"]["rows"] == len(held_out)
    assert not found["test"]["sentences"]
    assert found["baseline"]["name"] == "logistic regression"
    assert all(one["macro_f1"][0] > 0.5 for one in found["figures"]["versions"])
    assert guard.objections(second) == [] or "below" in guard.objections(second)[0]


@pytest.mark.parametrize(("rule", "learns"), [("strict", False), ("wide", True)])
def test_a_baseline_learns_only_from_what_a_version_may(
    media: Path, data: Dataset, rule: str, learns: bool
) -> None:
    Dataset.objects.filter(pk=data.pk).update(origin=Dataset.Origin.SPOTIFY)
    _, second = pair(media, data)
    TrainingRun.objects.create(version=second, rule=rule)
    assert bool(made(second).result["baseline"]) == learns


@pytest.mark.parametrize("kind", [Kind.TABLES, Kind.SOUND])
def test_a_comparison_that_is_made_is_whole_also_by_its_count(media: Path, data: Dataset, kind: Kind) -> None:
    if kind == Kind.SOUND:
        clips(media)
    version = pair(media, data)[1] if kind == Kind.TABLES else expert(media, "mine")
    ended = to_the_end(comparing.start([version])[1])
    assert ended.done == ended.total == 3  # each of two on one data set, and the simple model


def test_the_page_lists_only_data_sets_that_judge_and_counts_as_people_write(
    media: Path, data: Dataset
) -> None:
    comparison = made(pair(media, data)[1])
    rows = {"one": 1, "none": 0, "many": 1448}
    comparison.result["test"] |= {
        "rows": 1449,
        "datasets": [{"name": name, "rows": count} for name, count in rows.items()],
    }
    text = page_of(comparison)
    assert "The same 1,449 rows by" in text
    assert "one (1 row), many (1,448 rows)." in text


def test_rows_that_a_version_may_have_learned_from_are_left_out_and_that_is_said(
    media: Path, data: Dataset, tmp_path: Path
) -> None:
    other = table(tmp_path, "another", seed=5, rows=300)
    first, _ = pair(media, data)
    greedy = trained(media, "greedy", [datasets.read(other)], spare_test=False)
    found = made(greedy).result
    assert [one["name"] for one in found["test"]["datasets"] if one["rows"]] == ["three genres"] or (
        found["test"]["rows"] < len(split(datasets.read(data), "artist").test)
    )
    assert any("“greedy”" in one for one in found["test"]["sentences"])


def test_a_version_that_knows_every_artist_cannot_be_compared(media: Path, data: Dataset) -> None:
    first, _ = pair(media, data)
    comparison = made(trained(media, "greedy", [datasets.read(data)], spare_test=False))
    assert comparison.result == {}
    assert "rows are left to judge by" in comparison.error
    assert "“greedy” may have learned from" in comparison.error
    assert guard.objections(ModelVersion.objects.get(name="greedy")) == [guard.UNCOMPARED]


def test_data_sets_only_for_judging_are_the_test_set(media: Path, data: Dataset, tmp_path: Path) -> None:
    _, second = pair(media, data)
    before = testsets.fingerprint(Kind.TABLES)
    table(tmp_path, "judges", is_test=True, seed=9, rows=300)
    assert testsets.fingerprint(Kind.TABLES) != before
    found = made(second).result
    assert found["test"]["is_fixed"]
    assert [one["name"] for one in found["test"]["datasets"]] == ["judges"]


def test_a_data_set_in_which_no_label_means_a_genre_outdates_no_comparison(
    media: Path, data: Dataset, tmp_path: Path
) -> None:
    before = testsets.fingerprint(Kind.TABLES)
    for name, is_test in (("strange", False), ("strange judges", True)):
        strange = table(tmp_path, name, is_test=is_test, rows=30)
        datasets.map_labels(strange, dict.fromkeys(strange.label_map, ""))
    assert testsets.fingerprint(Kind.TABLES) == before


@pytest.mark.parametrize(
    ("nameless", "of_whom"), [(900, "None of them names an artist:"), (300, "of them no artist is named:")]
)
def test_of_rows_without_an_artist_no_version_is_said_to_know_none(
    media: Path, tmp_path: Path, nameless: int, of_whom: str
) -> None:
    data = table(tmp_path, nameless=nameless)
    comparison = made(trained(media, "new", [datasets.read(data)]), *pair(media, data))
    held_out = datasets.read(data).take(split(datasets.read(data), "artist").test)
    assert comparison.result["test"]["nameless"] == sum(not names for names in held_out.artists)
    text = render_to_string(
        "admin/organizer/comparison/_comparison.html", {"row": comparison, **comparison.result}
    )
    assert of_whom in text
    assert ("artists whom no version knows, or by nobody" in text) == (nameless < 900)


def test_a_genre_that_one_does_not_know_is_wrong_in_all_and_left_out_of_the_shared(
    media: Path, data: Dataset
) -> None:
    _, second = pair(media, data)
    narrow = trained(media, "narrow", [datasets.read(data)], genres=("rock", "electronic"))
    found = made(narrow, second).result
    place = [one["name"] for one in found["versions"]].index("narrow")
    assert found["figures"]["versions"][place]["genres"]["jazz-blues"]["recall"][0] == 0
    assert set(found["shared"]["genres"]) == {"rock", "electronic"}
    assert found["shared"]["rows"] < found["figures"]["rows"]


def test_versions_without_files_are_a_sentence_and_the_job_goes_on(media: Path, data: Dataset) -> None:
    _, second = pair(media, data)
    broken, _ = comparing.start([second])
    shutil.rmtree(second.directory)
    third = trained(media, "third", [datasets.read(data)])
    fine, job = comparing.start([third])
    to_the_end(job)
    broken.refresh_from_db()
    fine.refresh_from_db()
    assert broken.error.startswith(
        "The files of “all” are missing or damaged, so it could not be compared. ("
    )
    assert fine.result


def test_what_was_asked_for_as_the_job_ended_is_made_later(media: Path, data: Dataset) -> None:
    _, second = pair(media, data)
    comparison = comparing.asked([second])
    assert overdue.start() == []
    Comparison.objects.update(created_at=timezone.now() - 2 * overdue.LATE)
    (job,) = overdue.start()
    to_the_end(job)
    comparison.refresh_from_db()
    assert comparison.result
    assert overdue.start() == []


def test_what_was_cancelled_says_so_and_is_not_made_with_the_next(media: Path, data: Dataset) -> None:
    _, second = pair(media, data)
    cancelled, job = comparing.start([second])
    preview, previewing = impact.start(second)
    by_training = comparing.asked([second])
    training = Job.objects.create(kind=Job.Kind.TRAIN, phase="judge", cursor={"comparison": by_training.pk})
    jobs.claim(job.pk)
    jobs.ask_cancel(job)  # while a worker is at it
    jobs.ask_cancel(previewing)
    jobs.end_cancelled(job)
    Job.objects.filter(pk=training.pk).update(state="done")
    fine, following = comparing.start([second])
    to_the_end(following)
    for one in (cancelled, preview, by_training, fine):
        one.refresh_from_db()
    assert [cancelled.error, preview.error] == ["It was cancelled."] * 2
    assert not (cancelled.result or preview.result)
    assert by_training.result and fine.result
    jobs.ask_cancel(following)  # which has ended
    assert comparing.asked([second]).error == ""


@pytest.mark.parametrize("kinds", [(Kind.TABLES, Kind.SOUND), (Kind.TABLES, Kind.NET)])
def test_versions_that_read_and_such_that_hear_are_not_compared(db: None, kinds: tuple[Kind, Kind]) -> None:
    rows = [ModelVersion.objects.create(name=kind, kind=kind, path="") for kind in kinds]
    with pytest.raises(TrainingError, match="same rows"):
        comparing.start(rows)


def test_sound_experts_are_compared_with_the_shipped_one_on_held_out_clips(media: Path) -> None:
    clips(media)
    comparison = made(expert(media, "mine"))
    found = comparison.result
    assert "The same 60 clips, for all." in page_of(comparison)
    assert [one["name"] for one in found["versions"]][1:] == ["mine"]
    assert found["versions"][0]["pk"] is None
    assert found["test"]["rows"] == 60
    assert found["baseline"]["name"] == "always the commonest genre"


def test_nets_of_their_own_answer_to_the_same_clips(media: Path) -> None:
    from classifier.sound.clips import split_random
    from classifier.sound.train import SoundConfig, train_sound

    heard, _ = datasets.clips(clips(media))
    made_net = train_sound(
        heard,
        split_random(heard, 0),
        media / "models/net",
        SoundConfig("classic-ffnn", epochs=1, spare_test=True),
    )
    net = ModelVersion.objects.create(
        name="net", kind=Kind.NET, path="models/net", labels=list(made_net.labels)
    )
    found = made(net).result
    assert found["test"]["rows"] == 60
    assert not found["test"]["sentences"]
    assert "own does not hear" in found["words"]["sentence"]


def test_a_training_run_ends_in_a_comparison_and_a_preview(media: Path, data: Dataset) -> None:
    from organizer.models import Impact, TrainingRun
    from organizer.training import runs

    in_use(trained(media, "before", [datasets.read(data).take(np.arange(0, 900, 2))]))
    run = TrainingRun.objects.create(family="logistic", rule="wide", reason="made by a test")
    run.datasets.add(data)
    job, _ = runs.start(run)
    to_the_end(job)
    run.refresh_from_db()
    assert Comparison.objects.get(versions=run.version).result["test"]["rows"]
    assert Impact.objects.get(version=run.version).result["songs"] == 0
    assert registry.read_description(run.version.directory)["name"] == run.version.name


def test_what_cannot_be_compared_does_not_fail_the_training(media: Path, data: Dataset) -> None:
    from organizer.models import TrainingRun
    from organizer.training import runs

    gone = in_use(trained(media, "gone", [datasets.read(data)]))
    shutil.rmtree(gone.directory)
    run = TrainingRun.objects.create(family="logistic", rule="wide", reason="made by a test")
    run.datasets.add(data)
    job, _ = runs.start(run)
    to_the_end(job)
    assert "gone" in Comparison.objects.get().error
