"""Putting a version into use and going back: what plans then say, and what stands in the way."""

import shutil
import threading
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from organizer import classify
from organizer.models import Comparison, ModelVersion, Promotion, SpotifyAccount
from organizer.plans import PlanError
from organizer.symptoms import model as model_check
from organizer.training import comparing, datasets, testsets, versions
from organizer.training.errors import TrainingError
from organizer.training.versions import NeedsReason
from tests.organizer.promoting import WHY, items, other, reclassified
from tests.organizer.versions import expert, table, trained

Kind = ModelVersion.Kind


def test_the_next_plan_changes_and_after_going_back_is_as_before_to_the_byte(
    library: SpotifyAccount,
    base: ModelVersion,
    media: Path,
    tmp_path: Path,
) -> None:
    before = items(library)
    versions.promote(other(media, tmp_path), reason=WHY)
    reclassified()
    assert items(library) != before
    assert versions.roll_back().version == base
    reclassified()
    assert items(library) == before


def test_a_sound_expert_goes_into_use_and_back_to_the_shipped_one(
    library: SpotifyAccount,
    base: ModelVersion,
    media: Path,
) -> None:
    before, ears = items(library), expert(media, "ears")
    versions.promote(ears, reason=WHY)
    with pytest.raises(PlanError, match="judged again"):
        items(library)
    reclassified()
    assert items(library) != before
    assert versions.roll_back(Kind.SOUND).version is None
    reclassified()
    assert items(library) == before
    assert Promotion.objects.order_by("pk").last().before == ears


def test_without_a_comparison_a_reason_is_asked_for_and_kept(
    base: ModelVersion,
    media: Path,
    tmp_path: Path,
) -> None:
    version = other(media, tmp_path)
    for reason in ("", "   ", "too short"):
        with pytest.raises(NeedsReason, match="not been compared"):
            versions.promote(version, reason=reason)
    versions.promote(version, reason=f" {WHY} ")
    assert Promotion.objects.order_by("pk").last().reason == WHY


def test_a_version_that_proved_better_needs_no_reason(
    base: ModelVersion,
    media: Path,
    tmp_path: Path,
) -> None:
    version = other(media, tmp_path)
    comparison, _ = comparing.start([version])
    comparison.result = {
        "versions": [{"pk": base.pk}, {"pk": version.pk}],
        "test": {"fingerprint": testsets.fingerprint(Kind.TABLES), "rows": 100},
        "figures": {"versions": [{"macro_f1": [0.5, 0, 1]}, {"macro_f1": [0.6, 0, 1]}]},
        "baseline": None,
    }
    comparison.save()
    versions.promote(version)
    assert classify.champion() == version
    assert Comparison.objects.get() == comparison


@pytest.mark.parametrize("harm", ["gone", "cut"])
def test_a_version_with_missing_or_damaged_files_neither_goes_into_use_nor_back(
    base: ModelVersion,
    media: Path,
    tmp_path: Path,
    harm: str,
) -> None:
    version, ears = other(media, tmp_path), expert(media, "ears")
    versions.promote(version, reason=WHY)
    for one in (base, ears):
        damage(one, harm)
    with pytest.raises(TrainingError, match="no going back to “base”. Its files .* No older one is whole"):
        versions.roll_back()
    for one in (base, ears):
        with pytest.raises(TrainingError, match="cannot be promoted. Its files are missing or damaged"):
            versions.promote(one, reason=WHY)
        with pytest.raises(TrainingError, match="cannot be compared. Its files are missing or damaged"):
            comparing.start([one])
    assert classify.champion() == version


def test_past_a_damaged_version_it_goes_back_to_the_next_one_that_is_whole(
    base: ModelVersion,
    media: Path,
    tmp_path: Path,
) -> None:
    second = other(media, tmp_path)
    third = trained(media, "third", [datasets.read(table(tmp_path, "third table", seed=4))])
    for one in (second, third):
        versions.promote(one, reason=WHY)
    damage(second, "gone")
    way = versions.way_back(Kind.TABLES)
    assert (way.version, [one.name for one, _ in way.passed]) == (base, ["other"])
    with pytest.raises(TrainingError, match="no going back to “other”.* is “base”: go back to that instead"):
        versions.roll_back()
    with pytest.raises(TrainingError, match="leads to “base”, not to “other”"):
        versions.roll_back(to="other")
    assert versions.roll_back(seen="third", to="base").version == base
    assert versions.trail_of(Kind.TABLES)[-1] == base
    assert third not in versions.trail_of(Kind.TABLES)


def damage(version: ModelVersion, harm: str) -> None:
    if harm == "gone":
        shutil.rmtree(version.directory)
    else:
        weights = version.directory / "weights.safetensors"
        weights.write_bytes(weights.read_bytes()[:100])


def test_going_back_twice_goes_further_back_and_not_forth_again(
    base: ModelVersion,
    media: Path,
    tmp_path: Path,
) -> None:
    second = other(media, tmp_path)
    third = trained(media, "third", [datasets.read(table(tmp_path, "third table", seed=4))])
    versions.promote(second, reason=WHY)
    versions.promote(third, reason=WHY)
    assert versions.roll_back().version == second
    assert versions.roll_back().version == base
    versions.promote(third, reason=WHY)
    assert versions.roll_back().version == base


def test_an_old_page_does_not_go_back_further_than_it_says(
    base: ModelVersion,
    media: Path,
    tmp_path: Path,
) -> None:
    second = other(media, tmp_path)
    versions.promote(second, reason=WHY)
    versions.roll_back(seen=second.name)
    with pytest.raises(TrainingError, match="Somebody else"):
        versions.roll_back(seen=second.name)
    assert ModelVersion.objects.champion() == base


def test_an_old_page_puts_nothing_out_of_use_that_it_does_not_name(
    base: ModelVersion,
    media: Path,
    tmp_path: Path,
) -> None:
    second = other(media, tmp_path)
    third = trained(media, "third", [datasets.read(table(tmp_path, "third table", seed=4))])
    versions.promote(second, reason=WHY, seen=base.name)
    with pytest.raises(TrainingError, match="Somebody else"):
        versions.promote(third, reason=WHY, seen=base.name)
    assert ModelVersion.objects.champion() == second
    ears = expert(media, "ears")
    assert versions.promote(ears, reason=WHY, seen=versions.SHIPPED_SOUND).version == ears
    assert versions.promote(third, reason=WHY).version == third


def test_a_net_of_its_own_and_the_version_in_use_are_not_promoted(base: ModelVersion) -> None:
    net = ModelVersion.objects.create(name="net", kind=Kind.NET, path="models/net")
    with pytest.raises(TrainingError, match="only for comparison"):
        versions.promote(net, reason=WHY)
    with pytest.raises(TrainingError, match="in use already"):
        versions.promote(base, reason=WHY)
    assert versions.trail_of(Kind.SOUND) == [None]
    with pytest.raises(TrainingError, match="no earlier version"):
        versions.roll_back(Kind.SOUND)


def test_there_is_at_most_one_champion_of_a_kind(base: ModelVersion) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersion.objects.create(name="second", path="", is_champion=True)
    assert ModelVersion.objects.create(name="ears", path="", kind=Kind.SOUND, is_champion=True)


def test_the_doctor_names_a_champion_whose_files_are_gone(base: ModelVersion, media: Path) -> None:
    assert model_check().state == "good"
    ears = expert(media, "ears")
    versions.promote(ears, reason=WHY)
    shutil.rmtree(ears.directory)
    found = model_check()
    assert (found.state, "ears" in found.says) == ("bad", True)
    shutil.rmtree(base.directory)
    assert "base" in model_check().says


@pytest.mark.django_db(transaction=True)
def test_of_two_who_promote_at_once_the_second_sees_what_the_first_did(
    media: Path,
    tmp_path: Path,
) -> None:
    data = datasets.read(table(tmp_path))
    rivals = [trained(media, name, [data]) for name in ("left", "right")]
    classify.champion()
    refused, gate = [], threading.Barrier(2)

    def promote(version: ModelVersion) -> None:
        from django.db import connection

        gate.wait()
        try:
            versions.promote(version, reason=WHY)
        except TrainingError as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=promote, args=(one,)) for one in rivals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ModelVersion.objects.filter(is_champion=True, kind=Kind.TABLES).count() == 1
    assert Promotion.objects.count() + len(refused) == 2
    assert classify.champion() == Promotion.objects.order_by("pk").last().version
