"""Versions to compare, a comparison that is made, and its page."""

from pathlib import Path

import numpy as np
from django.template.loader import render_to_string

from organizer.admin import drawings
from organizer.models import (
    Comparison,
    Dataset,
    ModelVersion,
)
from organizer.training import comparing, datasets
from tests.organizer.versions import to_the_end, trained


def in_use(version: ModelVersion) -> ModelVersion:
    ModelVersion.objects.filter(kind=version.kind).update(is_champion=False)
    ModelVersion.objects.filter(pk=version.pk).update(is_champion=True)
    version.refresh_from_db()
    return version


def pair(media: Path, data: Dataset) -> tuple[ModelVersion, ModelVersion]:
    """One in use that has learned from a few songs only, and one from all."""
    tracks = datasets.read(data)
    few = tracks.take(np.arange(300))
    return in_use(trained(media, "few", [few])), trained(media, "all", [tracks], model="random-forest")


def made(*versions: ModelVersion) -> Comparison:
    comparison, job = comparing.start(versions)
    to_the_end(job)
    comparison.refresh_from_db()
    return comparison


def page_of(comparison: Comparison) -> str:
    shown = {"row": comparison, **drawings.comparison(comparison.result)}
    return render_to_string("admin/organizer/comparison/_comparison.html", shown)


def clips(media: Path) -> Dataset:
    """Sixty clips of three families, of noise, as the check of a zip leaves them."""
    from classifier.sound.opinion import WIDTH

    chance = np.random.default_rng(0)
    row = Dataset.objects.create(
        name="clips", kind=Dataset.Kind.AUDIO, origin="independent", provenance="made", licence="MIT", sha256="c" * 64, rows=60,
        label_map={"rock": "rock", "jazz": "jazz-blues", "metal": "metal"},
    )  # fmt: skip
    row.folder.mkdir(parents=True)
    names = np.array([f"{('rock', 'jazz', 'metal')[i % 3]}/{i}" for i in range(60)] * 5)
    names = np.array([f"{name}-{i}" for i, name in enumerate(names)])
    np.savez(
        row.folder / "clips.npz",
        mel=chance.integers(0, 255, (len(names), 128, 387), np.uint8),
        names=names,
        files=names,
        embeddings=chance.random((len(names), WIDTH)).astype(np.float16),
    )
    return row
