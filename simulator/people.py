"""The simulated users, what they like and the playlists they keep."""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha1

from simulator.catalog import Track


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Like:
    track: Track
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    uri: str
    added_at: datetime
    added_by: str


@dataclass(slots=True)
class Playlist:
    id: str
    owner_id: str
    name: str
    description: str = ""
    public: bool = True
    collaborative: bool = False
    entries: list[Entry] = field(default_factory=list)
    revision: int = 0
    cover: bytes | None = None

    @property
    def uris(self) -> list[str]:
        return [entry.uri for entry in self.entries]

    @property
    def snapshot_id(self) -> str:
        seal = sha1(f"{self.id} {self.revision}".encode()).digest()
        return b64encode(self.revision.to_bytes(4, "big") + seal).decode()

    def insert(self, entries: Iterable[Entry], position: int | None) -> None:
        place = len(self.entries) if position is None else position
        self.entries[place:place] = entries
        self.revision += 1

    def replace(self, entries: Iterable[Entry]) -> None:
        self.entries = list(entries)
        self.revision += 1

    def remove(self, unwanted: dict[str, set[int]]) -> None:
        """Drops the entries with these uris: at the positions given with one, or wherever it occurs."""
        self.entries = [
            entry
            for position, entry in enumerate(self.entries)
            if entry.uri not in unwanted or (unwanted[entry.uri] and position not in unwanted[entry.uri])
        ]
        self.revision += 1

    def reorder(self, uris: list[str]) -> None:
        """Puts the entries in the order of `uris`; those it does not name come last, as they were."""
        places = {uri: place for place, uri in reversed(list(enumerate(uris)))}
        self.entries.sort(key=lambda entry: places.get(entry.uri, len(places)))
        self.revision += 1

    def move(self, start: int, length: int, before: int) -> None:
        moved = self.entries[start : start + length]
        rest = self.entries[:start] + self.entries[start + length :]
        place = before if before <= start else max(start, before - length)
        self.entries = rest[:place] + moved + rest[place:]
        self.revision += 1


@dataclass(slots=True)
class User:
    id: str
    account_id: str
    name: str
    likes: list[Like] = field(default_factory=list)  # newest first
    followed: list[str] = field(default_factory=list)  # playlist ids, newest first

    @property
    def liked_uris(self) -> list[str]:
        return [like.track.uri for like in self.likes]

    def like(self, tracks: Iterable[Track], now: datetime) -> None:
        """Adds tracks at the top, each with its own later moment; those already liked stay where they are."""
        known = set(self.liked_uris)
        moment = max(now, self.likes[0].added_at + timedelta(seconds=1)) if self.likes else now
        for track in tracks:
            if track.uri in known:
                continue
            known.add(track.uri)
            self.likes.insert(0, Like(track, moment))
            moment += timedelta(seconds=1)

    def unlike(self, uris: Iterable[str]) -> None:
        gone = set(uris)
        self.likes = [like for like in self.likes if like.track.uri not in gone]
