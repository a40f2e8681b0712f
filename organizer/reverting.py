"""Pure: how a playlist gets back to what it was, without losing what its owner changed by hand since.

No database, no network: sequences of uris come in, Items go out.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise as StrPromise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from organizer.merging import WRITE, Item

Change = tuple[Sequence[str], Sequence[str]]  # contents before and after

# Why a song comes back, and why one goes.
OF_A_RUN = gettext_lazy("It was removed by this run."), gettext_lazy("It was added by this run.")
OF_LATER = (
    gettext_lazy("It was removed by what came after."),
    gettext_lazy("It was added by what came after."),
)


@dataclass(frozen=True)
class HandEdits:
    """What the owner did since the moment to go back to, as far as it still stands."""

    put_in: frozenset[str] = frozenset()
    taken_out: frozenset[str] = frozenset()


def hand_edits(changes: Iterable[Change], now: Collection[str]) -> HandEdits:
    """From the hand edits since, the oldest first. A song put in and taken out again counts as taken out."""
    there = set(now)
    put_in: set[str] = set()
    taken_out: set[str] = set()
    for before, after in changes:
        put_in |= set(after) - set(before)
        taken_out |= set(before) - set(after)
    return HandEdits(frozenset(put_in & there), frozenset(taken_out - there))


def undone(now: Sequence[str], run: Change, later: HandEdits) -> tuple[Item, ...]:
    """Take back what one run changed, and nothing else."""
    before, after = run
    return _back(now, came=_less(after, before), went=_less(before, after), later=later, words=OF_A_RUN)


def restored(now: Sequence[str], version: Sequence[str], later: HandEdits) -> tuple[Item, ...]:
    """Everything that differs from an earlier version goes back to it."""
    return _back(now, came=_less(now, version), went=_less(version, now), later=later, words=OF_LATER)


def _back(
    now: Sequence[str],
    *,
    came: list[str],
    went: list[str],
    later: HandEdits,
    words: tuple[StrPromise, StrPromise],
) -> tuple[Item, ...]:
    removed, added = words
    there = set(now)
    to_remove = [uri for uri in came if uri in there]
    to_add = [uri for uri in went if uri not in there]
    return (
        *(Item(uri, "add", str(removed), True) for uri in to_add if uri not in later.taken_out),
        *(Item(uri, "remove", str(added), True) for uri in to_remove if uri not in later.put_in),
        *(
            Item(uri, "kept_out", _("You took it out by hand since."), False)
            for uri in to_add
            if uri in later.taken_out
        ),
        *(
            Item(uri, "kept_in", _("You put it in by hand since."), False)
            for uri in to_remove
            if uri in later.put_in
        ),
    )


def _less(uris: Sequence[str], others: Sequence[str]) -> list[str]:
    gone = set(others)
    return [uri for uri in dict.fromkeys(uris) if uri not in gone]


def placed(
    now: Sequence[str], adds: Sequence[str], model: Sequence[str], *, chunk: int = WRITE
) -> list[tuple[int, list[str]]]:
    """(position, uris) for each call that puts `adds` where `model` has them; to be sent in this order.

    A song goes behind the nearest song that precedes it in `model` and is in the playlist, whatever order the user
    gave the others since. Songs unknown to `model` go to the end.
    """
    following = _following(set(now), adds, model)
    target = [*following.pop(None, [])]
    starts = [0] if target else []
    blocks = [list(target)] if target else []
    for uri in now:
        target.append(uri)
        if behind := following.pop(uri, []):  # a song that stands twice has its followers once
            starts.append(len(target))
            blocks.append(behind)
            target += behind
    if rest := _less(adds, target):
        starts.append(len(target))
        blocks.append(rest)
    return [
        (start + offset, block[offset : offset + chunk])
        for start, block in zip(starts, blocks, strict=True)
        for offset in range(0, len(block), chunk)
    ]


def _following(there: set[str], adds: Sequence[str], model: Sequence[str]) -> dict[str | None, list[str]]:
    """{song in the playlist, or None for its top: the songs to put behind it}."""
    wanted = set(adds) - there
    following: dict[str | None, list[str]] = {}
    anchor: str | None = None
    for uri in dict.fromkeys(model):
        if uri in there:
            anchor = uri
        elif uri in wanted:
            following.setdefault(anchor, []).append(uri)
    return following
