"""Whether a search hit is the song that was looked for."""

import re
import unicodedata
from dataclasses import dataclass

DURATION_TOLERANCE_MS = 3000
_JOINT = re.compile(r"[,;&/]|\bfeat\b|\bft\b|\bwith\b", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    isrc: str
    artist: str
    title: str
    duration_ms: int


@dataclass(frozen=True)
class Preview:
    source: str
    source_id: str
    url: str  # short-lived: use at once, never store


def is_same_song(song: Wanted, *, artist: str, title: str, duration_ms: int) -> bool:
    """Title and artist must agree after folding; length within 3 s where both sides state one.

    Where Spotify lists several artists, others name them all in one credit: to be one of those is enough.
    """
    if duration_ms and song.duration_ms and abs(duration_ms - song.duration_ms) > DURATION_TOLERANCE_MS:
        return False
    credited = {fold(name) for name in (artist, *_JOINT.split(artist)) if name.strip()}
    return fold(title) == fold(song.title) and fold(song.artist) in credited


def fold(text: str) -> str:
    """Lower case without accents, brackets, version suffixes and punctuation, so that spellings compare equal."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode() or text
    plain = re.sub(r"[\(\[].*?[\)\]]|\s-\s.*$", " ", plain.lower())
    return re.sub(r"[^\w]+", " ", plain).strip() or text.strip().lower()
