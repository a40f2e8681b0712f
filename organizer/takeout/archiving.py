"""The takeout as one zip: the whole as JSON, for bringing back, and tables for people."""

import json
import zipfile
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import Any

from classifier.labels import display_name
from organizer import timeline, verdicts
from organizer.models import PlaylistVersion, Prediction, SpotifyAccount, Track
from organizer.takeout import sections, tables

DOCUMENT = "cratewise.json"
AT_ONCE = 64 * 2**10  # bytes
README = """Everything that Cratewise has of yours, but for the tokens of your link to Spotify.

cratewise.json     all of it; bring it back on the settings page
library.csv        your likes, with the genre of each and how it came about
predictions.csv    what the model says of each song
corrections.csv    your own words
playlists.csv      your playlists, song by song, with what you took out by hand
versions.csv       what changed in them, when, and by whom
"""
Cells = Iterable[Iterable[Any]]


def document(account: SpotifyAccount) -> dict[str, Any]:
    """The takeout as one value; `archive` writes the same without having it whole in memory."""
    rows = {name: list(found) for name, found in sections.sections(account).items()}
    return sections.head(account) | rows


class _Sink:
    """A file without a beginning to return to: what was written is there to be sent at once."""

    def __init__(self) -> None:
        self.held: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self.held.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """As a zip asks of its file; nothing is held back here."""

    def taken(self) -> bytes:
        data = b"".join(self.held)
        self.held, self.size = [], 0
        return data


def archive(account: SpotifyAccount) -> Iterator[bytes]:
    """A zip, piece by piece as it is made: that of a large library takes half a minute."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as into:  # type: ignore[call-overload]
        document = _as_json(sections.head(account), sections.sections(account))
        files = {name: tables.lines(*found) for name, found in _tables(account).items()}
        for name, lines in ({DOCUMENT: document} | files).items():
            for _ in _written(into, name, lines):
                if sink.size >= AT_ONCE:
                    yield sink.taken()
        into.writestr("README.txt", README)
    yield sink.taken()


def write_document(
    into: zipfile.ZipFile, name: str, account: SpotifyAccount, extra: dict[str, Any] | None = None
) -> None:
    lines = _as_json(sections.head(account) | (extra or {}), sections.sections(account))
    for _ in _written(into, name, lines):
        pass


def _written(into: zipfile.ZipFile, name: str, lines: Iterable[str]) -> Iterator[str]:
    """Each line once it is in the file, so that the reader may look after the zip in between."""
    with into.open(name, "w", force_zip64=True) as raw, TextIOWrapper(raw, "utf-8", newline="") as text:
        for line in lines:
            text.write(line)
            yield line


def _as_json(head: dict[str, Any], found: dict[str, Iterator[sections.Row]]) -> Iterator[str]:
    """One row a line."""
    yield json.dumps(head, ensure_ascii=False)[:-1]
    for name, rows in found.items():
        yield f',\n"{name}": ['
        for place, row in enumerate(rows):
            yield (",\n" if place else "\n") + json.dumps(row, ensure_ascii=False)
        yield "]"
    yield "}\n"


def _tables(account: SpotifyAccount) -> dict[str, tuple[Iterable[str], Cells]]:
    songs = _songs(account)
    song = ("title", "artists", "album", "isrc", "uri")
    decision = ("liked", "still liked", "genre", "confidence", "decided by")
    said = ("title", "artists", "uri", "model", "genre", "confidence", "sure")
    return {
        "library.csv": ((*song, *decision), _library(account, songs)),
        "predictions.csv": (said, _said(account, songs)),
        "corrections.csv": (
            ("about", "artists", "genre", "further genres", "when", "uri"),
            _corrections(account),
        ),
        "playlists.csv": (("playlist", "position", "note", *song), _playlists(account, songs)),
        "versions.csv": (("playlist", "when", "by", "change", *song), _versions(account, songs)),
    }


class _Songs(dict[str, tuple[Any, ...]]):
    """The cells of every song by uri; of a song that nobody here likes only the uri is known."""

    def __missing__(self, uri: str) -> tuple[Any, ...]:
        return ("", "", "", "", uri)


def _songs(account: SpotifyAccount) -> _Songs:
    rows = Track.objects.filter(saves__account=account).values_list(
        "uri", "name", "artist_names", "album_name", "isrc"
    )
    found = rows.iterator(sections.ROWS)
    return _Songs(
        (uri, (name, ", ".join(artists), album, isrc, uri)) for uri, name, artists, album, isrc in found
    )


def _library(account: SpotifyAccount, songs: _Songs) -> Cells:
    decided = {song.track.uri: _decision(song) for song in verdicts.of_library(account)}
    rows = account.saves.order_by("added_at", "track__uri").values_list(
        "track__uri", "added_at", "is_unliked"
    )
    for uri, added_at, is_unliked in rows.iterator(sections.ROWS):
        said = decided.get(uri, ("", "", ""))
        yield (*songs[uri], added_at.isoformat(), not is_unliked, *said)


def _decision(song: verdicts.Verdict) -> tuple[str, str, str]:
    if not song.genre:
        return ("", "", "")
    return (display_name(song.genre), f"{song.confidence:.2f}", "you" if song.is_own_word else "the model")


def _said(account: SpotifyAccount, songs: _Songs) -> Cells:
    rows = Prediction.objects.filter(track__saves__account=account, version__is_champion=True)
    fields = ("track__uri", "version__name", "genre", "confidence", "is_sure")
    for uri, model, genre, confidence, is_sure in (
        rows.order_by("track__uri").values_list(*fields).iterator(sections.ROWS)
    ):
        title, artists, *_ = songs[uri]
        yield title, artists, uri, model, display_name(genre), f"{confidence:.4f}", is_sure


def _corrections(account: SpotifyAccount) -> Cells:
    for row in account.corrections.select_related("track", "artist").order_by("created_at", "pk"):
        about = row.track.name if row.track else f"everything by {row.artist}"
        artists = row.track.artist_line if row.track else str(row.artist)
        uri = row.track.uri if row.track else f"spotify:artist:{row.artist.spotify_id}" if row.artist else ""
        further = ", ".join(map(display_name, row.also))
        yield about, artists, display_name(row.genre), further, row.created_at.isoformat(), uri


def _playlists(account: SpotifyAccount, songs: _Songs) -> Cells:
    for rule in account.playlists.order_by("pk"):
        pins = set(rule.pins)
        for place, uri in enumerate(rule.written_uris, 1):
            yield rule.name, place, "you put it in" if uri in pins else "", *songs[uri]
        for uri in rule.tombstones:
            yield rule.name, "", "you took it out", *songs[uri]


def _versions(account: SpotifyAccount, songs: _Songs) -> Cells:
    rows = PlaylistVersion.objects.filter(playlist__account=account).select_related("playlist")
    for row in rows.order_by("created_at", "pk").iterator(50):
        change = timeline.change_of(row)
        first = (row.playlist.name, row.created_at.isoformat(), "you" if change.by_user else "Cratewise")
        for word, uris in (("added", change.added), ("removed", change.removed)):
            for uri in uris:
                yield *first, word, *songs[uri]
