"""What lies on the disk, what of it nothing refers to any more, and what is forgotten on request."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from organizer import storage
from organizer.models import (
    Dataset,
    ModelVersion,
    Prediction,
    SpotifyAccount,
    Track,
)
from organizer.training import versions
from tests.organizer.promoting import made_champion


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


def archive(library: SpotifyAccount) -> list[ModelVersion]:
    """Three versions with predictions: the champion, the one before it, and an older one."""
    (track, *_) = Track.objects.liked_by(library).movable()
    made = [ModelVersion.objects.create(name=f"v{k}", path=f"models/v{k}", labels=["rock"]) for k in range(3)]
    for version in made:
        made_champion(version)
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
