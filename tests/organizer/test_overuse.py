"""What the comparison's page says of corrected genres: what they cost other songs, in words, and when it warns."""

from typing import Any

from organizer.admin import drawings

VERSIONS = [{"name": "old", "pk": 1}, {"name": "new", "pk": 2}]
ROSE, FELL, SAME = (0.3, 0.1, 0.5), (-0.2, -0.3, -0.1), (-0.02, -0.1, 0.06)


def drawn(
    *, recall: Any = ROSE, precision: Any = SAME, before: Any = (0.6, 0.5, 0.7), **change: Any
) -> dict[str, Any]:
    """The table of “new”, where what is given is what differs for the genre pop."""
    after = {"share": (0.071, 0.05, 0.09), "precision": (0.4, 0.3, 0.45)}
    difference = {"share": (0.039, 0.02, 0.06), "precision": precision, "beyond": True} | change
    found = {
        "others": 1083,
        "versions": [{"share": (0.032, 0.02, 0.04), "precision": before}, after],
        "differences": [difference],
    }
    words = {"overuse": {"pop": found}, "differences": [{"genres": {"pop": {"recall": recall}}}]}
    (table,) = drawings.overuse(VERSIONS, words)
    return table


def test_a_row_says_it_in_words() -> None:
    (row,) = drawn()["rows"]
    assert row["said"] == "Says Pop of 7.1% of 1,083 other songs; before 3.2%."
    assert (row["points"], row["word"]) == ("+3.9", "more often")
    assert (row["before"], row["after"]) == ("60.0%", "40.0%")


def test_what_chance_explains_is_not_called_more() -> None:
    (row,) = drawn(beyond=False)["rows"]
    assert row["word"] == drawings.UNCLEAR


def test_found_more_but_right_less_often_is_warned_of() -> None:
    (warning,) = drawn(precision=FELL)["warnings"]
    assert "right less often: 40.0% of the time, before 60.0%" in warning


def test_nothing_is_warned_of_without_a_clear_loss_or_without_a_gain() -> None:
    assert drawn(precision=SAME)["warnings"] == []
    assert drawn(precision=FELL, recall=FELL)["warnings"] == []


def test_a_genre_that_was_never_said_before_is_warned_of_if_it_is_mostly_wrong() -> None:
    (warning,) = drawn(precision=None, before=None)["warnings"]
    assert "right 40.0% of the time" in warning


def test_a_test_set_of_that_genre_alone_says_nothing() -> None:
    (row,) = drawn(share=None, beyond=False)["rows"]
    assert (row["word"], row.get("points")) == ("–", None)


def test_points_are_signed_as_everywhere() -> None:
    assert [drawings.points(one) for one in (-0.029, 0.029)] == ["−2.9", "+2.9"]
