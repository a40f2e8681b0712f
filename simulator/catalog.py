"""The tracks that exist in the simulated world, and how each service finds them."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from simulator import identifiers


@dataclass(frozen=True, slots=True)
class Track:
    id: str | None
    name: str
    artists: tuple[str, ...]
    album: str
    duration_ms: int
    explicit: bool
    genre: str
    family: str
    release_date: str
    features: Mapping[str, float] = field(repr=False, hash=False)
    isrc: str | None
    is_playable: bool = True

    @property
    def is_local(self) -> bool:
        return self.id is None

    @property
    def uri(self) -> str:
        if self.id:
            return f"spotify:track:{self.id}"
        parts = (self.artists[0], self.album, self.name, str(self.duration_ms // 1000))
        return "spotify:local:" + ":".join(part.replace(" ", "+").replace(":", "%3A") for part in parts)

    @property
    def key(self) -> str:
        """What every stable draw about this track starts from."""
        return self.id or self.uri

    @property
    def album_id(self) -> str:
        return identifiers.base62("album", self.artists[0], self.album)

    @property
    def deezer_id(self) -> int:
        return identifiers.small_number("deezer", self.key)

    @property
    def apple_id(self) -> int:
        return identifiers.small_number("apple", self.key)


def words(text: str) -> list[str]:
    """Lower-case words without accents or punctuation."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode() or text
    return re.findall(r"\w+", plain.lower())


class CatalogueError(Exception):
    """The file cannot be a catalogue; the message says why in one sentence."""


class Catalogue:
    """All tracks, in a fixed order, with look-ups by every key a service is asked with."""

    def __init__(self, tracks: Iterable[Track], awkward: Iterable[Track] = ()) -> None:
        self.tracks = list(tracks)
        self.awkward = list(awkward)  # exist, but only the built-in library likes them
        self.everything = [*self.tracks, *self.awkward]
        self.by_uri = {track.uri: track for track in self.everything}
        self.by_isrc = {track.isrc: track for track in self.everything if track.isrc}
        self.by_deezer_id = {track.deezer_id: track for track in self.everything}
        self.by_apple_id = {track.apple_id: track for track in self.everything}

    def include(self, track: Track) -> Track:
        """A track that came to exist later. The services know it by its id; by its ISRC they find the first one."""
        self.by_album_id.setdefault(track.album_id, []).append(track)  # made before `everything` grows
        self.everything.append(track)
        self.by_uri[track.uri] = track
        return track

    def get(self, track_id: str) -> Track | None:
        return self.by_uri.get(f"spotify:track:{track_id}")

    @cached_property
    def by_album_id(self) -> dict[str, list[Track]]:
        albums: dict[str, list[Track]] = {}
        for track in self.everything:
            albums.setdefault(track.album_id, []).append(track)
        return albums

    @cached_property
    def artist_names(self) -> Mapping[str, str]:
        names = {name for track in self.everything for name in track.artists}
        return {identifiers.base62("artist", name): name for name in names}

    @cached_property
    def _positions(self) -> Mapping[str, list[int]]:
        positions: dict[str, list[int]] = defaultdict(list)
        for position, track in enumerate(self.everything):
            for word in {*words(track.name), *(word for name in track.artists for word in words(name))}:
                positions[word].append(position)
        return positions

    def search(self, text: str) -> list[Track]:
        """Tracks whose name and artists contain every word of the text, in catalogue order."""
        wanted = words(text)
        if not wanted:
            return []
        found = set.intersection(*(set(self._positions.get(word, ())) for word in wanted))
        return [self.everything[position] for position in sorted(found)]

    def match(self, artist: str, title: str) -> list[Track]:
        """Tracks that have these words in their artists and these in their name."""
        by, called = set(words(artist)), set(words(title))
        return [
            track
            for track in self.search(f"{artist} {title}")
            if by <= set(words(" ".join(track.artists))) and called <= set(words(track.name))
        ]
