"""Deezer: a song's preview by ISRC, else by artist and title. Reference: https://developers.deezer.com/api

Errors come as HTTP 200 with an `error` object. Preview links are signed and die after about 15 minutes, so a link
is used in the same breath and never stored.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from organizer.providers import sentences
from organizer.providers.errors import GateClosed, ProviderError
from organizer.providers.http import Http
from organizer.providers.matching import Preview, Wanted, is_same_song
from organizer.providers.standing import RATE

QUOTA, NO_DATA = 4, 800
QUOTA_PAUSE_S = 5.0


class Deezer:
    name = "deezer"

    def __init__(self, http: Http, *, url: str) -> None:
        self._http, self._url = http, url

    def find_preview(self, song: Wanted) -> Preview | None:
        """By ISRC first (reissues often miss there), then by search, verified by artist, title and length."""
        found = self._get(f"/track/isrc:{song.isrc}") if song.isrc else None
        return _preview(found) or _preview(self._search(song))

    def _search(self, song: Wanted) -> Mapping[str, Any] | None:
        clean = {
            key: value.replace('"', " ") for key, value in (("artist", song.artist), ("track", song.title))
        }
        query = f'artist:"{clean["artist"]}" track:"{clean["track"]}"'
        hits = (self._get("/search/track", q=query, limit=5) or {}).get("data") or []
        return next((hit for hit in hits if hit.get("preview") and _matches(hit, song)), None)

    def _get(self, path: str, **params: Any) -> Mapping[str, Any] | None:
        body = self._http.call("deezer", "GET", self._url + path, params=params).json()
        if not isinstance(body, dict):
            raise ProviderError(_("Deezer's answer was not in the expected form."))
        error = body.get("error")
        if not error:
            return body
        if isinstance(error, dict) and error.get("code") == NO_DATA:
            return None
        if isinstance(error, dict) and error.get("code") == QUOTA:
            reason = sentences.kept(sentences.ASKED, "deezer")
            self._http.gate.block("deezer", QUOTA_PAUSE_S, reason, RATE)
            sentence = sentences.told(reason, "deezer")
            raise GateClosed(sentence, retry_after_s=QUOTA_PAUSE_S, kind=RATE)
        raise ProviderError(_("Deezer could not answer a look-up."))


def _matches(hit: Mapping[str, Any], song: Wanted) -> bool:
    artist = str((hit.get("artist") or {}).get("name") or "")
    title = str(hit.get("title") or "")
    return is_same_song(song, artist=artist, title=title, duration_ms=int(hit.get("duration") or 0) * 1000)


def _preview(hit: Mapping[str, Any] | None) -> Preview | None:
    if not hit or not hit.get("preview"):
        return None
    return Preview(source="deezer", source_id=str(hit.get("id") or ""), url=str(hit["preview"]))
