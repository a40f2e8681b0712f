"""A library that was read once, put back for every further test: reading it anew takes more than a second each time."""

from dataclasses import dataclass

from django.utils import timezone

from organizer.models import Artist, Job, ModelVersion, Prediction, SavedTrack, SpotifyAccount, Track

ALSO_OF_A_READING = ("liked_total", "unreadable_total")


@dataclass(frozen=True)
class Library:
    """All rows as they are after a reading; whose they are and what numbers they have is settled when put back."""

    account: SpotifyAccount
    job: Job
    version: ModelVersion
    artists: list[Artist]
    tracks: list[Track]
    saves: list[SavedTrack]
    predictions: list[Prediction]


LIBRARIES: dict[
    tuple[str, ...], Library
] = {}  # those that this process has read, by the likes they are made from


def keep(account: SpotifyAccount) -> Library:
    """What a reading has just stored."""
    tracks = Track.objects.liked_by(account).order_by("pk")
    predictions = Prediction.objects.filter(track__in=tracks).order_by("pk")
    return Library(
        SpotifyAccount.objects.get(pk=account.pk),
        account.jobs.get(),
        ModelVersion.objects.get(is_champion=True),
        list(Artist.objects.filter(tracks__in=tracks).distinct().order_by("pk")),
        list(tracks),
        list(account.saves.order_by("pk")),
        list(predictions),
    )


def put_back(kept: Library, account: SpotifyAccount) -> None:
    """Songs keep their primary keys, which nobody else has got since; everything else gets new ones, as from a reading."""
    job, version = kept.job, kept.version
    job.pk, job.account, version.pk = None, account, None
    job.phase_started_at = job.finished_at = now = timezone.now()
    job.save(force_insert=True)
    ModelVersion.objects.update(is_champion=False)
    version.save(force_insert=True)
    Artist.objects.bulk_create(kept.artists)
    Track.objects.bulk_create(kept.tracks)
    for save in kept.saves:
        save.pk, save.account, save.seen_by_job = None, account, job.pk
    SavedTrack.objects.bulk_create(kept.saves)
    for prediction in kept.predictions:
        prediction.pk, prediction.version = None, version
    Prediction.objects.bulk_create(kept.predictions)
    again = {name: getattr(kept.account, name) for name in ALSO_OF_A_READING}
    SpotifyAccount.objects.filter(pk=account.pk).update(synced_at=now, full_walk_at=now, **again)
