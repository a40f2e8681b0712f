"""Data sets in the admin: what is taken, what is refused and leaves nothing, and what the pages say."""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from organizer import tasks
from organizer.models import Dataset, Job, TrainingRun
from organizer.training import checking
from tests import zips
from tests.organizer.admin_pages import staff, superuser
from tests.organizer.browsing import said
from tests.tables import write_table

ADD = "admin:organizer_dataset_add"
FORM = {"name": "mine", "origin": "independent", "provenance": "Made by a test.", "licence": "MIT"}


@pytest.fixture(autouse=True)
def places(db: None, tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.MEDIA_ROOT, settings.DATASET_DIRS = tmp_path / "media", [tmp_path / "server"]
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "temp")
    for folder in ("media", "server", "temp"):
        (tmp_path / folder).mkdir()
    yield
    assert list((tmp_path / "temp").iterdir()) == []


@pytest.fixture
def admin(db: None) -> Client:
    return superuser()


def add(client: Client, content: bytes | None, name: str = "table.csv", **form: str) -> HttpResponse:
    file = {} if content is None else {"file": SimpleUploadedFile(name, content)}
    given = {key: value for key, value in (FORM | form).items() if value}
    return client.post(reverse(ADD), {**given, **file, "server_path": form.get("server_path", "")})


def errors(response: HttpResponse) -> str:
    assert response.status_code == 200, response.status_code
    found = response.context["adminform"].form.errors
    return " ".join(str(sentence) for sentences in found.values() for sentence in sentences)


def nothing_is_left(settings: Any) -> bool:
    files = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    return not Dataset.objects.exists() and files == [] and not Job.objects.exists()


def table(tmp_path: Path) -> bytes:
    return write_table(tmp_path / "table.csv", rows=60).read_bytes()


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


def page(client: Client, dataset: Dataset, **headers: str) -> HttpResponse:
    return client.get(reverse("admin:organizer_dataset_change", args=[dataset.pk]), headers=headers)


def test_an_upload_is_stored_and_waits_for_its_check(
    admin: Client, tmp_path: Path, django_capture_on_commit_callbacks: Any, monkeypatch: Any
) -> None:
    sent: list[Job] = []
    monkeypatch.setattr(tasks, "enqueue", sent.append)
    with django_capture_on_commit_callbacks(execute=True):
        response = add(admin, table(tmp_path))
    row = Dataset.objects.get()
    assert response["Location"] == reverse("admin:organizer_dataset_change", args=[row.pk])
    assert (row.kind, row.state, row.origin) == ("table", "checking", "independent")
    assert [job.kind for job in sent] == [Job.Kind.CHECK]
    assert b"waits until" in page(admin, row).content


def test_a_zip_of_sound_is_told_from_a_table_by_its_content(admin: Client) -> None:
    add(admin, zips.zipped({"rock/a.mp3": b"x"}), name="misnamed.csv")
    assert Dataset.objects.get().kind == Dataset.Kind.AUDIO


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"origin": ""}, "required"),
        ({"provenance": ""}, "required"),
        ({"licence": ""}, "required"),
        ({"name": ""}, "required"),
        ({"server_path": "table.csv"}, "either a file or a path"),
    ],
)
def test_origin_provenance_and_licence_have_to_be_answered(
    admin: Client, tmp_path: Path, settings: Any, form: dict[str, str], sentence: str
) -> None:
    response = admin.post(
        reverse(ADD),
        FORM | {"server_path": ""} | form | {"file": SimpleUploadedFile("t.csv", table(tmp_path))},
    )
    assert sentence in errors(response)
    assert nothing_is_left(settings)


def test_no_answer_about_the_origin_is_given_beforehand(admin: Client) -> None:
    page = admin.get(reverse(ADD)).content.decode()
    assert 'type="radio"' in page
    assert "checked" not in page


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04 a workbook", "Excel"),
        (b"<html>", "web page"),
        (b"artist,tempo\nX,120\n", "no label column"),
        ("genre,tempo\nBjörk,120\n".encode("latin-1"), "not UTF-8"),
        (b"genre,tempo\nro\0ck,120\n", "not a text table"),
        (b"PAR1 cut", "Parquet"),
        (zips.zipped({}), "empty zip"),
        (zips.zipped({"a.mp3": b"x"}), "outside of any folder"),
        (zips.zipped({"rock/../../a.mp3": b"x"}), "leads elsewhere"),
        (zips.symlink("rock/b.mp3", "/etc/passwd"), "symbolic link"),
        (zips.encrypted(), "encrypted"),
        (zips.zipped({"rock/a.mp3": bytes(5_000_000)}), "100 times its size"),
    ],
)
def test_what_cannot_be_used_is_refused_at_once_and_leaves_nothing(
    admin: Client, settings: Any, content: bytes, sentence: str
) -> None:
    assert sentence in errors(add(admin, content))
    assert nothing_is_left(settings)


def raw_post(client: Client, body: bytes, length: str) -> HttpResponse:
    """A request whose Content-Length says what it likes."""
    return client.generic(
        "POST", reverse(ADD), body, "multipart/form-data; boundary=cut", CONTENT_LENGTH=length
    )


def multipart(content: bytes) -> bytes:
    head = '--cut\r\nContent-Disposition: form-data; name="{}"'
    fields = "".join(f"{head.format(name)}\r\n\r\n{value}\r\n" for name, value in list(FORM.items())[:1])
    rest = "".join(f"{head.format(name)}\r\n\r\n{value}\r\n" for name, value in list(FORM.items())[1:])
    file = f'{head.format("file")}; filename="t.csv"\r\nContent-Type: text/csv\r\n\r\n'
    return f"{fields}{file}".encode() + content + f"\r\n{rest}--cut--\r\n".encode()


def test_ten_gigabytes_are_refused_before_a_byte_is_read(admin: Client, settings: Any) -> None:
    response = raw_post(admin, b"", str(10 * 10**9))
    assert response.status_code == 413
    assert b"larger than 200 MB" in response.content
    assert nothing_is_left(settings)


@pytest.mark.parametrize("length", ["", "-5", "many"])
def test_a_request_that_does_not_say_how_long_it_is_is_not_read(admin: Client, length: str) -> None:
    assert raw_post(admin, b"", length).status_code == 411


def test_a_file_beyond_the_limit_is_cut_off_while_it_comes(admin: Client, settings: Any) -> None:
    settings.DATASET_MAX_BYTES = 100_000
    body = multipart(b"genre,tempo\n" + b"rock,120\n" * 50_000)
    response = raw_post(admin, body, str(len(body)))
    assert response.status_code == 413
    assert nothing_is_left(settings)


def test_a_request_cut_short_is_not_taken_for_a_shorter_table(
    admin: Client, settings: Any, tmp_path: Path
) -> None:
    body = multipart(table(tmp_path))
    response = raw_post(admin, body, str(len(body) // 2))
    assert response.status_code == 400
    assert b"broke off" in response.content
    assert nothing_is_left(settings)


def test_a_whole_request_made_by_hand_is_taken(admin: Client, tmp_path: Path) -> None:
    body = multipart(table(tmp_path))
    assert raw_post(admin, body, str(len(body))).status_code == 302


def test_a_full_disk_is_told_and_leaves_nothing(
    admin: Client, settings: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    real = tempfile._TemporaryFileWrapper

    def full(self: Any, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(real, "write", full, raising=False)
    response = add(admin, table(tmp_path))
    assert response.status_code == 413
    assert b"No space left" in response.content
    assert nothing_is_left(settings)


def test_a_form_of_another_site_cannot_upload(tmp_path: Path) -> None:
    assert add(superuser(enforce_csrf_checks=True), table(tmp_path)).status_code == 403
    assert not Dataset.objects.exists()


def test_who_may_not_add_is_refused(tmp_path: Path, settings: Any) -> None:
    assert add(staff("view_dataset"), table(tmp_path)).status_code == 403
    assert nothing_is_left(settings)


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", "missing.csv", "nul\0"])
def test_paths_on_the_server_outside_the_folders_are_refused(
    admin: Client, settings: Any, path: str, tmp_path: Path
) -> None:
    (tmp_path / "secret.csv").write_bytes(b"genre,tempo\nrock,120\n")
    assert errors(add(admin, None, server_path=path))
    assert nothing_is_left(settings)


def test_a_folder_of_sound_on_the_server_is_taken(admin: Client, tmp_path: Path) -> None:
    folder = tmp_path / "server" / "mine" / "rock"
    folder.mkdir(parents=True)
    (folder / "a.mp3").write_bytes(b"x")
    add(admin, None, server_path="mine")
    row = Dataset.objects.get()
    assert (row.kind, row.server_path) == ("audio", str(folder.parent))


def test_the_page_tells_what_was_found_and_shows_it(admin: Client, ready: Dataset) -> None:
    text = page(admin, ready).content.decode()
    for told in (
        "61 rows became 60 tracks",
        "1 bad row skipped",
        "divide percentages by 100",
        "1 label without a genre: 20 rows left out.",
        "Under the strict rule, “mine” (61 rows) is left out",
        "Half of the rows lie between",
        'class="bar"',
        "Train on this data set",
    ):
        assert told in text, told
    assert text.index("neo-zzz") < text.index(">jazz<")  # what has no genre comes first


def test_another_mapping_counts_anew_and_is_in_the_log(admin: Client, ready: Dataset) -> None:
    labels = list(ready.label_map)
    chosen = {f"label-{labels.index('neo-zzz')}": "electronic", f"label-{labels.index('rock')}": "metal"}
    admin.post(reverse("admin:organizer_dataset_labels", args=[ready.pk]), chosen)
    ready.refresh_from_db()
    assert ready.label_map == {"rock": "metal", "jazz": "", "neo-zzz": "electronic"}
    text = page(admin, ready).content.decode()
    assert "1 label without a genre: 20 rows left out." in text
    assert "Suggested: Jazz &amp; blues" in text  # for what was left out
    assert "jazz → left out" in LogEntry.objects.first().change_message


def test_a_page_that_waits_is_told_when_the_check_has_ended(admin: Client, ready: Dataset) -> None:
    assert page(admin, ready, **{"HX-Request": "true"})["HX-Refresh"] == "true"


def test_a_check_that_failed_can_be_asked_for_again(admin: Client, ready: Dataset, monkeypatch: Any) -> None:
    monkeypatch.setattr(tasks, "enqueue", lambda job: None)
    Dataset.objects.update(state="checking")
    Job.objects.update(state="failed", error="The disk is full.")
    assert b"The disk is full." in page(admin, ready).content
    admin.post(reverse("admin:organizer_dataset_check", args=[ready.pk]))
    assert Job.objects.active().get().kind == Job.Kind.CHECK


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


def test_a_stream_is_never_held_in_memory() -> None:
    from organizer.admin.uploads import Bounded

    handler = Bounded(10)
    handler.new_file("file", "t.csv", "text/csv", 0)
    assert not isinstance(handler.file.file, io.BytesIO)
    handler.upload_interrupted()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_long_table_is_not_refused_for_where_the_first_look_ends(admin: Client, encoding: str) -> None:
    text = ("\ufeff" if encoding == "utf-16-be" else "") + "artist,genre,tempo\n" + "Zoë,rock,120\n" * 40_000
    assert add(admin, text.encode(encoding)).status_code == 302


def test_a_data_set_from_before_reports_can_be_checked_row_by_row(
    admin: Client, ready: Dataset, monkeypatch: Any
) -> None:
    monkeypatch.setattr(tasks, "enqueue", lambda job: tasks.work(job.pk))
    Dataset.objects.update(report={"labels": ready.report["labels"], "sentences": ["61 rows."]})
    assert b"Check it row by row" in page(admin, ready).content
    admin.post(reverse("admin:organizer_dataset_check", args=[ready.pk]))
    assert b"61 rows became 60 tracks" in page(admin, ready).content
