"""The queue of uncertain predictions, and the user's own words: said, said of many songs, undone, taken back."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from classifier.labels import FAMILIES, SUB_GENRES
from organizer import stored_verdicts
from organizer.models import Correction, SpotifyAccount, StoredVerdict, Track
from organizer.stored_verdicts import Change

MOST_GENRES = 4  # of one song
OPEN_PARTS = (StoredVerdict.Part.REVIEW, StoredVerdict.Part.NONE)


class UnknownGenre(ValueError):
    pass


@dataclass(frozen=True)
class Word:
    """What is or was said of a song or of an artist (ids; one of the two). Without a genre: nothing."""

    track: int | None = None
    artist: int | None = None
    genre: str = ""
    also: tuple[str, ...] = ()
    at: datetime | None = None  # None: now


@dataclass(frozen=True)
class Step:
    """One thing the user did, and what brings back how it was."""

    before: tuple[Word, ...]
    change: Change
    is_new: bool  # False: exactly this had been said already


def queue(account: SpotifyAccount, *, later: Sequence[int] = ()) -> QuerySet[StoredVerdict]:
    """Songs of which the model is not sure and the user has not spoken: first those whose word teaches most.

    Last come those of which nothing was found out, and at the very end those put off until `later` (ids of tracks).
    """
    unsure = stored_verdicts.of(account).filter(part__in=OPEN_PARTS).exclude(chances=b"")
    if not later:
        return unsure.order_by("-teaches", "track_id")
    places = [When(track_id=track, then=Value(place)) for place, track in enumerate(later, 1)]
    put_off = Case(*places, default=Value(0), output_field=IntegerField())
    return unsure.order_by(put_off, "-teaches", "track_id")


def unheard(account: SpotifyAccount) -> int:
    """How many songs of the queue are there because nothing was found out about them."""
    return queue(account).filter(part=StoredVerdict.Part.NONE).count()


def songs_by(account: SpotifyAccount, artists: Collection[int | None]) -> dict[int, int]:
    """How many of the liked songs a word on each of these artists (ids) would be about."""
    liked = Track.objects.liked_by(account).movable().filter(primary_artist__in=artists)
    return dict(liked.values_list("primary_artist").annotate(songs=Count("pk")).order_by())


def correct(
    account: SpotifyAccount, track: Track, genre: str, *, also: Sequence[str] = (), whole_artist: bool = False
) -> tuple[Correction, Change]:
    """The user's word on a track, or on everything by its first artist. The last word wins; twice is once."""
    step = say(account, [track], genre, also=also, whole_artist=whole_artist)
    words = Correction.objects.filter(account=account)
    about = Q(artist=track.primary_artist_id) if whole_artist and track.primary_artist_id else Q(track=track)
    return words.get(about), step.change


@transaction.atomic
def say(
    account: SpotifyAccount,
    tracks: Sequence[Track],
    genre: str,
    *,
    also: Sequence[str] = (),
    whole_artist: bool = False,
) -> Step:
    """The same word on several tracks, or on everything by their first artists. Safe to run twice.

    A word on a single song outranks one on its artist, so words on other songs by the artist stay.
    """
    said = _checked(genre, also)
    stored_verdicts.lock(account)
    words = [word for track in tracks for word in _words(track, said, whole_artist=whole_artist)]
    return _put(account, words, shown={track.pk for track in tracks})


@transaction.atomic
def undo(account: SpotifyAccount, before: Iterable[Word]) -> Step:
    """Say again what had been said before a step, and nothing where nothing had been. Safe to run twice."""
    stored_verdicts.lock(account)
    liked = set(Track.objects.liked_by(account).values_list("pk", flat=True).filter(pk__in=_tracks(before)))
    words = [word for word in before if word.track is None or word.track in liked]
    return _put(account, words, shown=liked)


@transaction.atomic
def take_back(account: SpotifyAccount, track: Track) -> int:
    """Forget the user's word on a track (and on its artist, if that is what decided); how many words went."""
    stored_verdicts.lock(account)
    words = Correction.objects.filter(account=account)
    row = words.filter(track=track).first()
    if row is None and track.primary_artist_id:
        row = words.filter(artist=track.primary_artist_id).first()
    if row is None:
        return 0
    _put(account, [Word(track=row.track_id, artist=row.artist_id)], shown={track.pk})
    return 1


def _checked(genre: str, also: Sequence[str]) -> Word:
    for said in (genre, *also):
        if said not in FAMILIES and said not in SUB_GENRES:
            raise UnknownGenre(_("“%(genre)s” is not a genre that Cratewise knows.") % {"genre": said})
    further = [said for said in dict.fromkeys(also) if said != genre]
    return Word(genre=genre, also=tuple(further[: MOST_GENRES - 1]))


def _words(track: Track, said: Word, *, whole_artist: bool) -> list[Word]:
    if whole_artist and track.primary_artist_id:  # a word on this one song would outrank it
        return [Word(track=track.pk), replace(said, artist=track.primary_artist_id)]
    return [replace(said, track=track.pk)]


def _put(account: SpotifyAccount, words: Sequence[Word], *, shown: Collection[int]) -> Step:
    """Make these words the ones on their songs and artists. `shown`: songs that are no gain of it."""
    artists = [word.artist for word in words if word.artist]
    about = Q(track__in=_tracks(words)) | Q(artist__in=artists)
    rows = Correction.objects.filter(about, account=account)
    known = {(row.track_id, row.artist_id): row for row in rows}
    before = tuple(_word(known.get((word.track, word.artist)), word) for word in words)
    rows.delete()
    for word in {(word.track, word.artist): word for word in words if word.genre}.values():
        _write(account, word)
    spoken = set(_tracks(words))
    if artists:
        liked = Track.objects.liked_by(account).filter(primary_artist__in=artists)
        spoken |= set(liked.values_list("pk", flat=True))
    change = stored_verdicts.refresh_around(account, spoken, shown=shown)
    is_new = any(replace(old, at=word.at) != word for old, word in zip(before, words, strict=True))
    return Step(before, change, is_new)


def _write(account: SpotifyAccount, word: Word) -> None:
    row = Correction(account=account, track_id=word.track, artist_id=word.artist, genre=word.genre)
    row.also = list(word.also)
    row.save()
    if word.at:  # saving has set it to now
        Correction.objects.filter(pk=row.pk).update(created_at=word.at)


def _word(row: Correction | None, about: Word) -> Word:
    if row is None:
        return Word(track=about.track, artist=about.artist)
    return Word(row.track_id, row.artist_id, row.genre, tuple(row.also), row.created_at)


def _tracks(words: Iterable[Word]) -> list[int]:
    return [word.track for word in words if word.track]
