"""The users' corrections as a data set: what they said of liked songs, with the features that those songs have.

Nothing is copied: the rows are read from the database when they are wanted, and only from accounts that teach. The
classifier is imported inside functions.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from django.db.models import Q

from classifier.errors import DataError
from classifier.labels import FAMILIES, FEATURE_NAMES, SUB_GENRES
from organizer import classify
from organizer.models import AudioFeatures, Correction, Dataset, SpotifyAccount, Track

if TYPE_CHECKING:
    from classifier.dataset import Dataset as Tracks

NAME = "Corrections by users"
LICENCE = "the users’ own words, for this instance alone"
PROVENANCE = "What users of this instance said of songs that they like, and features of those songs from other services."
CHUNK = 500
HEADER = ("uri", "artists", "genre", "also", "features from", *FEATURE_NAMES)


@dataclass(frozen=True)
class Word:
    """One account's word on one liked song; `features` are named numbers of `source`, None where nobody has any."""

    account: int
    track: Track
    genre: str
    also: tuple[str, ...]
    is_for_artist: bool  # said of everything by the artist, not of this song
    features: Mapping[str, float] | None
    source: str

    @property
    def families(self) -> tuple[str, ...]:
        """The families of its genres, the foremost first."""
        slugs = (SUB_GENRES.get(slug, slug) for slug in (self.genre, *self.also))
        return tuple(dict.fromkeys(slug for slug in slugs if slug in FAMILIES))


def words(accounts: Iterable[SpotifyAccount] | None = None) -> Iterator[Word]:
    """Every word that holds for a liked song: the song's own, else its artist's. By default of those who teach."""
    teaching = SpotifyAccount.objects.filter(teaches=True)
    for account in teaching.order_by("pk") if accounts is None else accounts:
        yield from _of_account(account)


def _of_account(account: SpotifyAccount) -> Iterator[Word]:
    said = list(Correction.objects.filter(account=account))
    by_track = {row.track_id: row for row in said if row.track_id}
    by_artist: dict[int | None, Correction] = {row.artist_id: row for row in said if row.artist_id}
    own = Correction.objects.filter(account=account)
    spoken_of = Q(pk__in=own.values("track")) | Q(primary_artist__in=own.values("artist"))
    tracks = Track.objects.liked_by(account).movable().filter(spoken_of).order_by("uri").iterator(CHUNK)
    while chunk := list(islice(tracks, CHUNK)):
        features = _features(chunk)
        for track in chunk:
            row = by_track.get(track.pk) or by_artist[track.primary_artist_id]
            yield _word(row, track, features.get(track.pk))


def _word(row: Correction, track: Track, features: AudioFeatures | None) -> Word:
    named = classify.example(track, features).features
    return Word(
        account=row.account_id,
        track=track,
        genre=row.genre,
        also=tuple(row.also),
        is_for_artist=row.track_id is None,
        features=named,
        source=features.source if features and named else "",
    )


def _features(tracks: list[Track]) -> dict[int, AudioFeatures]:
    """Each track's features from the most trusted source, as the classifier is given them."""
    trusted = classify.FEATURE_SOURCES
    found = AudioFeatures.objects.filter(track__in=tracks, values__isnull=False, source__in=trusted)
    by_trust = sorted(found, key=lambda row: -trusted.index(row.source))
    return {row.track_id: row for row in by_trust if row.values}


def dataset() -> Dataset:
    """The row that stands for them among the data sets, made on demand; it counts the songs that they teach."""
    fixed = {
        "origin": Dataset.Origin.SPOTIFY,
        "state": Dataset.State.READY,
        "provenance": PROVENANCE,
        "licence": LICENCE,
    }
    row = Dataset.objects.filter(kind=Dataset.Kind.CORRECTIONS).first()
    if row is None:
        row, _ = Dataset.objects.get_or_create(
            name=NAME, defaults={**fixed, "kind": Dataset.Kind.CORRECTIONS}
        )
    families = {word.track.pk: word.families[0] for word in _usable()}
    row.rows, row.report = len(families), {"genres": dict(Counter(families.values()))}
    row.save(update_fields=["rows", "report"])
    return row


def _usable() -> Iterator[Word]:
    return (word for word in words() if word.features and word.families)


def read() -> "Tracks":
    """The corrected songs as the classifier's Dataset; a song that several users corrected has all of their families.

    Raises
    ------
    DataError
        There is no correction of a song with features.
    """
    from classifier import dataset as tracks

    usable = list(_usable())
    if not usable:
        raise DataError("No user has corrected a song whose features are known.")
    data = tracks.Dataset(
        x=tracks.matrix(
            {name: [(word.features or {}).get(name) for word in usable] for name in FEATURE_NAMES},
            len(usable),
        ),
        feature_names=FEATURE_NAMES,
        labels=tuple(word.families for word in usable),
        artists=tuple(tuple(word.track.artist_names) for word in usable),
        track_ids=tuple(word.track.uri for word in usable),
        albums=tuple(word.track.album_name for word in usable),
        titles=tuple(word.track.name for word in usable),
    )
    merged = tracks.merge_tracks(data, range(len(data)))
    origin = tracks.Provenance(NAME, _digest(merged), len(merged), LICENCE)
    return replace(merged, provenance=(origin,))


def _digest(data: "Tracks") -> str:
    """Stands for the words as they are now: another one as soon as somebody says something else."""
    digest = hashlib.sha256(data.x.tobytes())
    for uri, labels in zip(data.track_ids, data.labels, strict=True):
        digest.update(f"{uri} {' '.join(labels)}\n".encode())
    return digest.hexdigest()


def count_new(since: datetime) -> int:
    """How many words those who teach have said since then."""
    return Correction.objects.filter(account__teaches=True, created_at__gt=since).count()


def rows() -> Iterator[tuple[object, ...]]:
    """What is exported, under HEADER: a line for every word, without whose it is."""
    for word in words():
        features = word.features or {}
        yield (
            word.track.uri,
            "; ".join(word.track.artist_names),
            word.genre,
            "; ".join(word.also),
            word.source,
            *(features.get(name) for name in FEATURE_NAMES),
        )
