"""Verdicts as rows, so that a page of a large library costs a few queries: made anew when something has changed."""

import hashlib
import json
import math
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from organizer import classify, rejudging, releases, verdicts
from organizer.models import Job, ModelVersion, SpotifyAccount, StoredVerdict, Track
from organizer.verdicts import Verdict

Part = StoredVerdict.Part
OPEN = (Part.REVIEW, Part.NONE)
REST = timedelta(seconds=20)
WRITE = 1000  # rows a statement
KEPT = ("added_at", "part", "genre", "also", "confidence", "other", "top", "why", "chances", "teaches")
TEXTS = ("title", "artist", "words")


@dataclass(frozen=True)
class Change:
    """What one word did besides the songs it was said of."""

    moved: int = 0  # other songs that have another genre now
    settled: int = 0  # other songs that need no review any more
    touched: frozenset[int] = frozenset()  # ids of all tracks that were looked at anew


def of(account: SpotifyAccount) -> QuerySet[StoredVerdict]:
    """The library's songs, as they stand now. One query when nothing has changed."""
    return with_labels(account)[0]


def with_labels(account: SpotifyAccount) -> tuple[QuerySet[StoredVerdict], list[str]]:
    """The same, and the genres that the numbers in `chances` are of."""
    version = rejudging.version_of(account)
    if account.verdicts_stamp != _stamp(version) and not _may_wait(account):
        refresh(account)
    return StoredVerdict.objects.filter(account=account), list(version.labels) if version else []


def _may_wait(account: SpotifyAccount) -> bool:
    """While a job classifies, every look would find something new: then a look every few seconds is enough.

    While another version judges all songs again, what the former one said stands until the last of them is judged.
    """
    if not account.verdicts_at:
        return False
    kinds = {Job.Kind.RECLASSIFY}
    if timezone.now() - account.verdicts_at <= REST:
        kinds.add(Job.Kind.ORGANIZE)
    return account.jobs.active().filter(kind__in=kinds).exists()


def refresh(account: SpotifyAccount) -> None:
    """Make all of them anew, and write those that are not as they were. Safe to run twice and at once."""
    with transaction.atomic():
        row = lock(account)
        version = rejudging.version_of(row)
        stamp = _stamp(version)
        if row.verdicts_stamp != stamp:
            songs = verdicts.of_library(row)
            _write(row, songs, version)
            _drop_others(row, songs)
            releases.mark(row, songs)
            row.verdicts_stamp, row.verdicts_at = stamp, timezone.now()
            row.save(update_fields=["verdicts_stamp", "verdicts_at"])
    account.verdicts_stamp, account.verdicts_at = row.verdicts_stamp, row.verdicts_at


def refresh_around(
    account: SpotifyAccount, spoken: Collection[int], *, shown: Collection[int] | None = None
) -> Change:
    """After a word on the songs `spoken` (ids of tracks): renew them and all songs that hear their artists.

    Inside the transaction that stores the word. Does nothing before they were first made. `shown`: those of `spoken`
    that the user looked at, which therefore are no gain; all of them unless told otherwise.
    """
    row = lock(account)
    version = rejudging.version_of(row)
    if row.verdicts_at is None:
        return Change()
    heard, context = _neighbours(row, spoken)
    before = StoredVerdict.objects.filter(account=row, track__in=heard).values_list("track", "genre", "part")
    was = {track: (genre, part) for track, genre, part in before}
    songs = [song for song in verdicts.of_library(row, only=context) if song.track.pk in heard]
    _write(row, songs, version)
    seen = set(spoken if shown is None else shown)
    others = [song for song in songs if song.track.pk not in seen and song.track.pk in was]
    return Change(
        moved=sum(song.genre != was[song.track.pk][0] for song in others),
        settled=sum(part_of(song) not in OPEN and was[song.track.pk][1] in OPEN for song in others),
        touched=frozenset(heard),
    )


def part_of(song: Verdict) -> StoredVerdict.Part:
    if song.is_own_word:
        return Part.OWN
    if not song.genre:
        return Part.NONE
    return Part.SURE if song.is_sure else Part.REVIEW


def lock(account: SpotifyAccount) -> SpotifyAccount:
    """One at a time per account; rows that only point to it can be written meanwhile."""
    return SpotifyAccount.objects.select_for_update(no_key=True).get(pk=account.pk)


def _stamp(version: ModelVersion | None) -> str:
    """What verdicts depend on besides the library: the version, and what it makes of a library."""
    if version is None:
        return "none"
    constants = classify.library_context(version)
    return f"{version.pk}-{hashlib.sha1(repr(constants).encode()).hexdigest()[:16]}"


def _neighbours(account: SpotifyAccount, spoken: Collection[int]) -> tuple[set[int], set[int]]:
    """Ids of the songs that share an artist with `spoken`, and of those whose artists these hear in turn."""
    credits, by_artist = _credits(account.pk, account.verdicts_at)

    def near(tracks: Collection[int]) -> set[int]:
        names = {name for track in tracks for name in credits.get(track, ())}
        return set(tracks).union(*(by_artist[name] for name in names))

    heard = near(spoken)
    return heard, near(heard)


@lru_cache(maxsize=4)
def _credits(account: int, _: datetime | None) -> tuple[dict[int, tuple[str, ...]], dict[str, list[int]]]:
    """Who made what, both ways round. Kept, as reading it takes longer than all the rest that a word sets off.

    A library that changes has all its verdicts made anew, at another moment.
    """
    liked = Track.objects.filter(saves__account=account, saves__is_unliked=False).movable()
    rows = liked.values_list("pk", "artist_names").iterator()
    credits = {track: tuple(map(sys.intern, names)) for track, names in rows}
    by_artist: dict[str, list[int]] = {}
    for track, names in credits.items():
        for name in names:
            by_artist.setdefault(name, []).append(track)
    return credits, by_artist


def _write(account: SpotifyAccount, songs: Sequence[Verdict], version: ModelVersion | None) -> None:
    tracks = [song.track.pk for song in songs]
    known = StoredVerdict.objects.filter(account=account)
    if len(tracks) <= WRITE:
        known = known.filter(track__in=tracks)
    digests = dict(known.values_list("track", "digest"))
    rows = [
        row
        for row in _rows(account, songs, list(version.labels) if version else [])
        if digests.get(row.track_id) != row.digest
    ]
    StoredVerdict.objects.bulk_create(
        rows,
        batch_size=WRITE,
        update_conflicts=True,
        unique_fields=["account", "track"],
        update_fields=[*KEPT, *TEXTS, "digest"],
    )


def _drop_others(account: SpotifyAccount, songs: Sequence[Verdict]) -> None:
    there = set(StoredVerdict.objects.filter(account=account).values_list("track", flat=True))
    gone = list(there - {song.track.pk for song in songs})
    for start in range(0, len(gone), WRITE):
        StoredVerdict.objects.filter(account=account, track__in=gone[start : start + WRITE]).delete()


def _rows(
    account: SpotifyAccount, songs: Sequence[Verdict], labels: Sequence[str]
) -> Iterator[StoredVerdict]:
    unsure = Counter(song.track.primary_artist_id for song in songs if part_of(song) == Part.REVIEW)
    for song in songs:
        alike = unsure[song.track.primary_artist_id] if song.track.primary_artist_id else 1
        yield _row(account, song, labels, alike)


def _row(account: SpotifyAccount, song: Verdict, labels: Sequence[str], alike: int) -> StoredVerdict:
    track = song.track
    chances = np.exp([song.log_probs[label] for label in labels]) if song.log_probs else np.empty(0)
    row = StoredVerdict(
        account=account,
        track=track,
        added_at=song.added_at,
        part=part_of(song),
        genre=song.genre,
        also=list(song.also),
        confidence=song.confidence,
        other=song.other,
        top=[[genre, round(chance, 4)] for genre, chance in song.top],
        why={name: {g: round(p, 4) for g, p in found.items()} for name, found in song.why.items()},
        chances=chances.astype(np.float32).tobytes(),
        teaches=_teaches(song, alike),
        title=track.name.casefold()[:200],
        artist=track.artist_line.casefold()[:200],
        words=" ".join((track.name, track.artist_line, track.album_name)).casefold(),
    )
    row.digest = _digest(row)
    return row


def _teaches(song: Verdict, alike: int) -> float:
    """Uncertainty times how many unsure songs the artist has: a word moves them all.

    The uncertainty is one minus the margin between the two likeliest genres (margin sampling: Scheffer et al. 2001).
    """
    if part_of(song) != Part.REVIEW:
        return 0.0
    chances = [chance for _, chance in song.top] + [0.0, 0.0]
    return (1 - chances[0] + chances[1]) * (1 + math.log2(max(1, alike)))


def _digest(row: StoredVerdict) -> str:
    values = [getattr(row, name) for name in (*KEPT, *TEXTS)]
    text = json.dumps([value.hex() if isinstance(value, bytes) else str(value) for value in values])
    return hashlib.sha1(text.encode()).hexdigest()
