"""What a user may expect, in plain Python and sets: written from the promises, not from the program's code.

Songs are compared by their roots: a song that Spotify knows by another uri now is the same song.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

GENRES = ("rock", "jazz-blues", "pop", "classical", "metal")
SINK = "spoken"  # where the rest of the probability goes; no rule asks for it
CONFIDENCES = (0.95, 0.8, 0.55, 0.4)


@dataclass
class Songs:
    """Which uris are one song (relinked by Spotify), and which songs are one recording (further releases)."""

    roots: dict[str, str] = field(default_factory=dict)
    recordings: dict[str, str] = field(default_factory=dict)

    def root(self, uri: str) -> str:
        return self.roots.get(uri, uri)

    def all(self, uris: Iterable[str]) -> list[str]:
        return [self.root(uri) for uri in uris]

    def recording(self, uri: str) -> str:
        return self.recordings.get(self.root(uri), self.root(uri))

    def relinked(self, old: str, new: str) -> None:
        self.roots[new] = self.root(old)

    def released(self, first: str, again: str) -> None:
        self.recordings[again] = self.recording(first)

    def guess(self, uri: str) -> tuple[str, float]:
        """The genre that the model says of the recording, and how sure it is."""
        draw = blake2b(self.recording(uri).encode(), digest_size=2).digest()
        return GENRES[draw[0] % len(GENRES)], CONFIDENCES[draw[1] % len(CONFIDENCES)]


@dataclass(frozen=True)
class Rule:
    genres: tuple[str, ...]
    min_confidence: float
    min_size: int


@dataclass
class Shelf:
    """One of our playlists, as the user knows it: what it held when we last told them, and what their hands did."""

    held: list[str] = field(default_factory=list)
    taken_out: set[str] = field(default_factory=set)
    put_in: set[str] = field(default_factory=set)
    edits: list[tuple[str, str]] = field(default_factory=list)  # ("out" or "in", song), the oldest first

    def look(self, now: Sequence[str]) -> None:
        """Whatever differs from what we last knew, hands did."""
        out, new = set(self.held) - set(now), set(now) - set(self.held)
        self.taken_out = (self.taken_out | out) - set(now)
        self.put_in = (self.put_in | new) & set(now)
        self.edits += [("out", uri) for uri in sorted(out)] + [("in", uri) for uri in sorted(new)]
        self.held = list(now)

    def follow(self, uris: set[str], *, taken_out: Iterable[str], put_in: Iterable[str]) -> None:
        """Of songs that hands moved to and fro it may have noticed all or nothing: take its word for it."""
        self.taken_out = (self.taken_out - uris) | (uris & set(taken_out))
        self.put_in = (self.put_in - uris) | (uris & set(put_in))

    def back(self, came: set[str], went: set[str], since: int) -> "Change":
        """What takes these back, except what hands did after so many edits and have not undone themselves."""
        there, later = set(self.held), self.edits[since:]
        put_in = {uri for way, uri in later if way == "in"}
        taken_out = {uri for way, uri in later if way == "out"}
        return Change(sorted(went - there - taken_out), (came & there) - put_in)


@dataclass(frozen=True)
class Change:
    """What a plan may offer for one playlist."""

    adds: list[str]
    removes: set[str]


def desired(liked: Sequence[str], words: Mapping[str, str], rule: Rule, songs: Songs) -> list[str]:
    """The songs that pass the rule, oldest like first. `words`: what the user said of a recording."""
    found = []
    for uri in liked:
        said = words.get(songs.recording(uri))
        genre, confidence = (said, 1.0) if said else songs.guess(uri)
        if genre in rule.genres and confidence >= rule.min_confidence:
            found.append(songs.root(uri))
    return found


def change(shelf: Shelf, wanted: list[str], songs: Songs, *, merges: bool, removals: str) -> Change:
    """desired ∪ pins − tombstones, as changes to what is there."""
    there, adds = set(shelf.held), []
    taken = {songs.recording(uri) for uri in there} if merges else set(there)
    taken |= {songs.recording(uri) for uri in shelf.taken_out} if merges else shelf.taken_out
    first = _first_releases(wanted, songs) if merges else wanted
    for uri in first:
        key = songs.recording(uri) if merges else uri
        if key not in taken and uri not in there:
            adds.append(uri)
            taken.add(key)
    stays = set(first) | shelf.put_in
    if merges:  # a release stands in for the one that is wanted, as long as that is not there
        absent = {songs.recording(uri) for uri in first if uri not in there}
        stays |= {uri for uri in there if songs.recording(uri) in absent}
        by_hand = {songs.recording(uri) for uri in shelf.put_in & there}  # they stand for the recording
        stays -= {uri for uri in there - shelf.put_in if songs.recording(uri) in by_hand}
    return Change(adds, set() if removals == "never" else there - stays)


def _first_releases(wanted: list[str], songs: Songs) -> list[str]:
    oldest: dict[str, str] = {}
    for uri in wanted:
        oldest.setdefault(songs.recording(uri), uri)
    return list(oldest.values())


def after(now: Sequence[str], removed: set[str], added: Sequence[str]) -> list[str]:
    """The order of hands is kept; what is new comes last."""
    left = [uri for uri in now if uri not in removed]
    return left + [uri for uri in added if uri not in left]
