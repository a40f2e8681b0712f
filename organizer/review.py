"""The queue of uncertain predictions, and the user's corrections."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from classifier.labels import FAMILIES, SUB_GENRES
from organizer import stored_verdicts
from organizer.models import Correction, SpotifyAccount, StoredVerdict, Track
from organizer.stored_verdicts import Change


class UnknownGenre(ValueError):
    pass


def queue(account: SpotifyAccount) -> QuerySet[StoredVerdict]:
    """Songs of which the model is not sure and the user has not spoken: first those whose word teaches most.

    Last come those of which nothing was found out.
    """
    open_parts = [StoredVerdict.Part.REVIEW, StoredVerdict.Part.NONE]
    unsure = stored_verdicts.of(account).filter(part__in=open_parts).exclude(chances=b"")
    return unsure.order_by("-teaches", "track_id")


@transaction.atomic
def correct(
    account: SpotifyAccount, track: Track, genre: str, *, also: Sequence[str] = (), whole_artist: bool = False
) -> tuple[Correction, Change]:
    """The user's word on a track, or on everything by its first artist. The last word wins; twice is once.

    A word on a single song outranks one on its artist, so words on other songs by the artist stay.
    """
    for said in (genre, *also):
        if said not in FAMILIES and said not in SUB_GENRES:
            raise UnknownGenre(f"“{said}” is not a genre that Cratewise knows.")
    words = Correction.objects.filter(account=account)
    about: dict[str, Any] = {"account": account, "track": track}
    if whole_artist and track.primary_artist:
        words.filter(track=track).delete()
        about = {"account": account, "artist": track.primary_artist}
    values = {"genre": genre, "also": [said for said in dict.fromkeys(also) if said != genre]}
    row, _ = words.update_or_create(**about, defaults=values)
    return row, stored_verdicts.refresh_around(account, _spoken_of(account, row))


@transaction.atomic
def take_back(account: SpotifyAccount, track: Track) -> int:
    """Forget the user's word on a track (and on its artist, if that is what decided); how many words went."""
    words = Correction.objects.filter(account=account)
    row = words.filter(track=track).first()
    if row is None and track.primary_artist_id:
        row = words.filter(artist=track.primary_artist_id).first()
    if row is None:
        return 0
    spoken = _spoken_of(account, row)
    row.delete()
    stored_verdicts.refresh_around(account, spoken)
    return 1


def _spoken_of(account: SpotifyAccount, word: Correction) -> set[int]:
    """Ids of the liked songs that it is about."""
    if word.track_id:
        return {word.track_id}
    liked = Track.objects.liked_by(account).filter(primary_artist=word.artist_id)
    return set(liked.values_list("pk", flat=True))
