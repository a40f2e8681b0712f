"""Libraries that a version in use has judged, and another version to put in its place."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management import call_command
from django.utils import timezone

from classifier.sound.opinion import WIDTH, packed
from organizer import ear, plans
from organizer.models import AudioAnalysis, AudioFeatures, Job, ModelVersion, Promotion, SpotifyAccount, Track
from organizer.plans import Choice
from organizer.training import datasets, versions
from tests.organizer.versions import table, to_the_end, trained

WHY = "because the test says so"


def put_into_use(library: SpotifyAccount, media: Path, tmp_path: Path) -> ModelVersion:
    """A version that has judged the library, of which all songs have some evidence; there are rules for two playlists."""
    described(library, 1)
    version = trained(media, "base", [datasets.read(table(tmp_path))])
    versions.promote(version, reason=WHY)
    reclassified()
    plans.choose(library, [Choice("Rock", ("rock",), 0.3), Choice("Jazz", ("jazz-blues",), 0.3)])
    return version


def other(media: Path, tmp_path: Path) -> ModelVersion:
    data = datasets.read(table(tmp_path, "other table", seed=3))
    return trained(media, "other", [data], model="random-forest")


def items(account: SpotifyAccount) -> list[tuple[Any, ...]]:
    plan = plans.make(SpotifyAccount.objects.get(pk=account.pk))
    fields = ("playlist", "uri", "kind", "position", "move", "reason", "is_accepted")
    return list(plan.items.order_by("playlist", "position").values_list(*fields))


def described(account: SpotifyAccount, seed: int) -> None:
    """Two in three songs have features; one in three was heard."""
    chance, now = np.random.default_rng(seed), timezone.now()
    tracks = list(Track.objects.liked_by(account).movable().order_by("pk"))
    AudioFeatures.objects.filter(track__in=tracks).delete()
    AudioAnalysis.objects.filter(track__in=tracks).delete()
    AudioFeatures.objects.bulk_create(
        AudioFeatures(
            track=track,
            source="reccobeats",
            values={name: float(chance.random()) for name in ("danceability", "energy", "valence")},
            checked_at=now,
        )
        for track in tracks
        if track.pk % 3
    )
    embeddings = packed(np.abs(chance.normal(size=(len(tracks), WIDTH))))
    AudioAnalysis.objects.bulk_create(
        AudioAnalysis(
            track=track,
            source="deezer",
            encoder=ear.opinion_of(None).encoders[1],
            embedding=embedding,
            checked_at=now,
        )
        for track, embedding in zip(tracks, embeddings, strict=True)
        if track.pk % 3 == 0
    )


def reclassified() -> None:
    for job in Job.objects.active().filter(kind=Job.Kind.RECLASSIFY):
        to_the_end(job)


def made_champion(version: ModelVersion, **told: Any) -> None:
    """As a promotion leaves it, whatever a promotion asks for beforehand."""
    before = ModelVersion.objects.champion()
    ModelVersion.objects.filter(is_champion=True).update(is_champion=False, was_champion_at=timezone.now())
    ModelVersion.objects.filter(pk=version.pk).update(is_champion=True)
    Promotion.objects.create(kind=version.kind, version=version, before=before, **told)


def command(*words: str) -> str:
    """What manage.py models says."""
    out = io.StringIO()
    call_command("models", *words, stdout=out)
    return out.getvalue()
