from typing import Any

import pytest

from organizer.models import Dataset, TrainingRun
from organizer.training import provenance

Rule = TrainingRun.Rule
INDEPENDENT, SPOTIFY = Dataset.Origin.INDEPENDENT, Dataset.Origin.SPOTIFY


def dataset(name: str, origin: str, **values: Any) -> Dataset:
    return Dataset(name=name, origin=origin, **{"rows": 85_558, **values})


def test_the_strict_rule_admits_only_what_has_nothing_to_do_with_spotify() -> None:
    free, kaggle = dataset("FMA", INDEPENDENT), dataset("Kaggle", SPOTIFY)
    kept, left_out = provenance.admitted([free, kaggle], Rule.STRICT)
    assert kept == [free]
    assert left_out[0].startswith("“Kaggle” (85,558 rows) is left out: some of it comes from Spotify")


def test_rows_without_a_genre_are_not_counted_among_those_left_out() -> None:
    values = {"label_map": {"rock": "rock", "?": ""}, "report": {"labels": {"rock": 1_186, "?": 213}}}
    _, (sentence,) = provenance.admitted([dataset("Kaggle", SPOTIFY, **values)], Rule.STRICT)
    assert sentence.startswith("“Kaggle” (1,186 rows) is left out")


def test_an_older_data_set_that_never_answered_counts_as_spotify() -> None:
    assert provenance.admitted([Dataset(name="old")], Rule.STRICT)[0] == []


def test_corrections_never_pass_the_strict_rule_whatever_their_row_says() -> None:
    words = dataset("Corrections", INDEPENDENT, kind=Dataset.Kind.CORRECTIONS, rows=1)
    kept, (sentence,) = provenance.admitted([words], Rule.STRICT)
    assert not kept
    assert "(1 song)" in sentence and "Spotify libraries" in sentence


def test_the_wide_rule_admits_everything_that_is_ready() -> None:
    given = [dataset("Kaggle", SPOTIFY), dataset("Words", SPOTIFY, kind=Dataset.Kind.CORRECTIONS)]
    assert provenance.admitted(given, Rule.WIDE) == (given, [])


@pytest.mark.django_db
def test_a_file_that_is_said_to_come_from_spotify_is_not_freed_by_another_upload_of_it() -> None:
    first, again = dataset("Kaggle", SPOTIFY, sha256="a" * 64), dataset("Mine", INDEPENDENT, sha256="a" * 64)
    other = dataset("FMA", INDEPENDENT, sha256="b" * 64)
    Dataset.objects.bulk_create([first, again, other])
    kept, (sentence,) = provenance.admitted([again, other], Rule.STRICT)
    assert kept == [other]
    assert "the same file is here as “Kaggle”, which is said to come from Spotify" in sentence
    assert provenance.admitted([again], Rule.WIDE) == ([again], [])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"is_test": True}, "only for judging"),
        ({"state": Dataset.State.CHECKING}, "still being checked"),
        ({"state": Dataset.State.REFUSED}, "was refused"),
    ],
)
@pytest.mark.parametrize("rule", Rule.values)
def test_what_cannot_be_trained_on_stays_out_under_every_rule(
    values: dict[str, Any], reason: str, rule: str
) -> None:
    kept, (sentence,) = provenance.admitted([dataset("X", INDEPENDENT, **values)], rule)
    assert not kept
    assert reason in sentence


def test_a_rule_that_nobody_knows_admits_nothing() -> None:
    with pytest.raises(ValueError, match="lax"):
        provenance.admitted([dataset("X", SPOTIFY)], "lax")
