"""What reading a library for the first time will take, before anybody asks for it."""

import os
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from organizer import library, network
from organizer.models import SpotifyAccount

# Songs a second and processor from "start" to "ready for review", measured on two (docs/sound.md: 41.6 and 12.0).
HEARD_PER_S = {"fast": 20.8, "accurate": 6.0}

START_S = 10.0  # until the networks are loaded


@dataclass(frozen=True)
class Forecast:
    songs: int
    calls: int  # to Spotify
    takes: timedelta  # all of it, listening included


def first_reading(account: SpotifyAccount) -> Forecast | None:
    """None while Spotify has not said how many songs there are."""
    songs = account.liked_total
    if not songs:
        return None
    calls, gate = library.cost(account)[1], network.gate()
    hearing_s = songs / (HEARD_PER_S[settings.LISTENING] * (os.cpu_count() or 1))
    # Each song is looked up at the first of these; what it does not have, at the next, which is fewer.
    first = settings.PREVIEW_PROVIDERS[:1]
    looking_s = max((gate.forecast(name, songs) for name in first), default=0.0)
    reading_s = gate.forecast("spotify", calls)
    return Forecast(
        songs, calls, timedelta(seconds=reading_s + (max(hearing_s, looking_s) if first else 0.0))
    )
