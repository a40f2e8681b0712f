import pytest
from hypothesis import given
from hypothesis import strategies as st

from organizer.duplicates import Release, one_each, plain_title, recordings


def release(uri: str, isrc: str = "", title: str = "", duration_ms: int = 200_000) -> Release:
    return Release(uri, isrc, title or uri, "Somebody", duration_ms)


@pytest.mark.parametrize(
    "title",
    [
        "Déjà Vu",
        "DEJA VU",
        "Deja Vu - Remastered 2011",
        "Deja Vu - 2011 Remaster",
        "Deja Vu (Remastered)",
        "Deja Vu - Single Version",
        "Deja Vu (feat. Somebody Else) - Remastered",
        "Deja-Vu (Deluxe Edition)",
    ],
)
def test_spellings_and_reissues_have_one_title(title: str) -> None:
    assert plain_title(title) == "deja vu"


@pytest.mark.parametrize(
    "title",
    [
        "Deja Vu (Live)",
        "Deja Vu - Live at the Arena",
        "Deja Vu (Instrumental)",
        "Deja Vu - Acoustic",
        "Deja Vu (Somebody Remix)",
        "Deja Vu (Karaoke Version)",
        "Deja Vu, Pt. 2",
        "With You",
    ],
)
def test_other_takes_have_their_own_title(title: str) -> None:
    assert plain_title(title) != "deja vu"


def test_titles_in_other_scripts_are_told_apart() -> None:
    assert plain_title("夜に駆ける") != plain_title("群青")
    assert plain_title("???") != plain_title("!!!")


def test_the_same_isrc_is_the_same_recording() -> None:
    found = recordings([release("a", "X1", "One"), release("b", "X1", "Other", 300_000), release("c", "X2")])
    assert found == {"a": "a", "b": "a", "c": "c"}


def test_the_same_name_and_length_is_the_same_recording() -> None:
    songs = [release("a", "X1", "Same"), release("b", "X2", "Same - Remastered 2009", 202_500)]
    assert recordings(songs)["b"] == "a"


def test_another_length_or_an_unknown_one_is_another_recording() -> None:
    songs = [
        release("a", title="Same"),
        release("b", title="Same", duration_ms=204_000),
        release("c", title="Same", duration_ms=0),
    ]
    assert len(set(recordings(songs).values())) == 3


def test_two_groups_become_one_when_a_release_belongs_to_both() -> None:
    songs = [release("a", "X1", "One"), release("b", "X2", "Two"), release("c", "X1", "Two")]
    assert set(recordings(songs).values()) == {"a"}


SAME = {"a1": "a1", "a2": "a1", "a3": "a1", "b": "b"}


def choose(wanted: str, there: str = "", pins: str = "", tombstones: str = "") -> tuple[str, ...]:
    return one_each(
        wanted.split(), SAME, there=there.split(), pins=pins.split(), tombstones=tombstones.split()
    ).wanted


def test_the_oldest_like_wins() -> None:
    found = one_each(["a2", "b", "a1"], SAME, there=[], pins=[], tombstones=[])
    assert found.wanted == ("a2", "b")
    assert found.skipped == {"a1": "a2"}


def test_a_release_that_is_there_is_not_swapped() -> None:
    assert choose("a1 a2 b", there="a2") == ("a2", "b")


def test_a_release_that_is_there_stays_although_only_another_is_liked() -> None:
    assert choose("a2", there="a1") == ("a1",)


def test_of_two_that_are_there_the_oldest_like_stays() -> None:
    assert choose("a2 a3", there="a1 a3 a2") == ("a2",)


def test_what_was_put_in_by_hand_stands_for_the_recording() -> None:
    assert choose("a1 a2", there="a1 a3", pins="a3") == ("a3",)


def test_a_recording_that_was_taken_out_by_hand_stays_out() -> None:
    assert choose("a2 b", tombstones="a1") == ("a1", "b")


def test_what_was_taken_out_but_has_another_release_in_the_playlist_counts_as_there() -> None:
    assert choose("a1 a2", there="a2", tombstones="a1") == ("a2",)


letters = st.sampled_from(["a1", "a2", "a3", "b"])


@given(wanted=st.lists(letters, unique=True), there=st.lists(letters, unique=True), out=st.sets(letters))
def test_never_two_new_releases_of_a_recording(wanted: list[str], there: list[str], out: set[str]) -> None:
    found = one_each(wanted, SAME, there=there, pins=[], tombstones=out - set(there))
    assert len({SAME[uri] for uri in found.wanted}) == len(found.wanted)
    assert {SAME[uri] for uri in found.wanted} == {SAME[uri] for uri in wanted}
    assert set(wanted) <= {*found.wanted, *found.skipped}
