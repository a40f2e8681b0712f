from hypothesis import given
from hypothesis import strategies as st

from organizer.reverting import HandEdits, hand_edits, placed, restored, undone

uris = st.lists(st.sampled_from(list("abcdefghij")), unique=True)


def kinds(items: tuple) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in items:
        found.setdefault(item.kind, []).append(item.uri)
    return found


def apply(now: list[str], items: tuple, model: list[str]) -> list[str]:
    after = [uri for uri in now if uri not in kinds(items).get("remove", [])]
    for position, block in placed(after, kinds(items).get("add", []), model):
        after[position:position] = block
    return after


def test_a_run_is_taken_back_and_nothing_else() -> None:
    found = undone(["a", "c", "d", "x"], (["a", "b"], ["a", "c", "d"]), HandEdits())
    assert kinds(found) == {"add": ["b"], "remove": ["c", "d"]}


def test_later_hand_edits_stay_and_are_shown() -> None:
    later = hand_edits([(["a", "b"], ["a"]), (["a", "c"], ["a"]), (["a"], ["a", "c"])], ["a", "c"])
    assert later == HandEdits(frozenset("c"), frozenset("b"))
    found = restored(["a", "c"], ["a", "b"], later)
    assert kinds(found) == {"kept_out": ["b"], "kept_in": ["c"]}


def test_what_was_put_in_and_taken_out_again_is_out() -> None:
    assert hand_edits([([], ["a"]), (["a"], [])], []) == HandEdits(frozenset(), frozenset("a"))


def test_songs_return_to_their_places() -> None:
    assert placed(["b", "d"], ["a", "c", "e"], list("abcde")) == [(0, ["a"]), (2, ["c"]), (4, ["e"])]


def test_a_block_is_one_call_and_a_long_one_several() -> None:
    assert placed(["z"], list("abcde"), ["z", *"abcde"], chunk=2) == [
        (1, ["a", "b"]),
        (3, ["c", "d"]),
        (5, ["e"]),
    ]


def test_songs_that_the_model_does_not_know_go_to_the_end() -> None:
    assert placed(["a", "b"], ["x"], ["b", "a"]) == [(2, ["x"])]


@given(before=uris, after=uris)
def test_undoing_at_once_gives_what_was_before(before: list[str], after: list[str]) -> None:
    """A run of ours keeps the order of what it leaves, so the undone playlist is the old one, order and all."""
    kept = [uri for uri in before if uri in set(after)]
    after = kept + [uri for uri in after if uri not in set(kept)]
    assert apply(after, undone(after, (before, after), HandEdits()), before) == before


@given(version=uris, now=uris, put_in=st.sets(st.sampled_from(list("abcdefghij"))), out=uris)
def test_restoring_keeps_hand_edits_and_the_order_of_what_is_there(
    version: list[str], now: list[str], put_in: set[str], out: list[str]
) -> None:
    later = HandEdits(frozenset(put_in & set(now)), frozenset(set(out) - set(now)))
    after = apply(now, restored(now, version, later), version)
    assert set(after) == (set(version) - later.taken_out) | later.put_in
    assert len(after) == len(set(after))
    stayed = [uri for uri in now if uri in set(after)]
    assert [uri for uri in after if uri in set(stayed)] == stayed
