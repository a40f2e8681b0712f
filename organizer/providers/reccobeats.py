"""ReccoBeats: Spotify-like track features by Spotify id. Reference: https://reccobeats.com/docs

Unknown ids are left out and the order is not the request's: answers are matched by the id at the end of `href`.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from organizer.providers.errors import ProviderError
from organizer.providers.http import Http

BATCH = 40
FEATURES = (
    "acousticness",
    "danceability",
    "energy",
    "instrumentalness",
    "key",
    "liveness",
    "loudness",
    "mode",
    "speechiness",
    "tempo",
    "valence",
    "time_signature",
)


class ReccoBeats:
    name = "reccobeats"
    batch = BATCH

    def __init__(self, http: Http, *, url: str) -> None:
        self._http, self._url = http, url

    def features(self, spotify_ids: list[str]) -> dict[str, dict[str, float]]:
        """{Spotify id: {feature: value}} for those of at most 40 ids that the service knows."""
        params = {"ids": ",".join(spotify_ids[:BATCH])}
        answer = self._http.call("reccobeats", "GET", f"{self._url}/audio-features", params=params)
        if answer.status != 200:
            sentence = _("%(service)s refused the request (%(status)s).")
            raise ProviderError(sentence % {"service": "ReccoBeats", "status": answer.status}, permanent=True)
        body = answer.json()
        content = body.get("content") or [] if isinstance(body, dict) else []
        rows = (
            (str(row.get("href") or "").rsplit("/", 1)[-1], row) for row in content if isinstance(row, dict)
        )
        return {spotify_id: _values(row) for spotify_id, row in rows if spotify_id in spotify_ids}


def _values(row: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(row[name]) for name in FEATURES if isinstance(row.get(name), int | float)}
