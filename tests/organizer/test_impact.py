"""A preview says what promoting then does, song by song, and stores no prediction."""

import math
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from classifier.labels import FAMILIES
from organizer import classify, plans, review, stored_verdicts
from organizer.models import (
    Impact,
    ModelVersion,
    Prediction,
    SpotifyAccount,
    Track,
)
from organizer.plans import Choice
from organizer.training import datasets, impact, versions
from tests.organizer.promoting import described, reclassified
from tests.organizer.versions import expert, table, to_the_end, trained

WHY = "The preview was looked at"


def shown(account: SpotifyAccount) -> dict[int, tuple[str, str]]:
    rows = stored_verdicts.of(SpotifyAccount.objects.get(pk=account.pk))
    return {row.track_id: (row.genre, row.part) for row in rows}


def weighed(version: ModelVersion) -> dict[str, Any]:
    found, job = impact.start(version)
    to_the_end(job)
    found.refresh_from_db()
    assert not found.error, found.error
    return found.result


def random_words(account: SpotifyAccount, seed: int) -> None:
    chance = random.Random(seed)
    tracks = list(Track.objects.liked_by(account).movable().select_related("primary_artist"))
    for track in chance.sample(tracks, 12):
        review.correct(account, track, chance.choice(FAMILIES), whole_artist=chance.random() < 0.4)


def agrees(account: SpotifyAccount, version: ModelVersion) -> None:
    """The preview, and then the difference that promoting makes."""
    stored_verdicts.refresh(account)
    before, predictions = shown(account), Prediction.objects.count()
    (found,) = weighed(version)["accounts"]
    assert Prediction.objects.count() == predictions
    versions.promote(version, reason=WHY)
    assert shown(account) == before  # until all of them are judged again
    reclassified()
    after = shown(account)
    moves = Counter((before[pk][0], after[pk][0]) for pk in before if before[pk][0] != after[pk][0])
    assert {(a, b): songs for a, b, songs in found["moves"]} == dict(moves)
    assert found["changed"] == sum(moves.values())
    for part, counts in found["parts"].items():
        assert counts == [sum(one[1] == part for one in side.values()) for side in (before, after)]


@pytest.mark.parametrize("seed", range(2))
def test_of_features_it_is_what_promoting_does(
    library: SpotifyAccount, media: Path, tmp_path: Path, seed: int
) -> None:
    described(library, seed)
    random_words(library, seed)
    data = datasets.read(table(tmp_path))
    version = trained(media, "other", [data])
    agrees(library, version)
    assert Prediction.objects.filter(version=version).exists()


def test_of_sound_it_is_what_promoting_does(library: SpotifyAccount, media: Path, tmp_path: Path) -> None:
    described(library, 1)
    base = trained(media, "base", [datasets.read(table(tmp_path))])
    versions.promote(base, reason=WHY)
    reclassified()
    random_words(library, 1)
    was = dict(Prediction.objects.filter(version=base).values_list("track", "log_probs"))
    agrees(library, expert(media, "ears"))
    assert dict(Prediction.objects.filter(version=base).values_list("track", "log_probs")) != was
    versions.roll_back(ModelVersion.Kind.SOUND)
    reclassified()
    assert dict(Prediction.objects.filter(version=base).values_list("track", "log_probs")) == was


def test_playlists_gain_and_lose_what_the_next_plan_says(
    library: SpotifyAccount, media: Path, tmp_path: Path
) -> None:
    described(library, 3)
    library.merges_duplicates = False  # a plan leaves out other releases of a recording afterwards
    library.save(update_fields=["merges_duplicates"])
    plans.choose(library, [Choice("Rock", ("rock",), 0.3), Choice("Jazz", ("jazz-blues",), 0.3)])
    before = planned(library)
    version = trained(media, "other", [datasets.read(table(tmp_path))])
    result = weighed(version)
    versions.promote(version, reason=WHY)
    assert planned(library) == before  # the libraries are not judged again yet
    reclassified()
    after = planned(library)
    for one in result["accounts"][0]["playlists"]:
        had, has = before[one["name"]], after[one["name"]]
        assert (one["come"], one["leave"]) == (len(has - had), len(had - has))
    assert result["playlists"] == 2


def planned(account: SpotifyAccount) -> dict[str, set[str]]:
    plan = plans.make(SpotifyAccount.objects.get(pk=account.pk))
    return {
        rule.name: set(plan.items.filter(playlist=rule, kind="add").values_list("uri", flat=True))
        for rule in account.playlists.filter(is_active=True)
    }


def test_a_preview_from_before_a_promotion_or_a_sync_is_out_of_date(
    library: SpotifyAccount, media: Path, tmp_path: Path
) -> None:
    data = datasets.read(table(tmp_path))
    first, second = trained(media, "first", [data]), trained(media, "second", [data], seed=1)
    weighed(second)
    found = Impact.objects.get()
    assert impact.outdated(found) == ""
    SpotifyAccount.objects.update(synced_at=timezone.now())
    assert "Libraries have changed" in impact.outdated(found)
    versions.promote(first, reason=WHY)
    assert "in use by now" in impact.outdated(found)


@pytest.fixture
def preview(library: SpotifyAccount, media: Path, tmp_path: Path) -> Impact:
    plans.choose(library, [Choice("Rock", ("rock",), 0.3), Choice("Jazz", ("jazz-blues",), 0.3)])
    weighed(trained(media, "other", [datasets.read(table(tmp_path))]))
    found = Impact.objects.get()
    assert impact.outdated(found) == ""
    return found


def without(found: Impact, *names: str) -> Impact:
    """As earlier versions of the program stored it."""
    for one in found.result["accounts"]:
        for name in names:
            del one[name]
    found.save()
    return found


@pytest.mark.parametrize(
    "change",
    [
        {"min_confidence": 0.4},
        {"genres": ["rock", "metal"]},
        {"min_size": 30},
        {"is_rest": True},
        {"is_active": False},
    ],
)
def test_a_preview_from_before_a_rule_was_changed_is_out_of_date(
    preview: Impact, library: SpotifyAccount, change: dict[str, Any]
) -> None:
    library.playlists.filter(name="Rock").update(name="Loud", spotify_id="made", snapshot_id="first")
    assert impact.outdated(preview) == ""
    library.playlists.filter(name="Loud").update(**{"spotify_id": "", **change})
    assert "Rules for playlists have changed" in impact.outdated(preview)
    assert impact.outdated(without(preview, "rules")) == ""


def test_a_preview_from_before_a_song_was_left_out_is_out_of_date(
    preview: Impact, library: SpotifyAccount
) -> None:
    SpotifyAccount.objects.update(exclusions={"words": ["live"]})
    assert "Rules for playlists have changed" in impact.outdated(preview)


def test_a_preview_from_before_a_correction_or_its_end_is_out_of_date(
    preview: Impact, library: SpotifyAccount
) -> None:
    track = Track.objects.liked_by(library).movable()[0]
    review.correct(library, track, "metal")
    assert "corrected genres" in impact.outdated(preview)
    impact.make(preview)
    assert impact.outdated(preview) == ""
    review.correct(library, track, "pop")  # the same row, said anew
    assert "corrected genres" in impact.outdated(preview)
    impact.make(preview)
    library.corrections.all().delete()
    assert "corrected genres" in impact.outdated(preview)
    assert impact.outdated(without(preview, "rules", "corrections")) == ""


def test_what_changes_while_a_preview_is_made_leaves_it_out_of_date(
    preview: Impact, library: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    track, parts = Track.objects.liked_by(library).movable()[0], impact._parts

    def meanwhile(pairs: Any) -> Any:
        review.correct(library, track, "metal")
        return parts(pairs)

    monkeypatch.setattr(impact, "_parts", meanwhile)
    impact.make(preview)
    assert "corrected genres" in impact.outdated(preview)


def test_looking_whether_a_preview_holds_takes_few_queries(
    preview: Impact, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(4):
        impact.outdated(preview)


def test_examples_are_few_and_of_every_move(library: SpotifyAccount, media: Path, tmp_path: Path) -> None:
    described(library, 4)
    (found,) = weighed(trained(media, "other", [datasets.read(table(tmp_path))]))["accounts"]
    assert 0 < len(found["examples"]) <= impact.EXAMPLES
    shown_moves = {(one["from"], one["to"]) for one in found["examples"]}
    assert shown_moves == {(a, b) for a, b, _ in found["moves"]} or len(found["moves"]) > impact.EXAMPLES
    assert math.isclose(sum(songs for *_, songs in found["moves"]), found["changed"])


def test_a_preview_that_is_made_is_whole_also_by_its_count(
    library: SpotifyAccount, media: Path, tmp_path: Path
) -> None:
    local = Track.objects.liked_by(library).movable()[0]
    Track.objects.filter(pk=local.pk).update(is_local=True)
    _, job = impact.start(trained(media, "other", [datasets.read(table(tmp_path))]))
    ended = to_the_end(job)
    assert ended.done == ended.total == Track.objects.liked_by(library).movable().count()


def test_without_a_library_there_is_nothing_to_preview(media: Path, tmp_path: Path) -> None:
    result = weighed(trained(media, "other", [datasets.read(table(tmp_path))]))
    assert impact.sentence(result) == "There is no library to preview it on."
    assert classify.champion().name == "shipped"
