"""Synthetic users with songs of a public table: one who says what their songs are, and one who says nothing."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from classifier.splits import primary_artist

if TYPE_CHECKING:
    from classifier.dataset import Dataset as Tracks
    from organizer.models import SpotifyAccount, Track

WORDS, MOST_BY_ONE = 200, 2
LIKED_BY_ANOTHER = 400
FROM_TRACK = ("duration_ms", "explicit")  # known of every song, whoever knows its features


def of_genre(songs: "Tracks", genre: str, seed: int) -> list[int]:
    """WORDS rows of that genre drawn at random, at most two by an artist."""
    drawn: list[int] = []
    taken: Counter[str] = Counter()
    for row in np.random.default_rng(seed).permutation(len(songs)).tolist():
        artist = primary_artist(songs, row)
        if songs.labels[row] == (genre,) and taken[artist] < MOST_BY_ONE:
            taken[artist] += 1
            drawn.append(row)
    return drawn[:WORDS]


def of_any_genre(songs: "Tracks", without: Sequence[int], seed: int) -> list[int]:
    """LIKED_BY_ANOTHER rows drawn at random, none of `without`."""
    left = np.setdiff1d(np.arange(len(songs)), without)
    return np.random.default_rng(seed).choice(left, LIKED_BY_ANOTHER, replace=False).tolist()


def corrector(songs: "Tracks", rows: Sequence[int], genre: str) -> "SpotifyAccount":
    """Somebody who likes these songs and says of each what it is."""
    from organizer.models import Correction

    account = listener(songs, rows)
    for saved in account.saves.all():
        Correction.objects.create(account=account, track_id=saved.track_id, genre=genre)
    return account


def listener(songs: "Tracks", rows: Sequence[int], name: str = "charlie") -> "SpotifyAccount":
    """Somebody who likes these songs."""
    from django.utils import timezone

    from organizer.models import SavedTrack
    from tests.organizer.browsing import another_account

    account = another_account(name)
    for row in rows:
        track = _track(songs.take(np.array([row])))
        SavedTrack.objects.create(account=account, track=track, added_at=timezone.now())
    return account


def _track(song: "Tracks") -> "Track":
    """A song as a library holds it, with the features that a service knows of it."""
    from django.utils import timezone

    from organizer.models import Artist, AudioFeatures, Track

    values = dict(zip(song.feature_names, song.x[0].tolist(), strict=True))
    name, *_ = song.artists[0]
    track, _ = Track.objects.update_or_create(
        uri=f"spotify:track:{song.track_ids[0]}",
        defaults={
            "artist_names": list(song.artists[0]),
            "primary_artist": Artist.objects.get_or_create(spotify_id=name[:64], defaults={"name": name})[0],
            "duration_ms": int(values["duration_ms"]),
            "is_explicit": bool(values["explicit"]),
        },
    )
    known = {one: value for one, value in values.items() if one not in FROM_TRACK and value == value}
    features = {"values": known, "checked_at": timezone.now()}
    AudioFeatures.objects.update_or_create(track=track, source="reccobeats", defaults=features)
    return track
