"""iTunes Search: a song's preview by artist, title and length. Look-up by ISRC is not offered in practice.

Reference: https://performance-partners.apple.com/search-api
"""

from collections.abc import Mapping
from typing import Any

from organizer.providers import sentences
from organizer.providers.errors import GateClosed
from organizer.providers.http import Http
from organizer.providers.matching import Preview, Wanted, is_same_song
from organizer.providers.standing import RATE

PAUSE_S = 60.0


class ITunes:
    name = "itunes"

    def __init__(self, http: Http, *, url: str) -> None:
        self._http, self._url = http, url

    def find_preview(self, song: Wanted) -> Preview | None:
        params = {"term": f"{song.artist} {song.title}", "media": "music", "entity": "song", "limit": 5}
        answer = self._http.call("itunes", "GET", f"{self._url}/search", params=params)
        if answer.status == 403:  # how iTunes refuses those who ask too fast
            reason = sentences.kept(sentences.ASKED, "itunes")
            self._http.gate.block("itunes", PAUSE_S, reason, RATE)
            raise GateClosed(sentences.told(reason, "itunes"), retry_after_s=PAUSE_S, kind=RATE)
        body = answer.json()
        hits = body.get("results") or [] if isinstance(body, dict) else []
        hit = next((hit for hit in hits if hit.get("previewUrl") and _matches(hit, song)), None)
        if hit is None:
            return None
        return Preview(source="itunes", source_id=str(hit.get("trackId") or ""), url=str(hit["previewUrl"]))


def _matches(hit: Mapping[str, Any], song: Wanted) -> bool:
    artist, title = str(hit.get("artistName") or ""), str(hit.get("trackName") or "")
    return is_same_song(song, artist=artist, title=title, duration_ms=int(hit.get("trackTimeMillis") or 0))
