"""The built-in catalogue: invented artists, albums and titles with features drawn from genre profiles."""

import math
from dataclasses import fields, replace
from functools import cache
from random import Random
from statistics import fmean
from typing import Any

from simulator import identifiers
from simulator.catalog import Catalogue, Track
from simulator.profiles import FAMILIES, PROFILES, Profile, Spread
from simulator.words import FIRST_NAMES, FLAVOURS, LAST_NAMES

TRACKS_PER_FAMILY = 40
TRACKS_PER_ARTIST = 5
# Drawn closer to the mean than real music is, so that most invented tracks are typical of their family.
TYPICAL = 0.6
# Families lie this much further apart than in real music: the demo has to show confident answers as well as doubt.
STRIKING = 2.0
KEYS = ("C", "D", "E-flat", "F", "G", "A minor", "B-flat", "D minor")


def built_in_catalogue(seed: int) -> Catalogue:
    """Six hundred tracks of fifteen families; the same ones for the same seed."""
    tracks = [track for family in FAMILIES for track in invent(family, TRACKS_PER_FAMILY, seed)]
    return Catalogue(tracks, awkward_tracks())


def invent(family: str, count: int, seed: int) -> list[Track]:
    """That many tracks of one family, several by each artist."""
    random = Random(f"{seed} {family}")
    tracks: dict[str, Track] = {}
    artist = album = ""
    while len(tracks) < count:
        if len(tracks) % TRACKS_PER_ARTIST == 0:
            artist, album = _artist(family, random), _title(family, random)
        track = _track(family, artist, album, random)
        tracks.setdefault(track.key, track)
    return list(tracks.values())


def _track(family: str, artist: str, album: str, random: Random) -> Track:
    profile = _striking(family)
    title = _title(family, random)
    track_id = identifiers.base62("invented", family, artist, title)
    guests = (_artist(family, random),) if random.random() < 0.12 else ()
    year = random.randint(1968, 2026)
    return Track(
        id=track_id,
        name=title,
        artists=(artist, *guests),
        album=album,
        duration_ms=random.randint(150_000, 330_000),
        explicit=random.random() < profile.explicit,
        genre=family,
        family=family,
        release_date=f"{year}-{random.randint(1, 9):02d}-{random.randint(1, 28):02d}",
        features=draw_features(profile, random),
        isrc=identifiers.isrc(track_id, year) if random.random() > 0.02 else None,
    )


@cache
def _striking(family: str) -> Profile:
    """The family's profile with its means pushed away from the average family's."""
    profile = PROFILES[family]
    pushed: dict[str, Any] = {}
    for field in fields(Profile):
        if isinstance(spread := getattr(profile, field.name), tuple):
            average = fmean(getattr(other, field.name)[0] for other in PROFILES.values())
            pushed[field.name] = (average + STRIKING * (spread[0] - average), spread[1])
    return replace(profile, **pushed)


def draw_features(profile: Profile, random: Random) -> dict[str, float]:
    """Features in the units of the public tables; loud tracks come out energetic and less acoustic."""
    drive = random.gauss(0, 1)
    return {
        "acousticness": _fraction(profile.acousticness, random, -0.6 * drive),
        "danceability": _fraction(profile.danceability, random),
        "energy": _fraction(profile.energy, random, 0.8 * drive),
        "instrumentalness": _fraction(profile.instrumentalness, random),
        "key": random.randint(0, 11),
        "liveness": _fraction(profile.liveness, random),
        "loudness": round(min(-0.5, max(-45.0, _around(profile.loudness, random, 0.8 * drive))), 3),
        "mode": int(random.random() < profile.major),
        "speechiness": _fraction(profile.speechiness, random),
        "tempo": round(min(210.0, max(55.0, _around(profile.tempo, random))), 3),
        "time_signature": 3 if random.random() < 0.06 else 4,
        "valence": _fraction(profile.valence, random),
    }


def _around(spread: Spread, random: Random, shared: float = 0.0) -> float:
    mean, deviation = spread
    return mean + TYPICAL * deviation * (shared + random.gauss(0, 1 if shared == 0 else 0.7))


def _fraction(spread: Spread, random: Random, shared: float = 0.0) -> float:
    return float(f"{1 / (1 + math.exp(-_around(spread, random, shared))):.3g}")


def _filled(patterns: list[str], family: str, random: Random) -> str:
    _, nouns, adjectives, _ = FLAVOURS[family]
    noun, noun2 = random.sample(nouns, 2)
    adjective, adjective2 = random.sample(adjectives, 2)
    first, first2 = random.sample(FIRST_NAMES, 2)
    last, last2 = random.sample(LAST_NAMES, 2)
    return random.choice(patterns).format(
        noun=noun, noun2=noun2, noun_low=noun.lower(), adj=adjective, adj2=adjective2,
        first=first, first2=first2, last=last, last2=last2,
        number=random.randint(1, 24), key=random.choice(KEYS),
    )  # fmt: skip


def _artist(family: str, random: Random) -> str:
    return _filled(FLAVOURS[family][0], family, random)


def _title(family: str, random: Random) -> str:
    return _filled(FLAVOURS[family][3], family, random)


def awkward_tracks() -> list[Track]:
    """What real libraries contain and programs stumble over; part of the built-in library only."""
    plain = invent("pop", 6, seed=-1)
    return [
        _changed(plain[0], id=None, name="Demo tape, side B", artists=("My Own Band",), isrc=None),
        _changed(plain[1], name="Withdrawn Song", is_playable=False),
        _changed(plain[2], name='<b>Bold</b> & "Quoted" 100%', explicit=True),
        _changed(plain[3], name="夜の灯台 — Überfahrt 🌊", artists=("Señorita Ñandú & Łódź",)),
        _changed(plain[4], name="Same Song", isrc="QZTWN2600001"),
        _changed(plain[4], id=identifiers.base62("twin"), name="Same Song", isrc="QZTWN2600002"),
        _changed(plain[5], name="Track without any features", features={}),
    ]


def _changed(track: Track, **changes: object) -> Track:
    changed = replace(track, **changes)  # type: ignore[arg-type]
    if "id" in changes:
        return changed
    return replace(changed, id=identifiers.base62("awkward", changed.name))
