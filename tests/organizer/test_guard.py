"""What has to be overruled with a typed reason before a version goes into use."""

from typing import Any

import pytest

from organizer.models import ModelVersion
from organizer.training import guard
from organizer.training.guard import OUTDATED, UNCOMPARED, unlearned, verdict

CANDIDATE, CHAMPION, NOW = 7, 3, "the present test set"


def result(candidate: float, champion: float, baseline: float | None = 0.2) -> dict[str, Any]:
    return {
        "versions": [{"pk": CHAMPION, "name": "old"}, {"pk": CANDIDATE, "name": "new"}],
        "test": {"fingerprint": NOW, "rows": 1234},
        "figures": {
            "versions": [{"macro_f1": [champion, 0, 1]}, {"macro_f1": [candidate, 0, 1]}],
            "differences": [],
        },
        "baseline": None if baseline is None else {"name": "logistic regression", "macro_f1": baseline},
    }


def said(found: dict[str, Any] | None, *, champion: int | None = CHAMPION, test_set: str = NOW) -> list[str]:
    return verdict(found, candidate=CANDIDATE, champion=champion, test_set=test_set)


def test_a_better_version_needs_no_reason() -> None:
    assert said(result(0.6, 0.5)) == []
    assert said(result(0.5, 0.5)) == []


def test_a_version_worse_than_the_one_in_use_is_objected_to_with_figures() -> None:
    (sentence,) = said(result(0.41, 0.5))
    assert "41.0%" in sentence
    assert "50.0% of what is in use" in sentence
    assert "1,234 test rows" in sentence


def test_a_version_worse_than_the_baseline_is_objected_to() -> None:
    (sentence,) = said(result(0.3, 0.25, baseline=0.4))
    assert "logistic regression, the baseline" in sentence


def test_both_are_said_where_both_hold() -> None:
    assert len(said(result(0.1, 0.5, baseline=0.4))) == 2


def test_without_a_baseline_only_the_version_in_use_counts() -> None:
    assert said(result(0.6, 0.5, baseline=None)) == []


@pytest.mark.parametrize(
    ("found", "how"),
    [
        (None, {}),
        (result(0.9, 0.5), {"champion": 99}),
        (result(0.9, 0.5), {"champion": None}),
    ],
)
def test_without_a_comparison_with_what_is_in_use_now_nothing_is_known(
    found: Any, how: dict[str, Any]
) -> None:
    assert said(found, **how) == [UNCOMPARED]


def test_a_comparison_on_other_test_rows_says_why_it_does_not_count_any_more() -> None:
    assert said(result(0.9, 0.5), test_set="another one") == [OUTDATED]
    assert said(result(0.9, 0.5), test_set="another one", champion=99) == [UNCOMPARED]


def test_genres_that_are_never_said_any_more_are_named_each_by_itself_or_by_a_sub_genre() -> None:
    in_use = ["rock", "metal", "punk", "jazz-blues"]
    assert unlearned(in_use, in_use) == ""
    assert unlearned(["rock", "death-metal", "punk", "jazz-blues", "pop"], in_use) == ""
    said = unlearned(["rock", "jazz-blues"], in_use)
    assert said.startswith("It does not know 2 genres that what is in use knows (Metal, Punk)")
    assert "a genre that what is in use knows (Metal)" in unlearned(["rock"], ["rock", "death-metal"])


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [ModelVersion.Kind.TABLES, ModelVersion.Kind.SOUND])
def test_a_narrow_version_is_objected_to_whether_it_was_compared_or_not(kind: str) -> None:
    """In place of another one, and of the sound expert that comes with the program."""
    if kind == ModelVersion.Kind.TABLES:
        ModelVersion.objects.create(name="wide", kind=kind, labels=["rock", "metal"], is_champion=True)
    lost, uncompared = guard.objections(
        ModelVersion.objects.create(name="narrow", kind=kind, labels=["rock"])
    )
    assert "Metal" in lost
    assert uncompared == UNCOMPARED
