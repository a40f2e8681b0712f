from hypothesis import given
from hypothesis import strategies as st

from organizer.merging import Action, Intent, Removals, Seen, Terms, calls, diff, observe, relinks, settle

uris = st.lists(st.sampled_from([f"spotify:track:{letter}" for letter in "abcdefghij"]), unique=True)

NEW, THERE = Terms(exists=False), Terms(exists=True)


def reasons(wanted: list[str]) -> dict[str, str]:
    return dict.fromkeys(wanted, "because")


def test_a_new_playlist_gets_every_wanted_song_in_order() -> None:
    found = diff(Seen(), reasons(["c", "a", "b"]), {}, NEW)
    assert found.action is Action.NEW
    assert found.uris("add") == ["c", "a", "b"]


def test_nothing_changes_when_all_is_there() -> None:
    found = diff(Seen(("a", "b")), reasons(["b", "a"]), {}, THERE)
    assert found.action is Action.UNCHANGED
    assert (found.items, found.calls) == ((), 0)


def test_removals_wait_for_the_user() -> None:
    found = diff(Seen(("a", "b")), reasons(["a"]), {"b": "Now jazz."}, THERE)
    (item,) = found.items
    assert (item.uri, item.kind, item.reason, item.is_accepted) == ("b", "remove", "Now jazz.", False)


def test_what_the_user_took_out_stays_out() -> None:
    seen = observe(Seen(("a", "b")), ["a"])
    found = diff(seen, reasons(["a", "b"]), {}, THERE)
    assert found.uris("add") == []
    assert found.uris("kept_out") == ["b"]


def test_what_the_user_put_in_stays_in() -> None:
    seen = observe(Seen(("a",)), ["x", "a"])
    found = diff(seen, reasons(["a"]), {}, THERE)
    assert found.uris("remove") == []
    assert found.uris("kept_in") == ["x"]


def test_a_song_put_back_by_hand_is_no_longer_kept_out() -> None:
    taken_out = observe(Seen(("a", "b")), ["a"])
    put_back = observe(taken_out, ["a", "b"])
    assert put_back.tombstones == ()
    assert put_back.pins == ("b",)


def test_songs_of_a_write_without_answer_are_ours_not_the_users() -> None:
    ours = settle(Seen(("a",)), ["a", "b", "x"], Intent(adds=("b", "c")))
    assert ours.uris == ("a", "b")
    assert observe(ours, ["a", "b", "x"]).pins == ("x",)


def test_a_removal_without_answer_is_ours_not_the_users() -> None:
    ours = settle(Seen(("a", "b", "c")), ["a"], Intent(removes=("b",)))
    assert (ours.uris, ours.tombstones) == (("a", "c"), ())
    assert observe(ours, ["a"]).tombstones == ("c",)


def test_what_is_taken_back_counts_as_the_users_own_edit() -> None:
    intent = Intent(("b",), ("c",), pinned=frozenset("b"), buried=frozenset("c"))
    ours = settle(Seen(("a", "c"), tombstones=("b",), pins=("c",)), ["b", "a"], intent)
    assert (ours.uris, ours.tombstones, ours.pins) == (("b", "a"), ("c",), ("b",))


def test_a_song_that_spotify_exchanged_for_itself_is_neither_taken_out_nor_put_in() -> None:
    names = relinks({"old": "US1", "gone": "", "other": "US2"}, {"new": "US1", "fresh": ""})
    assert names == {"old": "new"}
    seen = observe(Seen(("old", "b"), pins=("old",)), ["new", "b"], relinked=names)
    assert seen == Seen(("new", "b"), (), ("new",))


def test_removals_follow_the_users_policy() -> None:
    def ticks(removals: Removals) -> list[bool]:
        found = diff(Seen(("a", "b")), reasons(["a"]), {}, Terms(exists=True, removals=removals))
        return [item.is_accepted for item in found.items]

    assert [ticks(policy) for policy in Removals] == [[], [False], [True]]


def test_songs_beyond_what_a_playlist_holds_are_counted_not_proposed() -> None:
    found = diff(Seen(), reasons(["a", "b", "c"]), {}, Terms(exists=True, entries=9_998))
    assert (found.uris("add"), found.overflow, found.calls) == (["a", "b"], 1, 3)


@given(base=uris, now=uris, wanted=uris, pins=uris, tombstones=uris)
def test_applying_a_diff_loses_no_hand_edit_and_makes_no_duplicate(
    base: list[str], now: list[str], wanted: list[str], pins: list[str], tombstones: list[str]
) -> None:
    seen = observe(Seen(tuple(base), tuple(tombstones), tuple(pins)), now)
    found = diff(seen, reasons(wanted), {}, THERE)
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
    found = diff(seen, reasons(wanted), {}, THERE)
    after = [uri for uri in now if uri not in found.uris("remove")] + found.uris("add")
    again = diff(observe(Seen(tuple(after), seen.tombstones, seen.pins), after), reasons(wanted), {}, THERE)
    assert again.action is Action.UNCHANGED


def test_costs_count_one_call_per_hundred_songs() -> None:
    assert calls(0, 0, is_new=False) == 0
    assert calls(101, 0, is_new=True) == 4
    assert calls(100, 1, is_new=False) == 4


def test_songs_missing_from_a_list_that_could_not_be_read_whole_are_still_there() -> None:
    learned = observe(Seen(("a", "b", "c")), ["a", "x"], is_whole=False)
    assert (set(learned.uris), learned.tombstones, learned.pins) == ({"a", "b", "c", "x"}, (), ("x",))
