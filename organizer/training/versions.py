"""Which model version is in use: promoting, going back, and judging libraries again.

A version is in use because somebody said so (the alias “champion”), never because it is the latest.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone

from organizer import classify, jobs
from organizer.models import Job, ModelVersion, Promotion, SpotifyAccount
from organizer.training.errors import TrainingError

Kind = ModelVersion.Kind


@transaction.atomic
def activate(
    version: ModelVersion, *, by: Any = None, reason: str = "", is_rollback: bool = False
) -> Promotion:
    """Make this version the champion of its kind. Predictions by others stay, so going back costs nothing."""
    classify.champion()  # somebody to go back to, on a fresh instance too
    before = ModelVersion.objects.champion(Kind(version.kind))
    champions = ModelVersion.objects.filter(is_champion=True, kind=version.kind)
    champions.update(is_champion=False, was_champion_at=timezone.now())
    ModelVersion.objects.filter(pk=version.pk).update(is_champion=True)
    return Promotion.objects.create(
        kind=version.kind, version=version, before=before, by=by, reason=reason, is_rollback=is_rollback
    )


def previous_champion(kind: Kind = Kind.TABLES) -> ModelVersion | None:
    """The version that was in use before the present one."""
    former = ModelVersion.objects.filter(is_champion=False, was_champion_at__isnull=False, kind=kind)
    return former.order_by("-was_champion_at").first()


def roll_back(kind: Kind = Kind.TABLES, *, by: Any = None) -> ModelVersion:
    """Put the version before the present one back into use; TrainingError where there is none."""
    version = previous_champion(kind)
    if version is None:
        raise TrainingError("There is no earlier version to go back to.")
    activate(version, by=by, is_rollback=True)
    return version


def start_reclassifying() -> list[Job]:
    """A job for every linked account, so that its predictions come from the champion."""
    accounts = SpotifyAccount.objects.filter(synced_at__isnull=False)
    return [jobs.start(account, Job.Kind.RECLASSIFY)[0] for account in accounts]
