"""How many calls each service gets in its rolling window."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    calls: int
    window_s: float


# Deezer: 50 per 5 s and IP; iTunes: about 20 per minute (third-party reports). Spotify publishes no number, only that
# its window is 30 s; people report being refused at about 100. ReccoBeats publishes none. We stay below what is known.
PACES = {
    "spotify": Pace(95, 30.0),
    "accounts": Pace(60, 30.0),
    "deezer": Pace(45, 5.0),
    "itunes": Pace(18, 60.0),
    "reccobeats": Pace(100, 10.0),
    "previews": Pace(200, 5.0),
}
NAMES = {
    "spotify": "Spotify",
    "accounts": "Spotify",
    "deezer": "Deezer",
    "itunes": "iTunes",
    "reccobeats": "ReccoBeats",
}
_WISH = re.compile(r"([a-z]+)=(\d+)/(\d+(?:\.\d+)?)")


def read_paces(text: str) -> Mapping[str, Pace]:
    """`spotify=95/30 deezer=45/5` (calls per seconds) as paces; ValueError with a sentence on anything else."""
    found = {}
    for word in text.replace(",", " ").split():
        wish = _WISH.fullmatch(word)
        if not wish or wish[1] not in PACES:
            raise ValueError(f"PACES: “{word}” is not SERVICE=CALLS/SECONDS. Services: {', '.join(PACES)}.")
        found[wish[1]] = Pace(int(wish[2]), float(wish[3]))
        if not (found[wish[1]].calls and found[wish[1]].window_s):
            raise ValueError(f"PACES: “{word}” would let nothing through; use numbers above 0.")
    return found
