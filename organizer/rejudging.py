"""From one version to another, library by library: what a library shows stays whole until all of it is judged again.

A library whose songs are not judged yet by the version in use is still read by the one before. That stands in the wish
of its job: {"aim": what is to judge it, "from": the version of features and artists whose predictions stand until then}.
"""

from django.db.models import BigIntegerField, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from organizer import jobs
from organizer.models import Job, ModelVersion, SpotifyAccount

Kind = ModelVersion.Kind


def aim() -> str:
    """The versions in use, of every kind that judges libraries, as one word."""
    rows = ModelVersion.objects.filter(is_champion=True, kind__in=[Kind.TABLES, Kind.SOUND])
    pks = dict(rows.values_list("kind", "pk"))
    return f"{pks.get(Kind.TABLES, 0)}+{pks.get(Kind.SOUND, 0)}"


def version_of(account: SpotifyAccount) -> ModelVersion | None:
    """The version whose predictions the library shows: the champion, or until that has judged it the one before.

    One query.
    """
    held = _held(account).annotate(version=Cast(KeyTextTransform("from", "wish"), BigIntegerField()))
    found = ModelVersion.objects.filter(
        Q(is_champion=True, kind=Kind.TABLES) | Q(pk=Subquery(held.order_by("-pk").values("version")[:1]))
    )
    return found.order_by("is_champion").first()


def mixing(account: SpotifyAccount) -> Job | None:
    """The job that judges its songs again in place, by another sound expert: some are judged, some are not.

    Also where it was cancelled or has failed: until it goes on, or a reading of the library judges all songs.
    """
    unsettled = Job.objects.filter(account=account, kind=Job.Kind.RECLASSIFY, wish__has_key="aim")
    return unsettled.exclude(wish__has_key="from").order_by("-pk").first()


def begin(before: ModelVersion | None) -> list[Job]:
    """A job for every library, made in the transaction that puts another version into use.

    before: the version of features and artists that was in use, if that is what changes. A job under way is replaced by a
    new one, so that none can end having judged by a version that is no longer in use.
    """
    accounts = SpotifyAccount.objects.filter(synced_at__isnull=False).order_by("pk")
    return [_begin(account, before) for account in accounts]


def _begin(account: SpotifyAccount, before: ModelVersion | None) -> Job:
    standing = _held(account).order_by("-pk").values_list("wish", flat=True).first() or {}
    wish = {"aim": aim()} | (
        {"from": standing.get("from", before and before.pk)} if standing or before else {}
    )
    former = Job.objects.filter(account=account, kind=Job.Kind.RECLASSIFY)
    former.active().update(
        state=Job.State.CANCELLED, finished_at=timezone.now(), lease_token="", lease_until=None
    )
    former.exclude(wish={}).update(wish={})
    job, _ = jobs.start(account, Job.Kind.RECLASSIFY)
    Job.objects.filter(pk=job.pk).update(wish=wish)
    job.wish = wish
    return job


def settle(account: SpotifyAccount, done: str) -> None:
    """Every song is judged by `done`: the library shows that from now on."""
    Job.objects.filter(account=account, kind=Job.Kind.RECLASSIFY, wish__aim=done).update(wish={})


def _held(account: SpotifyAccount) -> QuerySet[Job]:
    return Job.objects.filter(account=account, kind=Job.Kind.RECLASSIFY, wish__has_key="from")
