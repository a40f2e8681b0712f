"""Reads playlists on Spotify, however long they are and however often something comes between.

What was read is kept when the gate closes or a batch ends, and reading goes on there if the playlist is still the same.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from organizer import accounts
from organizer.models import GenrePlaylist, SpotifyAccount
from organizer.providers.errors import NotFound, ProviderError
from organizer.providers.spotify import ASK, PAGE, PlaylistHead, Spotify

T = TypeVar("T")
TRIES = 3  # readings of a playlist that changes while it is read
HEADS_KEEP_S = 600.0  # a list of playlists older than this is read anew
READ_AGAIN_AFTER = timedelta(days=7)  # even if the snapshot is the one we know


class Interrupted(Exception):
    """The batch is over; what was read is kept."""


@dataclass(frozen=True)
class Contents:
    """A playlist as it was at one moment."""

    snapshot_id: str
    uris: tuple[str, ...]
    isrcs: Mapping[str, str]  # {uri: ISRC}, where it is known
    unreadable: int = 0


@dataclass
class Pages:
    """The part of a playlist that was read so far, under one snapshot."""

    spotify_id: str
    snapshot_id: str
    total: int | None = None
    offset: int = 0
    uris: list[str] = field(default_factory=list)
    isrcs: dict[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return self.total is not None and self.offset >= self.total


def mark_of(rule: GenrePlaylist) -> str:
    """How the description of a playlist that we made ends."""
    return f"Ref {rule.ref}"


def is_due(rule: GenrePlaylist) -> bool:
    """Whether the contents were last read so long ago that they are read again whatever the snapshot says."""
    return rule.read_at is None or timezone.now() - rule.read_at > READ_AGAIN_AFTER


class Reader:
    """Reads for one account.

    `kept`: what an earlier reader left over. `keep` stores it when something interrupts and there is more than before;
    without `keep` an interruption loses it. `seconds`: how long to read at most (one call is always made).
    """

    def __init__(
        self,
        account: SpotifyAccount,
        kept: dict[str, Any] | None = None,
        *,
        keep: Callable[[dict[str, Any]], None] | None = None,
        seconds: float = float("inf"),
    ) -> None:
        self.account, self.kept, self._keep = account, kept or {}, keep
        self._deadline, self._has_more = time.monotonic() + seconds, False

    @property
    def progress(self) -> dict[str, int]:
        """Songs read and songs in all, of the playlist that is being read."""
        pages = self.kept.get("pages", {})
        total = pages.get("total") or 0
        return {"done": min(total, pages.get("offset", 0)), "total": total}

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Whatever interrupts, the next reader goes on from here."""
        try:
            yield
        except (ProviderError, Interrupted):
            if self._keep and self._has_more:
                self._keep(self.kept)
            raise

    def heads(self, rules: Iterable[GenrePlaylist]) -> dict[str, PlaylistHead]:
        """The rules' playlists that are in the user's library, by id. One that is missing here was deleted by them."""
        ids = [rule.spotify_id for rule in rules if rule.spotify_id]
        return self._walk(sorted(ids), "") if ids else {}

    def marked(self, mark: str) -> list[PlaylistHead]:
        """The user's own playlists whose description ends with the mark."""
        found = self._walk([], mark)
        del self.kept["heads"]  # whoever asks again wants to know what has come since
        return [head for head in found.values() if head.owner_id == self.account.spotify_id]

    def _walk(self, ids: list[str], mark: str) -> dict[str, PlaylistHead]:
        """Those of the user's playlists that have one of the ids, or the mark. One call per 50 that they have."""
        walk = self.kept.get("heads")
        if not walk or walk["at"] < time.time() - HEADS_KEEP_S or (walk["ids"], walk["mark"]) != (ids, mark):
            walk = {"at": time.time(), "ids": ids, "mark": mark, "offset": 0, "total": 1, "found": {}}
            self.kept["heads"] = walk
        while walk["offset"] < walk["total"]:
            page = self._ask(lambda api: api.my_playlists(walk["offset"]))
            for head in page.heads:
                if head.spotify_id in ids or mark and head.description.endswith(mark):
                    walk["found"][head.spotify_id] = asdict(head)
            walk["total"], walk["offset"] = page.total, walk["offset"] + PAGE
            self._has_more = True
        missing = [one for one in ids if one not in walk["found"]]
        if missing and not walk.get("is_checked"):
            walk["found"] |= {head.spotify_id: asdict(head) for head in self._look_up(missing)}
        walk["is_checked"] = True
        return {found: PlaylistHead(**head) for found, head in walk["found"].items()}

    def _look_up(self, missing: list[str]) -> list[PlaylistHead]:
        """A playlist that slipped through the pages, because another one was deleted meanwhile, is still there."""
        followed = self.followed(missing)
        found = (self.head(one) for one in missing if one in followed)
        return [head for head in found if head]

    def followed(self, playlist_ids: list[str]) -> set[str]:
        """Those that are in the user's library. One call per 40."""
        held: set[str] = set()
        for start in range(0, len(playlist_ids), ASK):
            part = playlist_ids[start : start + ASK]
            answers = self._ask(lambda api, part=part: api.has_playlists(part))  # type: ignore[misc]
            held |= {one for one, is_held in zip(part, answers, strict=True) if is_held}
        return held

    def head(self, playlist_id: str) -> PlaylistHead | None:
        """None when Spotify does not know the playlist any more."""
        try:
            return self._ask(lambda api: api.playlist(playlist_id))
        except NotFound:
            return None

    def contents(self, head: PlaylistHead) -> Contents:
        """All entries as they were at one moment.

        Pages come one by one, so after several of them the head is read again: an edit in between would otherwise
        look like songs taken out or put in. Raises a transient ProviderError when the playlist does not keep still.
        """
        for _attempt in range(TRIES):
            pages = self._pages_of(head)
            self._read_on(pages)
            again = head if pages.is_whole and pages.offset == PAGE else self.head(head.spotify_id)
            del self.kept["pages"]  # only now: asking for the head may be interrupted, too
            if again is None:
                raise NotFound(_("“%(name)s” is gone from Spotify.") % {"name": head.name})
            if again.snapshot_id == head.snapshot_id and pages.is_whole:
                unreadable = (pages.total or 0) - len(pages.uris)
                return Contents(head.snapshot_id, tuple(pages.uris), pages.isrcs, unreadable)
            head = again
            if head.spotify_id in self.kept.get("heads", {}).get("found", {}):
                self.kept["heads"]["found"][head.spotify_id] = asdict(head)
        raise ProviderError(_("“%(name)s” is being changed on Spotify right now.") % {"name": head.name})

    def _pages_of(self, head: PlaylistHead) -> Pages:
        kept = Pages(**self.kept["pages"]) if "pages" in self.kept else None
        if kept and (kept.spotify_id, kept.snapshot_id) == (head.spotify_id, head.snapshot_id):
            return kept
        return Pages(head.spotify_id, head.snapshot_id)

    def _read_on(self, pages: Pages) -> None:
        """Read until the end, or until the total changes."""
        self.kept["pages"] = vars(pages)
        while not pages.is_whole:
            page = self._ask(lambda api: api.playlist_items(pages.spotify_id, pages.offset))
            if pages.total not in (None, page.total):
                pages.total = None
                return
            pages.total, pages.offset = page.total, pages.offset + PAGE
            pages.uris += page.uris
            pages.isrcs |= {uri: isrc for uri, isrc in zip(page.uris, page.isrcs, strict=True) if isrc}
            self._has_more = True

    def _ask(self, question: Callable[[Spotify], T]) -> T:
        if self._has_more and time.monotonic() > self._deadline:
            raise Interrupted
        return accounts.with_spotify(self.account, question)
