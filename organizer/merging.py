"""Pure: what a playlist should become. Three-way merge of what we last saw, what is there now, and what is wanted.

No database, no network: sequences of uris come in, a PlaylistDiff goes out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

WRITE = 100  # uris a call


class Action(StrEnum):
    NEW = "new"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    TOO_SMALL = "too_small"  # would be new, but has fewer songs than the user's minimum
    GONE = "gone"  # the user deleted it on Spotify; made again only if they say so


@dataclass(frozen=True)
class Seen:
    """A playlist's memory of hand edits, and its contents as we last wrote or saw them (the base of the merge)."""

    uris: tuple[str, ...] = ()
    tombstones: tuple[str, ...] = ()  # taken out by hand: stay out
    pins: tuple[str, ...] = ()  # put in by hand: stay in


@dataclass(frozen=True)
class Item:
    uri: str
    kind: str  # add, remove, kept_out, kept_in
    reason: str
    is_accepted: bool


@dataclass(frozen=True)
class PlaylistDiff:
    action: Action
    items: tuple[Item, ...]
    calls: int

    def uris(self, kind: str) -> list[str]:
        return [item.uri for item in self.items if item.kind == kind]


def observe(
    seen: Seen, now: Sequence[str], ours: frozenset[str] = frozenset(), *, is_whole: bool = True
) -> Seen:
    """Learn hand edits from the difference between what we last saw and what is there now.

    `ours`: uris that we may have added since without having noted it (a write whose answer was lost); in the playlist
    they are not the user's additions, and missing from it they are not the user's removals.
    `is_whole`: every entry of the playlist could be read; if not, whatever is missing may be what could not be.
    """
    if not is_whole:
        now = list(dict.fromkeys([*now, *seen.uris]))
    base, there = set(seen.uris), set(now)
    removed = [uri for uri in seen.uris if uri not in there]
    added = [uri for uri in dict.fromkeys(now) if uri not in base and uri not in ours]
    tombstones = [uri for uri in dict.fromkeys([*seen.tombstones, *removed]) if uri not in there]
    pins = [uri for uri in dict.fromkeys([*seen.pins, *added]) if uri in there]
    return Seen(tuple(now), tuple(tombstones), tuple(pins))


def diff(seen: Seen, wanted: Mapping[str, str], leaving: Mapping[str, str], *, exists: bool) -> PlaylistDiff:
    """Compare a playlist as it is (`seen`, after `observe`) with what the rule wants.

    wanted: {uri: reason} in the order to add; leaving: {uri: reason} for songs of ours that no longer belong.
    Additions are accepted from the start, removals only when the user ticks them.
    """
    there, tombstones, pins = set(seen.uris), set(seen.tombstones), set(seen.pins)
    settled = there | tombstones
    adds = [Item(uri, "add", why, True) for uri, why in wanted.items() if uri not in settled]
    removes = [
        Item(uri, "remove", leaving.get(uri, "It no longer passes this playlist's rule."), False)
        for uri in dict.fromkeys(seen.uris)
        if uri not in wanted and uri not in pins
    ]
    kept_out = [
        Item(uri, "kept_out", "You took it out of this playlist.", False)
        for uri in wanted
        if uri in tombstones
    ]
    kept_in = [
        Item(uri, "kept_in", "You put it into this playlist.", False)
        for uri in dict.fromkeys(seen.uris)
        if uri in pins
    ]
    action = Action.UPDATE if exists else Action.NEW
    if exists and not adds and not removes:
        action = Action.UNCHANGED
    return PlaylistDiff(
        action, (*adds, *removes, *kept_out, *kept_in), calls(len(adds), 0, is_new=not exists)
    )


def calls(adds: int, removes: int, *, is_new: bool) -> int:
    """Spotify calls that writing costs: one look at the playlist, one to make it, one per 100 songs."""
    if not (adds or removes or is_new):
        return 0
    return 1 + is_new + ceil(adds / WRITE) + ceil(removes / WRITE)
