"""What tests of data sets in the admin begin with: a form that is filled in, and what it answers."""

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from organizer.models import Dataset, Job
from tests.tables import write_table

ADD = "admin:organizer_dataset_add"
FORM = {"name": "mine", "origin": "independent", "provenance": "Made by a test.", "licence": "MIT"}


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


def page(client: Client, dataset: Dataset, **headers: str) -> HttpResponse:
    return client.get(reverse("admin:organizer_dataset_change", args=[dataset.pk]), headers=headers)
