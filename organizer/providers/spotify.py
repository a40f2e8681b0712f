"""Spotify's Web API as a new development-mode app has it in November 2026.

Reference: https://developer.spotify.com/documentation/web-api and its February 2026 migration guide.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from organizer.providers.errors import (
    AmbiguousWrite,
    NotFound,
    ProviderError,
    ScopeMissing,
    TokenExpired,
)
from organizer.providers.http import Answer, Http

PAGE = 50  # the most that a read returns
WRITE = 100  # the most uris a playlist write takes
LONGEST_URI = 700  # local files spell out artist, album and title
SHARP_PX = 200  # Spotify has covers of 64, 300 and 640 px
ASK = 40  # the most uris a question about the library takes


@dataclass(frozen=True)
class Profile:
    account_id: str
    spotify_id: str
    display_name: str


@dataclass(frozen=True)
class LikedTrack:
    uri: str
    name: str
    artist_ids: tuple[str, ...]
    artist_names: tuple[str, ...]
    album_name: str
    album_image_url: str
    isrc: str
    duration_ms: int
    is_explicit: bool
    is_local: bool
    is_playable: bool
    added_at: datetime


@dataclass(frozen=True)
class LikedPage:
    total: int
    entries: int  # how many the page held, readable or not
    tracks: tuple[LikedTrack, ...]
    blanks: tuple[datetime | None, ...] = ()  # when those without a song were liked


@dataclass(frozen=True)
class PlaylistHead:
    spotify_id: str
    snapshot_id: str
    name: str
    owner_id: str
    is_public: bool
    description: str
    total: int = 0  # entries, readable or not


@dataclass(frozen=True)
class PlaylistsPage:
    total: int
    heads: tuple[PlaylistHead, ...]


@dataclass(frozen=True)
class ItemsPage:
    """Part of a playlist. Null entries are songs that Spotify withdrew or would not show just now."""

    total: int
    uris: tuple[str, ...]
    isrcs: tuple[str, ...]  # as many as uris; empty where it is not known


class Refused(ProviderError):
    """Spotify understood the request and will not do it (400); sending it again would change nothing."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class SnapshotChanged(Refused):
    """The playlist is no longer the one that the change was meant for; nothing was done."""


class Spotify:
    """The Web API for one user. Every call goes out once; whoever calls decides about trying again."""

    def __init__(self, http: Http, *, url: str, access_token: str) -> None:
        self._http, self._url, self._token = http, url, access_token

    def profile(self) -> Profile:
        body = _mapping(self._get("/me"))
        spotify_id = str(body["id"])
        return Profile(
            account_id=str(body.get("account_id") or spotify_id),
            spotify_id=spotify_id,
            display_name=str(body.get("display_name") or ""),
        )

    def try_out(self) -> None:
        """The cheapest call that an app may make for itself; ProviderError where Spotify refuses the app."""
        self._get("/search", q="a", type="track", limit=1)

    def liked(self, offset: int) -> LikedPage:
        body = _mapping(self._get("/me/tracks", limit=PAGE, offset=offset))
        entries = body.get("items") or []
        found = [(entry, _liked_track(entry)) for entry in entries]
        return LikedPage(
            total=_total(body),
            entries=len(entries),
            tracks=tuple(track for _, track in found if track),
            blanks=tuple(_added_at(entry) for entry, track in found if not track),
        )

    def liked_total(self) -> int:
        return _total(_mapping(self._get("/me/tracks", limit=1)))

    def my_playlists(self, offset: int) -> PlaylistsPage:
        body = _mapping(self._get("/me/playlists", limit=PAGE, offset=offset))
        heads = tuple(_head(item) for item in body.get("items") or [] if item)
        return PlaylistsPage(int(body["total"]), heads)

    def playlist(self, playlist_id: str) -> PlaylistHead:
        """The playlist's head; NotFound when Spotify does not know it."""
        fields = "id,snapshot_id,name,owner.id,public,description,items.total"
        return _head(_mapping(self._get(f"/playlists/{playlist_id}", fields=fields)))

    def playlist_items(self, playlist_id: str, offset: int) -> ItemsPage:
        body = _mapping(self._get(f"/playlists/{playlist_id}/items", limit=PAGE, offset=offset))
        entries = [entry or {} for entry in body.get("items") or []]
        items = [entry.get("item") or entry.get("track") or {} for entry in entries]
        known = [item for item in items if item.get("uri")]
        return ItemsPage(
            total=int(body["total"]),
            uris=_texts(item["uri"] for item in known),
            isrcs=_texts((item.get("external_ids") or {}).get("isrc") for item in known),
        )

    def has_playlists(self, playlist_ids: Sequence[str]) -> list[bool]:
        """Whether each of at most 40 playlists is in the user's library: one that they deleted is not."""
        uris = ",".join(f"spotify:playlist:{one}" for one in playlist_ids[:ASK])
        answer = self._get("/me/library/contains", uris=uris)
        if not isinstance(answer, list) or len(answer) != len(playlist_ids[:ASK]):
            raise ProviderError(_("Spotify's answer was not in the expected form."))
        return [bool(one) for one in answer]

    def create_playlist(self, *, name: str, description: str) -> PlaylistHead:
        """A private playlist; `public` is sent because the API's default is true."""
        body = {"name": name, "description": description, "public": False, "collaborative": False}
        return _head(_mapping(self._call("POST", "/me/playlists", json=body)))

    def add(self, playlist_id: str, uris: list[str], *, position: int | None = None) -> str:
        """Put in at most 100 uris, at the end unless told otherwise; the new snapshot id. Refused names a bad one."""
        body: dict[str, Any] = {"uris": uris[:WRITE]}
        if position is not None:
            body["position"] = position
        return _snapshot(self._call("POST", f"/playlists/{playlist_id}/items", json=body))

    def remove(self, playlist_id: str, uris: list[str], snapshot_id: str) -> str:
        """Remove all occurrences of at most 100 uris; the new snapshot id. SnapshotChanged when it is another by now."""
        body = {"items": [{"uri": uri} for uri in uris[:WRITE]], "snapshot_id": snapshot_id}
        return _snapshot(self._call("DELETE", f"/playlists/{playlist_id}/items", json=body))

    def _get(self, path: str, **params: Any) -> Any:
        return self._call("GET", path, params=params)

    def _call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = self._http.call("spotify", method, self._url + path, headers=headers, **options)
        if answer.status < 300:
            return _body_of(method, answer)
        raise _api_error(answer)


def _body_of(method: str, answer: Answer) -> Any:
    try:
        return answer.json()
    except ProviderError as error:
        if method == "GET":
            raise
        raise AmbiguousWrite(_("Spotify's answer to a change could not be read.")) from error


def _api_error(answer: Answer) -> ProviderError:
    if answer.status == 401:
        return TokenExpired(_("Spotify did not accept the access token."))
    if answer.status == 404:
        return NotFound(_("Spotify does not know this playlist or song (any more)."))
    text = answer.error_field("message") or answer.text
    if answer.status == 403:
        if "scope" in text.lower():
            return ScopeMissing(_forbidden(text))
        return ProviderError(_forbidden(text), permanent=True)
    sentence = _("Spotify refused the request (%(status)s: %(text)s).")
    sentence %= {"status": answer.status, "text": text[:120]}
    if answer.status == 400:
        kind = SnapshotChanged if "snapshot" in text.lower() else Refused
        return kind(sentence)
    return ProviderError(sentence, permanent=True)


def _forbidden(text: str) -> str:
    """Spotify's 403 texts (often plain text, not JSON), told in terms of what to do."""
    lowered = text.lower()
    if "not registered" in lowered:
        return _(
            "This Spotify user is not on the app's list of allowed users; its operator can add up to five."
        )
    if "premium" in lowered:
        return _("The owner of the Spotify app needs Spotify Premium; until then Spotify refuses every call.")
    if "scope" in lowered:
        return _("A permission is missing. Please reconnect your account and allow what is asked.")
    return _("Spotify refused access (403).")


def _mapping(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise ProviderError(_("Spotify's answer was not in the expected form."))
    return body


def _snapshot(body: Any) -> str:
    snapshot = body.get("snapshot_id") if isinstance(body, dict) else None
    if not snapshot:
        raise AmbiguousWrite(_("Spotify's answer to a change could not be read."))
    return str(snapshot)


def _head(body: Mapping[str, Any]) -> PlaylistHead:
    return PlaylistHead(
        spotify_id=str(body["id"]),
        snapshot_id=str(body.get("snapshot_id") or ""),
        name=str(body.get("name") or ""),
        owner_id=str((body.get("owner") or {}).get("id") or ""),
        is_public=bool(body.get("public")),
        description=str(body.get("description") or ""),
        total=int((body.get("items") or body.get("tracks") or {}).get("total") or 0),
    )


def _liked_track(entry: Any) -> LikedTrack | None:
    """A song of a page of likes; None for null entries, episodes, and what is too odd to keep."""
    track, added_at = (entry or {}).get("track") or {}, _added_at(entry)
    uri = str(track.get("uri") or "")
    if not 0 < len(uri) <= LONGEST_URI or track.get("type", "track") != "track" or added_at is None:
        return None
    artists = [artist for artist in track.get("artists") or [] if artist]
    album = track.get("album") or {}
    return LikedTrack(
        uri=uri,
        name=str(track.get("name") or ""),
        artist_ids=_texts(artist.get("id") for artist in artists),
        artist_names=_texts(artist.get("name") for artist in artists),
        album_name=str(album.get("name") or ""),
        album_image_url=_cover(album.get("images") or []),
        isrc=str((track.get("external_ids") or {}).get("isrc") or ""),
        duration_ms=int(track.get("duration_ms") or 0),
        is_explicit=bool(track.get("explicit")),
        is_local=bool(track.get("is_local")),
        is_playable=track.get("is_playable") is not False,
        added_at=added_at,
    )


def _added_at(entry: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str((entry or {}).get("added_at")))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _total(body: Mapping[str, Any]) -> int:
    if not isinstance(body.get("total"), int):
        raise ProviderError(_("Spotify's answer was not in the expected form."))
    return int(body["total"])


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(str(value or "") for value in values)


def _cover(images: list[Mapping[str, Any]]) -> str:
    """The smallest that is sharp on a page too, at a cover's largest size there; else the largest there is."""
    by_width = sorted(images, key=lambda image: image.get("width") or 0)
    sharp = [image for image in by_width if (image.get("width") or 0) >= SHARP_PX] or by_width[-1:]
    return str(sharp[0]["url"]) if sharp else ""
