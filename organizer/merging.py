"""Pure: what a playlist should become. Three-way merge of what we last saw, what is there now, and what is wanted.

No database, no network: sequences of uris come in, a PlaylistDiff goes out.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from django.utils.translation import gettext, gettext_lazy

WRITE = 100  # uris a call
ROOM = 10_000  # entries that Spotify takes in a playlist

TAKEN_OUT = gettext_lazy("You took it out of this playlist.")
PUT_IN = gettext_lazy("You put it into this playlist.")
TWIN = gettext_lazy("The same recording is there already, from another release.")
LEFT = gettext_lazy("It no longer passes this playlist's rule.")


class Action(StrEnum):
    NEW = "new"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    TOO_SMALL = "too_small"  # would be new, but has fewer songs than the user's minimum
    GONE = "gone"  # the user deleted it on Spotify; made again only if they say so


class Removals(StrEnum):
    """What becomes of songs that no longer belong; the values are those of SpotifyAccount.Removals."""

    NEVER = "never"
    ASK = "ask"
    MIRROR = "mirror"


@dataclass(frozen=True)
class Seen:
    """A playlist's memory of hand edits, and its contents as we last wrote or saw them (the base of the merge)."""

    uris: tuple[str, ...] = ()
    tombstones: tuple[str, ...] = ()  # taken out by hand: stay out
    pins: tuple[str, ...] = ()  # put in by hand: stay in


@dataclass(frozen=True)
class Intent:
    """What a plan, as ticked, wants of one playlist."""

    adds: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    revived: frozenset[str] = frozenset()  # of the adds: they come although they were taken out by hand
    pinned: frozenset[str] = frozenset()  # of the adds: once written they are the user's own
    buried: frozenset[str] = frozenset()  # of the removes: once taken out they stay out


@dataclass(frozen=True)
class Item:
    uri: str
    kind: str  # add, remove, kept_out, kept_in, duplicate
    reason: str
    is_accepted: bool
    move: str = ""  # the playlist it moves to or from


@dataclass(frozen=True)
class PlaylistDiff:
    action: Action
    items: tuple[Item, ...]
    calls: int
    overflow: int = 0  # songs that would not fit into the playlist

    def uris(self, kind: str) -> list[str]:
        return [item.uri for item in self.items if item.kind == kind]


def wrote(seen: Seen, uris: Sequence[str], intent: Intent) -> Seen:
    """The memory after our own write left the playlist with `uris`."""
    before, there = set(seen.uris), set(uris)
    buried = [uri for uri in seen.uris if uri in intent.buried]
    pinned = [uri for uri in uris if uri in intent.pinned and uri not in before]
    return Seen(
        tuple(uris),
        tuple(uri for uri in dict.fromkeys([*seen.tombstones, *buried]) if uri not in there),
        tuple(uri for uri in dict.fromkeys([*seen.pins, *pinned]) if uri in there),
    )


def settle(seen: Seen, now: Sequence[str], intent: Intent, *, is_whole: bool = True) -> Seen:
    """What our own unfinished write left, whichever of its answers came: the rest of the difference is the user's.

    Songs of the intent that are in the playlist were added by us, and those of its removals that are missing were
    removed by us (unless not all entries could be read: then a missing one may be what could not be).
    """
    if not intent.adds and not intent.removes:
        return seen
    there, adds, removes = set(now), set(intent.adds), set(intent.removes)
    kept = [uri for uri in seen.uris if uri in there or uri not in removes or not is_whole]
    known = set(kept)
    ours = [*kept, *(uri for uri in dict.fromkeys(now) if uri in adds and uri not in known)]
    return wrote(seen, now if Counter(ours) == Counter(now) else ours, intent)


def relinks(removed: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """{old uri: new uri} of songs that Spotify exchanged for themselves: one went and one came with the same ISRC.

    removed, added: {uri: ISRC, empty where it is not known}.
    """
    came: dict[str, list[str]] = {}
    for uri, isrc in added.items():
        if isrc:
            came.setdefault(isrc, []).append(uri)
    return {uri: came[isrc].pop(0) for uri, isrc in removed.items() if came.get(isrc)}


def observe(
    seen: Seen, now: Sequence[str], *, is_whole: bool = True, relinked: Mapping[str, str] | None = None
) -> Seen:
    """Learn hand edits from the difference between what we last saw and what is there now.

    `is_whole`: every entry of the playlist could be read; if not, whatever is missing may be what could not be.
    `relinked`: songs that Spotify exchanged for themselves; the memory follows them, nobody took or put them.
    """
    seen = _renamed(seen, relinked or {})
    base = set(seen.uris)
    added = [uri for uri in dict.fromkeys(now) if uri not in base]
    if not is_whole:
        now = [*seen.uris, *added]
    there = set(now)
    removed = [uri for uri in seen.uris if uri not in there]
    tombstones = [uri for uri in dict.fromkeys([*seen.tombstones, *removed]) if uri not in there]
    pins = [uri for uri in dict.fromkeys([*seen.pins, *added]) if uri in there]
    return Seen(tuple(now), tuple(tombstones), tuple(pins))


def _renamed(seen: Seen, names: Mapping[str, str]) -> Seen:
    if not names:
        return seen
    parts = (seen.uris, seen.tombstones, seen.pins)
    return Seen(*(tuple(names.get(uri, uri) for uri in uris) for uris in parts))


@dataclass(frozen=True)
class Terms:
    """How a playlist is compared with its rule."""

    exists: bool
    removals: Removals = Removals.ASK
    entries: int = 0  # in the playlist, where they are more than could be read


def diff(
    seen: Seen,
    wanted: Mapping[str, str],
    leaving: Mapping[str, str],
    terms: Terms,
    *,
    twins: Collection[str] = (),
) -> PlaylistDiff:
    """Compare a playlist as it is (`seen`, after `observe`) with what the rule wants.

    wanted: {uri: reason} in the order to add; leaving: {uri: reason} for songs of ours that no longer belong.
    `twins`: further releases of recordings that are wanted or there already; they are only told.
    """
    there, tombstones, pins = set(seen.uris), set(seen.tombstones), set(seen.pins)
    settled = there | tombstones
    adds = [Item(uri, "add", why, True) for uri, why in wanted.items() if uri not in settled]
    room = max(0, ROOM - max(terms.entries, len(seen.uris)))
    items = [
        *adds[:room],
        *_leaving(seen, wanted, leaving, terms.removals),
        *(Item(uri, "kept_out", str(TAKEN_OUT), False) for uri in wanted if uri in tombstones),
        *(Item(uri, "kept_in", str(PUT_IN), False) for uri in dict.fromkeys(seen.uris) if uri in pins),
        *(Item(uri, "duplicate", str(TWIN), False) for uri in twins if uri not in there),
    ]
    has_offers = any(item.kind in {"add", "remove"} for item in items)
    action = Action.NEW if not terms.exists else Action.UPDATE if has_offers else Action.UNCHANGED
    removes = sum(item.kind == "remove" and item.is_accepted for item in items)
    cost = calls(len(adds[:room]), removes, is_new=not terms.exists)
    return PlaylistDiff(action, tuple(items), cost, len(adds[room:]))


def _leaving(
    seen: Seen, wanted: Collection[str], leaving: Mapping[str, str], removals: Removals
) -> Iterator[Item]:
    """Songs that are there, not wanted and not the user's own."""
    if removals == Removals.NEVER:
        return
    stays = {*wanted, *seen.pins}
    for uri in dict.fromkeys(seen.uris):
        if uri not in stays:
            yield Item(uri, "remove", leaving.get(uri, str(LEFT)), removals == Removals.MIRROR)


def moving(names: Sequence[str], diffs: Sequence[PlaylistDiff]) -> list[PlaylistDiff]:
    """The diffs of one plan, with songs that go from one playlist to another marked on both sides."""
    coming = _places(names, diffs, "add")
    going = _places(names, diffs, "remove")
    return [
        PlaylistDiff(one.action, tuple(_moved(one.items, coming, going)), one.calls, one.overflow)
        for one in diffs
    ]


def _places(names: Sequence[str], diffs: Iterable[PlaylistDiff], kind: str) -> dict[str, str]:
    return {uri: name for name, one in zip(names, diffs, strict=True) for uri in one.uris(kind)}


def _moved(items: Iterable[Item], coming: Mapping[str, str], going: Mapping[str, str]) -> Iterator[Item]:
    for item in items:
        if item.kind == "remove" and item.uri in coming:
            name = coming[item.uri]
            reason = gettext("Moves to “%(name)s”.") % {"name": name}
            yield Item(item.uri, "remove", reason, item.is_accepted, name)
        elif item.kind == "add" and item.uri in going:
            name = going[item.uri]
            reason = gettext("Moves here from “%(name)s”. %(reason)s") % {"name": name, "reason": item.reason}
            yield Item(item.uri, "add", reason, item.is_accepted, name)
        else:
            yield item


def calls(adds: int, removes: int, *, is_new: bool) -> int:
    """Spotify calls that writing a playlist costs: one to make it or look at it, one per 100 songs, one to check."""
    if not (adds or removes or is_new):
        return 0
    return 2 + ceil(adds / WRITE) + ceil(removes / WRITE)
