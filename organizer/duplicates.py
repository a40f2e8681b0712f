"""Pure: which songs are one recording on several releases, and which release of it a playlist should hold."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

DURATION_TOLERANCE_MS = 3000
# What a reissue adds to a title. A live take, a remix or an instrumental is another recording and keeps its words.
_REISSUE = (
    r"(?:\d{4}\s+)?(?:digital(?:ly)?\s+)?re-?master(?:ed)?(?:\s+version)?(?:\s+\d{4})?",
    r"(?:single|album|original|mono|stereo|explicit|clean|lp)(?:\s+(?:version|mix))",
    r"(?:mono|stereo|explicit|clean|bonus\s+track|deluxe(?:\s+(?:edition|version))?)",
    r"(?:feat\.?|ft\.?|featuring|with)\s[^)\]]*",
)
_SUFFIX = re.compile(rf"\s*(?:[\(\[](?:{'|'.join(_REISSUE)})[\)\]]|\s-\s+(?:{'|'.join(_REISSUE)})$)")


@dataclass(frozen=True)
class Release:
    """A song as one release has it."""

    uri: str
    isrc: str
    title: str
    artist: str  # the first credited
    duration_ms: int


def recordings(releases: Sequence[Release]) -> dict[str, str]:
    """{uri: uri of the first release given of the same recording}.

    The same recording: the same ISRC, or the same title and artist, spelling and reissue suffixes aside, within 3 s.
    """
    groups = _Groups(release.uri for release in releases)
    by_isrc: dict[str, str] = {}
    by_name: dict[tuple[str, str], list[Release]] = {}
    for release in releases:
        if release.isrc:
            groups.join(by_isrc.setdefault(release.isrc, release.uri), release.uri)
        named = by_name.setdefault((plain_title(release.title), _plain(release.artist)), [])
        for other in named:
            if _is_as_long(other, release):
                groups.join(other.uri, release.uri)
        if not any(other.duration_ms == release.duration_ms for other in named):
            named.append(release)
    return {uri: groups.head(uri) for uri in groups.place}


class _Groups:
    """Disjoint sets of uris; each is called by the member that was given first."""

    def __init__(self, uris: Iterable[str]) -> None:
        self.place = {uri: place for place, uri in enumerate(dict.fromkeys(uris))}
        self.parent = {uri: uri for uri in self.place}

    def head(self, uri: str) -> str:
        while self.parent[uri] != uri:
            self.parent[uri] = uri = self.parent[self.parent[uri]]  # halves the way for the next who asks
        return uri

    def join(self, one: str, other: str) -> None:
        first, last = sorted((self.head(one), self.head(other)), key=self.place.__getitem__)
        self.parent[last] = first


def _is_as_long(one: Release, other: Release) -> bool:
    known = one.duration_ms > 0 and other.duration_ms > 0
    return known and abs(one.duration_ms - other.duration_ms) <= DURATION_TOLERANCE_MS


def plain_title(title: str) -> str:
    """Comparable: without case, accents, punctuation, and what a reissue adds."""
    lowered = _unaccented(title).casefold()
    while (shorter := _SUFFIX.sub("", lowered)) != lowered:
        lowered = shorter
    return _plain(lowered)


def _plain(text: str) -> str:
    words = re.sub(r"[^\w]+", " ", _unaccented(text).casefold()).strip()
    return words or text.strip().casefold()


def _unaccented(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


@dataclass(frozen=True)
class Chosen:
    """`wanted`: in the order given, one per recording; `skipped`: {uri: the release that stands for it}."""

    wanted: tuple[str, ...]
    skipped: Mapping[str, str]


def one_each(
    wanted: Sequence[str],
    recording: Mapping[str, str],
    *,
    there: Sequence[str],
    pins: Collection[str],
    tombstones: Collection[str],
) -> Chosen:
    """One release per recording for one playlist. `wanted`: the oldest like first.

    A pinned release goes before all, then one that is there already (nothing is swapped for its own sake), then one
    that the user took out (the recording stays out), then the oldest like. A release that is there counts as wanted,
    even when only another one is liked. uris without a recording stand for themselves.
    """
    present: dict[str, list[str]] = {}
    for uri in there:
        present.setdefault(recording.get(uri, uri), []).append(uri)
    out = {recording.get(uri, uri): uri for uri in tombstones}
    picked: dict[str, list[str]] = {}
    skipped: dict[str, str] = {}
    for uri in wanted:
        key = recording.get(uri, uri)
        if key not in picked:
            found = present.get(key, [])
            pinned = [one for one in found if one in pins]
            picked[key] = pinned or _standing(found, wanted)[:1] or [out.get(key, uri)]
        if uri not in picked[key]:
            skipped[uri] = picked[key][0]
    chosen = [one for ones in picked.values() for one in ones]
    return Chosen(tuple(dict.fromkeys(chosen)), skipped)


def _standing(found: list[str], wanted: Sequence[str]) -> list[str]:
    """Releases in the playlist, those that are liked first."""
    if len(found) < 2:
        return found
    liked = [uri for uri in wanted if uri in set(found)]
    return [*liked, *(uri for uri in found if uri not in set(liked))]
