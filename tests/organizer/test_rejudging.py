"""Libraries judged again by another version: what they show meanwhile, and what a kill leaves behind."""

from pathlib import Path
from typing import Any

import pytest

from organizer import classify, jobs, plans, rejudging, stored_verdicts, tasks
from organizer.models import Job, ModelVersion, Prediction, SpotifyAccount
from organizer.models.account import SpotifyAccountQuerySet
from organizer.plans import PlanError
from organizer.training import versions
from tests.organizer.promoting import WHY, items, other, reclassified
from tests.organizer.versions import expert

Kind = ModelVersion.Kind


def test_until_all_is_judged_again_the_library_shows_what_it_showed(
    library: SpotifyAccount,
    base: ModelVersion,
    media: Path,
    tmp_path: Path,
    monkeypatch: Any,
) -> None:
    stored_verdicts.refresh(library)
    before = dict(stored_verdicts.of(library).values_list("track", "genre"))
    planned = items(library)
    (job,) = versions.promote(other(media, tmp_path), reason=WHY).jobs
    monkeypatch.setattr(classify, "CHUNK", 40)
    monkeypatch.setattr(classify, "BATCH_S", 0)
    assert tasks.work(job.pk).is_active  # the first forty
    fresh = SpotifyAccount.objects.get(pk=library.pk)
    assert dict(stored_verdicts.of(fresh).values_list("track", "genre")) == before
    assert items(library) == planned
    reclassified()
    assert (
        dict(stored_verdicts.of(SpotifyAccount.objects.get(pk=library.pk)).values_list("track", "genre"))
        != before
    )


def test_promoted_twice_while_libraries_are_judged_only_the_last_one_counts(
    library: SpotifyAccount,
    base: ModelVersion,
    media: Path,
    tmp_path: Path,
    monkeypatch: Any,
) -> None:
    before, third = items(library), expert(media, "ears")
    (first,) = versions.promote(other(media, tmp_path), reason=WHY).jobs
    with monkeypatch.context() as patch:
        patch.setattr(classify, "CHUNK", 40)
        patch.setattr(classify, "BATCH_S", 0)
        tasks.work(first.pk)
    versions.promote(third, reason=WHY)
    versions.roll_back(Kind.SOUND)
    versions.roll_back(Kind.TABLES)
    first.refresh_from_db()
    assert first.is_replaced and first in library.jobs.replaced()
    assert rejudging.version_of(library) == base
    reclassified()
    assert items(library) == before


def test_a_killed_worker_goes_on_where_it_was(
    library: SpotifyAccount,
    base: ModelVersion,
    media: Path,
    tmp_path: Path,
    monkeypatch: Any,
) -> None:
    version = other(media, tmp_path)
    (job,) = versions.promote(version, reason=WHY).jobs
    monkeypatch.setattr(classify, "CHUNK", 40)
    real, calls = classify.classify_tracks, []

    def dying(*args: Any) -> int:
        calls.append(1)
        if len(calls) == 2:
            raise jobs.LeaseLost
        return real(*args)

    monkeypatch.setattr(classify, "classify_tracks", dying)
    assert tasks.work(job.pk) is None
    Job.objects.filter(pk=job.pk).update(lease_token="", lease_until=None)
    reclassified()
    assert rejudging.version_of(library) == version
    assert not Job.objects.filter(kind=Job.Kind.RECLASSIFY).exclude(wish={}).exists()


def predictions(account: SpotifyAccount) -> list[tuple[Any, ...]]:
    songs = Prediction.objects.filter(version=classify.champion(), track__saves__account=account)
    return list(
        songs.order_by("track").values_list("track", "genre", "confidence", "log_probs", "inputs_hash")
    )


class Killed(BaseException):
    """What kill -9 leaves of the database: nothing after it happens."""


@pytest.mark.parametrize("moment", ["between chunks", "before verdicts are marked stale"])
def test_killed_while_another_sound_expert_judges_it_ends_as_if_it_had_not_been(
    library: SpotifyAccount,
    base: ModelVersion,
    media: Path,
    monkeypatch: Any,
    moment: str,
) -> None:
    before, ears = predictions(library), expert(media, "ears")
    stored_verdicts.refresh(library)
    (job,) = versions.promote(ears, reason=WHY).jobs
    monkeypatch.setattr(classify, "CHUNK", 40)
    killed_at(moment, monkeypatch)
    with pytest.raises(Killed):
        tasks.work(job.pk)
    with pytest.raises(PlanError, match="being judged again by another model"):
        items(library)
    Job.objects.filter(pk=job.pk).update(lease_token="", lease_until=None)
    reclassified()
    ended, planned = predictions(library), items(library)
    assert ended != before
    Prediction.objects.all().delete()
    SpotifyAccount.objects.update(verdicts_stamp="")
    jobs.start(library, Job.Kind.RECLASSIFY)
    reclassified()
    assert predictions(library) == ended
    assert items(library) == planned


def killed_at(moment: str, monkeypatch: Any) -> None:
    """The work on the second chunk dies: before it begins, or when its predictions are written."""
    where, name = {
        "between chunks": (classify, "classify_tracks"),
        "before verdicts are marked stale": (SpotifyAccountQuerySet, "mark_stale"),
    }[moment]
    real, calls = getattr(where, name), []

    def dying(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise Killed
        return real(*args)

    monkeypatch.setattr(where, name, dying)


def test_a_judging_by_another_sound_expert_that_was_stopped_half_way_lets_no_plan_be_made(
    library: SpotifyAccount,
    base: ModelVersion,
    media: Path,
) -> None:
    (job,) = versions.promote(expert(media, "ears"), reason=WHY).jobs
    jobs.ask_cancel(job)
    for refused in (items, plans.start):
        with pytest.raises(PlanError, match="Resume that job, or read the library again"):
            refused(library)
    jobs.resume(job)
    reclassified()
    assert items(library)
