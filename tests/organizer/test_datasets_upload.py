"""Adding data sets in the admin: what is taken, and what is refused and leaves nothing."""

import io
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from organizer import tasks
from organizer.models import Dataset, Job
from tests import zips
from tests.organizer.admin_pages import staff, superuser
from tests.organizer.dataset_pages import ADD, FORM, add, errors, nothing_is_left, page, table

pytestmark = pytest.mark.usefixtures("places")


@pytest.fixture
def admin(db: None) -> Client:
    return superuser()


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
    assert b"waits for the worker" in page(admin, row).content


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


def test_an_upload_named_like_a_folder_of_ours_gets_another_name(admin: Client, tmp_path: Path) -> None:
    add(admin, table(tmp_path), name="7")
    row = Dataset.objects.get()
    assert row.path.name == "7.data"
    assert row.path.parent / "7" != row.path


def test_a_huge_body_elsewhere_is_told_to_be_too_large(admin: Client) -> None:
    response = admin.generic(
        "POST",
        reverse("admin:login"),
        b"--cut--",
        "multipart/form-data; boundary=cut",
        CONTENT_LENGTH=str(3 * 10**9),
    )
    assert response.status_code == 413
    assert b"too large for this address" in response.content
    assert b"send less, or upload a file on the page that asks for one" in response.content
