"""The admin's first page: what needs attention, what is in use, and when to train again."""

import re
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from organizer.models import (
    Correction,
    Dataset,
    Job,
    ModelVersion,
    SpotifyAccount,
    Track,
    TrainingRun,
)
from organizer.training import corrections, suggestion
from tests.organizer import staff_pages
from tests.organizer.promoting import made_champion
from tests.organizer.signs import all_there


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
    made_champion(version, by=root.get(reverse("admin:index")).wsgi_request.user, reason="It hears more.")
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
