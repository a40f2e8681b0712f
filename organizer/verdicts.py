"""What we currently believe about each liked song: the user's own word first, then the champion's prediction,
moved by what the rest of the library says about the song's artists.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from django.db.models import F

from classifier.context import Credits, LibraryContext, Moved, move
from classifier.hearing import threshold as bar
from classifier.labels import SUB_GENRES
from organizer import classify, rejudging
from organizer.models import Correction, ModelVersion, Prediction, SpotifyAccount, Track

REASONS = 3  # genres shown of what the library says


class Row(NamedTuple):
    """What of a prediction a verdict is made from."""

    track_id: int
    genre: str
    confidence: float
    other: float
    is_sure: bool
    log_probs: dict[str, float]
    why: dict[str, dict[str, float]]


Constants = tuple[LibraryContext, float, dict[str, float]]


@dataclass(frozen=True)
class Verdict:
    track: Track
    added_at: datetime
    genre: str  # empty: nothing is known
    confidence: float
    is_sure: bool
    is_own_word: bool = False
    log_probs: dict[str, float] = field(default_factory=dict)
    why: dict[str, dict[str, float]] = field(default_factory=dict)
    other: float = 0.0  # chance that it belongs to none of the model's genres
    also: tuple[str, ...] = ()  # further genres, by the user's own word

    @property
    def may_be_none(self) -> bool:
        return not self.is_own_word and self.other >= 0.5

    def probability_of(self, genres: list[str]) -> float:
        """That the song belongs to any of `genres`; certain where the user said so."""
        if self.is_own_word:
            return 1.0 if any(is_within(genre, genres) for genre in (self.genre, *self.also)) else 0.0
        return min(
            1.0, sum(math.exp(log_p) for genre, log_p in self.log_probs.items() if is_within(genre, genres))
        )

    @property
    def top(self) -> list[tuple[str, float]]:
        ranked = sorted(self.log_probs.items(), key=lambda pair: -pair[1])
        return [(genre, math.exp(log_prob)) for genre, log_prob in ranked[:3]]


def is_within(genre: str, genres: Collection[str]) -> bool:
    """It is one of them, or a sub-genre of one of them."""
    return genre in genres or SUB_GENRES.get(genre, genre) in genres


@dataclass(frozen=True)
class Basis:
    """What verdicts rest on besides the user's words: predictions by track, their genres, and what moves them."""

    labels: Sequence[str]
    predictions: Mapping[int, Any]
    constants: Constants | None

    @classmethod
    def of(cls, version: ModelVersion | None, predictions: Mapping[int, Any]) -> "Basis":
        constants = classify.library_context(version) if version else None
        return cls(list(version.labels) if version else [], predictions, constants)


def stored(
    account: SpotifyAccount, version: ModelVersion | None, only: Collection[int] | None = None
) -> dict[int, Any]:
    """The version's predictions of the account's songs by track. One query."""
    rows = Prediction.objects.filter(version=version, track__saves__account=account)
    if only is not None:
        rows = rows.filter(track__in=only)
    # Plain rows: making tens of thousands of model instances would take most of the time.
    return {row.track_id: row for row in rows.values_list(*Row._fields, named=True).iterator()}


def of_library(
    account: SpotifyAccount, *, only: Collection[int] | None = None, basis: Basis | None = None
) -> list[Verdict]:
    """One verdict per liked, movable song, in the order the songs were liked (oldest first). Four queries.

    `only` looks at those tracks (ids) alone: they hear nothing of the rest of the library. `basis`: what would be said
    if other predictions were in use.
    """
    liked = Track.objects.liked_by(account).movable()
    if only is not None:
        liked = liked.filter(pk__in=only)
    if basis is None:
        version = rejudging.version_of(account)
        basis = Basis.of(version, stored(account, version, only))
    tracks = list(
        liked.annotate(added_at=F("saves__added_at"))
        .only(
            *("uri", "name", "artist_names", "primary_artist", "is_local", "is_playable"),
            *("isrc", "duration_ms", "album_name"),
        )
        .order_by("added_at", "uri")
    )
    by_track, by_artist = _corrections(account)
    spoken = [by_track.get(track.pk) or by_artist.get(track.primary_artist_id) or () for track in tracks]
    words = [said[0] if said else None for said in spoken]
    found = [basis.predictions.get(track.pk) for track in tracks]
    if basis.constants and tracks:
        found = list(_in_context(tracks, words, found, labels=basis.labels, constants=basis.constants))
    return [
        _verdict(track, track.added_at, said, prediction)
        for track, said, prediction in zip(tracks, spoken, found, strict=True)
    ]


def _in_context(
    tracks: Sequence[Track],
    words: Sequence[str | None],
    predictions: Sequence[Any],
    *,
    labels: Sequence[str],
    constants: Constants,
) -> Iterator[Any]:
    """The predictions of one library, moved where other songs of the artists have something to say."""
    context, threshold, thresholds = constants
    moved = _move(context, tracks, words, predictions, labels=labels)
    ranks = np.argsort(-moved.library, axis=1)[:, :REASONS]
    columns = (moved.log_p.tolist(), moved.library.tolist(), ranks.tolist(), moved.has_context.tolist())
    for word, prediction, log_p, library, rank, has_context in zip(words, predictions, *columns, strict=True):
        if word or prediction is None or not has_context:
            yield prediction
            continue
        best = max(log_p)
        yield prediction._replace(
            genre=labels[log_p.index(best)],
            confidence=math.exp(best),
            is_sure=math.exp(best) * (1 - prediction.other)
            >= bar(list(prediction.why), thresholds, threshold),
            log_probs=dict(zip(labels, log_p, strict=True)),
            why=prediction.why | {"library": {labels[k]: library[k] for k in rank}},
        )


def _move(
    context: LibraryContext,
    tracks: Sequence[Track],
    words: Sequence[str | None],
    predictions: Sequence[Any],
    *,
    labels: Sequence[str],
) -> Moved:
    """Nothing votes for a song without a prediction or word; a word outside the version's labels has no vote either."""
    place = {label: k for k, label in enumerate(labels)}
    unknown = dict.fromkeys(labels, 0.0)
    reasons = [prediction.why if prediction else {} for prediction in predictions]
    # What was said without evidence are the shares of the tables learned from, and those are not this library's.
    chances = [
        prediction.log_probs if why else unknown for prediction, why in zip(predictions, reasons, strict=True)
    ]
    return move(
        context,
        np.array(list(map(itemgetter(*labels), chances))),  # a version has two genres at least
        credits=Credits.of([track.artist_names for track in tracks]),
        words=np.array(
            [place.get(word or "", place.get(SUB_GENRES.get(word or "", ""), -1)) for word in words]
        ),
        votes=np.array([bool(why) and not word for why, word in zip(reasons, words, strict=True)]),
        known=np.array(["artist" in why for why in reasons]),
    )


Said = tuple[str, ...]  # the genres of the user's own word, the foremost first


def _corrections(account: SpotifyAccount) -> tuple[dict[int, Said], dict[int | None, Said]]:
    rows = list(Correction.objects.filter(account=account))
    by_track = {row.track_id: (row.genre, *row.also) for row in rows if row.track_id}
    by_artist: dict[int | None, Said] = {
        row.artist_id: (row.genre, *row.also) for row in rows if row.artist_id
    }
    return by_track, by_artist


def _verdict(track: Track, added_at: datetime, said: Said, prediction: Any) -> Verdict:
    log_probs = prediction.log_probs if prediction else {}
    why = prediction.why if prediction else {}
    if said:
        genre, *also = said
        return Verdict(track, added_at, genre, 1.0, True, True, log_probs, why, also=tuple(also))
    if (
        prediction is None or not prediction.why
    ):  # without evidence the model only repeats how common genres are
        return Verdict(track, added_at, "", 0.0, False, log_probs=log_probs)
    return Verdict(
        track,
        added_at,
        prediction.genre,
        prediction.confidence,
        prediction.is_sure,
        log_probs=log_probs,
        why=why,
        other=prediction.other,
    )
