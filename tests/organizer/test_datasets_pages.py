"""Data sets in the admin: what their pages say and do."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from organizer import tasks
from organizer.admin import pictures
from organizer.admin.dataset_form import OWNERS_WORD
from organizer.models import Dataset, Job, TrainingRun
from organizer.training import checking
from tests.organizer.admin_pages import staff, superuser
from tests.organizer.browsing import said
from tests.organizer.dataset_pages import FORM, add, errors, page, table
from tests.tables import write_table

pytestmark = pytest.mark.usefixtures("places")


@pytest.fixture
def admin(db: None) -> Client:
    return superuser()


@pytest.fixture
def ready(tmp_path: Path) -> Dataset:
    path = write_table(tmp_path / "server" / "table.csv", rows=60)
    path.write_text(path.read_text().replace("edm", "neo-zzz") + "x,X,rock,9,0,0,0,100\n")
    row = Dataset.objects.create(
        name="mine", server_path=str(path), state=Dataset.State.CHECKING, provenance="p", licence="MIT"
    )
    tasks.work(checking.start().pk)
    row.refresh_from_db()
    return row


def test_the_page_tells_what_was_found_and_shows_it(admin: Client, ready: Dataset) -> None:
    text = page(admin, ready).content.decode()
    for told in (
        "61 rows became 60 tracks",
        "1 bad row skipped",
        "divide percentages by 100",
        "1 label without a genre: 20 rows left out.",
        "Under the strict rule, “mine” (40 rows) is left out",
        "Half of the rows lie between",
        'class="bar"',
        "Train on this data set",
    ):
        assert told in text, told
    assert text.index("neo-zzz") < text.index(">jazz<")  # what has no genre comes first


def test_another_mapping_counts_anew_and_is_in_the_log(admin: Client, ready: Dataset) -> None:
    labels = list(ready.label_map)
    genres = {"neo-zzz": "electronic", "rock": "metal", "jazz": ""}
    chosen = {f"label-{labels.index(label)}": slug for label, slug in genres.items()}
    admin.post(reverse("admin:organizer_dataset_labels", args=[ready.pk]), chosen)
    ready.refresh_from_db()
    assert ready.label_map == {"rock": "metal", "jazz": "", "neo-zzz": "electronic"}
    text = page(admin, ready).content.decode()
    assert "1 label without a genre: 20 rows left out." in text
    assert "Suggested: Jazz &amp; blues" in text  # for what was left out
    assert "jazz → left out" in LogEntry.objects.first().change_message


def test_labels_of_which_a_form_says_nothing_keep_their_meaning(admin: Client, ready: Dataset) -> None:
    url, before = reverse("admin:organizer_dataset_labels", args=[ready.pk]), dict(ready.label_map)
    admin.post(url)
    ready.refresh_from_db()
    assert ready.label_map == before
    admin.post(url, {f"label-{list(before).index('rock')}": ""})
    ready.refresh_from_db()
    assert ready.label_map == before | {"rock": ""}


def test_a_page_that_waits_is_told_when_the_check_has_ended(admin: Client, ready: Dataset) -> None:
    assert page(admin, ready, **{"HX-Request": "true"})["HX-Refresh"] == "true"


def test_a_check_that_failed_can_be_asked_for_again(admin: Client, ready: Dataset, monkeypatch: Any) -> None:
    monkeypatch.setattr(tasks, "enqueue", lambda job: None)
    Dataset.objects.update(state="checking")
    Job.objects.update(state="failed", error="The disk is full.")
    assert b"The disk is full." in page(admin, ready).content
    admin.post(reverse("admin:organizer_dataset_check", args=[ready.pk]))
    assert Job.objects.active().get().kind == Job.Kind.CHECK


def test_one_that_waits_says_what_for(admin: Client, ready: Dataset) -> None:
    Dataset.objects.update(state="checking")
    behind = Dataset.objects.create(name="behind", state="checking")
    checking.start()
    assert b"It waits for the worker" in page(admin, ready).content
    assert b"until the data sets before it are checked" in page(admin, behind).content


def test_a_refused_one_goes_with_one_click(admin: Client) -> None:
    row = Dataset.objects.create(name="bad", state="refused", report={"problem": "It is empty."})
    assert b"It is empty." in page(admin, row).content
    admin.post(reverse("admin:organizer_dataset_remove", args=[row.pk]))
    assert not Dataset.objects.exists()


def test_one_that_runs_refer_to_says_which(admin: Client, ready: Dataset) -> None:
    run = TrainingRun.objects.create()
    run.datasets.add(ready)
    response = admin.post(reverse("admin:organizer_dataset_delete", args=[ready.pk]), {"post": "yes"})
    assert str(run) in said(response)
    assert Dataset.objects.exists()


def test_deleting_removes_the_files_too(admin: Client, tmp_path: Path, settings: Any) -> None:
    add(admin, table(tmp_path))
    row = Dataset.objects.get()
    admin.post(reverse("admin:organizer_dataset_delete", args=[row.pk]), {"post": "yes"})
    assert not Dataset.objects.exists()
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["labels", "check", "remove"])
def test_who_may_only_look_changes_nothing(ready: Dataset, name: str) -> None:
    client = staff("view_dataset")
    Dataset.objects.update(state="refused" if name == "remove" else "ready")
    assert client.post(reverse(f"admin:organizer_dataset_{name}", args=[ready.pk])).status_code == 403
    assert "Save the mapping" not in page(client, ready).content.decode()


def test_the_list_says_where_each_comes_from_and_what_uses_it(admin: Client, ready: Dataset) -> None:
    TrainingRun.objects.create().datasets.add(ready)
    text = admin.get(reverse("admin:organizer_dataset_changelist")).content.decode()
    for told in ("from Spotify", "1 run", "MIT", "ready", "What users corrected"):
        assert told in text, told


def test_name_and_origin_can_be_put_right(admin: Client, ready: Dataset) -> None:
    address = reverse("admin:organizer_dataset_edit", args=[ready.pk])
    assert b"Give either" not in admin.get(address).content
    admin.post(address, FORM | {"name": "renamed"})
    ready.refresh_from_db()
    assert (ready.name, ready.origin, ready.state) == ("renamed", "independent", "ready")
    sentence = LogEntry.objects.latest("pk").change_message
    for told in (
        "Name: “mine” → “renamed”.",
        "“Some of it comes",
        "→ “Nothing in it",
        "“p” → “Made by a test.”",
    ):
        assert told in sentence, told


def test_only_who_may_widen_the_rule_calls_data_from_spotify_independent(ready: Dataset) -> None:
    trainer = staff("view_dataset", "change_dataset", "add_trainingrun")
    address = reverse("admin:organizer_dataset_edit", args=[ready.pk])
    assert OWNERS_WORD in trainer.get(address).content.decode()
    assert errors(trainer.post(address, FORM)) == OWNERS_WORD
    trainer.post(address, FORM | {"origin": "spotify", "licence": "CC0"})
    ready.refresh_from_db()
    assert (ready.origin, ready.licence) == ("spotify", "CC0")


def test_anybody_who_changes_data_sets_says_that_some_came_from_spotify(ready: Dataset) -> None:
    Dataset.objects.update(origin="independent")
    trainer = staff("view_dataset", "change_dataset")
    address = reverse("admin:organizer_dataset_edit", args=[ready.pk])
    trainer.post(address, FORM | {"origin": "spotify"})
    assert Dataset.objects.get().origin == "spotify"


def test_a_data_set_from_before_reports_can_be_checked_row_by_row(
    admin: Client, ready: Dataset, monkeypatch: Any
) -> None:
    monkeypatch.setattr(tasks, "enqueue", lambda job: tasks.work(job.pk))
    Dataset.objects.update(report={"labels": ready.report["labels"], "sentences": ["61 rows."]})
    assert b"Check it row by row" in page(admin, ready).content
    admin.post(reverse("admin:organizer_dataset_check", args=[ready.pk]))
    assert b"61 rows became 60 tracks" in page(admin, ready).content


def test_figures_are_written_as_people_write_them() -> None:
    found = {"name": "loudness", "unit": "dB", "kind": "number", "low": -31.2, "high": 0.5, "counts": [1, 3]}
    drawn = pictures.histogram({**found, "quartiles": [-10.04, -7.5, -0.001], "unknown": 2})
    assert drawn.ends == ("−31", "0.5")
    assert drawn.sentence == (
        "Half of the rows lie between −10 and 0, the middle is −7.5 (dB). In 2 rows it is unknown."
    )
    assert [bar.height for bar in drawn.bars] == [26.67, 80.0]
