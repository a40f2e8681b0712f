from hypothesis import given
from hypothesis import strategies as st

from organizer.merging import Action, Seen, calls, diff, observe

uris = st.lists(st.sampled_from([f"spotify:track:{letter}" for letter in "abcdefghij"]), unique=True)


def reasons(wanted: list[str]) -> dict[str, str]:
    return dict.fromkeys(wanted, "because")


def test_a_new_playlist_gets_every_wanted_song_in_order() -> None:
    found = diff(Seen(), reasons(["c", "a", "b"]), {}, exists=False)
    assert found.action is Action.NEW
    assert found.uris("add") == ["c", "a", "b"]


def test_nothing_changes_when_all_is_there() -> None:
    found = diff(Seen(("a", "b")), reasons(["b", "a"]), {}, exists=True)
    assert found.action is Action.UNCHANGED
    assert (found.items, found.calls) == ((), 0)


def test_removals_wait_for_the_user() -> None:
    found = diff(Seen(("a", "b")), reasons(["a"]), {"b": "Now jazz."}, exists=True)
    (item,) = found.items
    assert (item.uri, item.kind, item.reason, item.is_accepted) == ("b", "remove", "Now jazz.", False)


def test_what_the_user_took_out_stays_out() -> None:
    seen = observe(Seen(("a", "b")), ["a"])
    found = diff(seen, reasons(["a", "b"]), {}, exists=True)
    assert found.uris("add") == []
    assert found.uris("kept_out") == ["b"]


def test_what_the_user_put_in_stays_in() -> None:
    seen = observe(Seen(("a",)), ["x", "a"])
    found = diff(seen, reasons(["a"]), {}, exists=True)
    assert found.uris("remove") == []
    assert found.uris("kept_in") == ["x"]


def test_a_song_put_back_by_hand_is_no_longer_kept_out() -> None:
    taken_out = observe(Seen(("a", "b")), ["a"])
    put_back = observe(taken_out, ["a", "b"])
    assert put_back.tombstones == ()
    assert put_back.pins == ("b",)


def test_songs_of_a_write_without_answer_are_ours_not_the_users() -> None:
    seen = observe(Seen(("a",)), ["a", "b"], ours=frozenset({"b"}))
    assert seen.pins == ()


@given(base=uris, now=uris, wanted=uris, pins=uris, tombstones=uris)
def test_applying_a_diff_loses_no_hand_edit_and_makes_no_duplicate(
    base: list[str], now: list[str], wanted: list[str], pins: list[str], tombstones: list[str]
) -> None:
    seen = observe(Seen(tuple(base), tuple(tombstones), tuple(pins)), now)
    found = diff(seen, reasons(wanted), {}, exists=True)
    removed_by_hand = set(base) - set(now)
    added_by_hand = set(now) - set(base)
    result = [uri for uri in now if uri not in found.uris("remove")] + found.uris("add")
    assert len(result) == len(set(result))
    assert not removed_by_hand & set(result)
    assert added_by_hand <= set(result)
    assert set(result) == (set(wanted) | set(seen.pins)) - set(seen.tombstones)


@given(base=uris, now=uris, wanted=uris)
def test_a_second_look_after_applying_finds_nothing_to_do(
    base: list[str], now: list[str], wanted: list[str]
) -> None:
    seen = observe(Seen(tuple(base)), now)
    found = diff(seen, reasons(wanted), {}, exists=True)
    after = [uri for uri in now if uri not in found.uris("remove")] + found.uris("add")
    again = diff(
        observe(Seen(tuple(after), seen.tombstones, seen.pins), after), reasons(wanted), {}, exists=True
    )
    assert again.action is Action.UNCHANGED


def test_costs_count_one_call_per_hundred_songs() -> None:
    assert calls(0, 0, is_new=False) == 0
    assert calls(101, 0, is_new=True) == 4
    assert calls(100, 1, is_new=False) == 3


def test_songs_missing_from_a_list_that_could_not_be_read_whole_are_still_there() -> None:
    learned = observe(Seen(("a", "b", "c")), ["a", "x"], is_whole=False)
    assert (set(learned.uris), learned.tombstones, learned.pins) == ({"a", "b", "c", "x"}, (), ("x",))
