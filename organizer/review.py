"""The queue of uncertain predictions, and the user's corrections."""

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from classifier.labels import FAMILIES
from organizer.models import Correction, ModelVersion, Prediction, SpotifyAccount, Track


class UnknownGenre(ValueError):
    pass


def queue(account: SpotifyAccount) -> QuerySet[Prediction]:
    """Predictions on which the model is not sure and the user has not spoken, the least certain first."""
    version = ModelVersion.objects.filter(is_champion=True).first()
    own_words = Correction.objects.filter(account=account)
    return (
        Prediction.objects.filter(version=version, is_sure=False)
        .filter(track__saves__account=account, track__saves__is_unliked=False)
        .exclude(Exists(own_words.filter(track=OuterRef("track"))))
        .exclude(Exists(own_words.filter(artist__isnull=False, artist=OuterRef("track__primary_artist"))))
        .select_related("track", "track__primary_artist")
        .order_by("confidence", "pk")
    )


def has_predictions(account: SpotifyAccount) -> bool:
    return Prediction.objects.filter(track__saves__account=account, track__saves__is_unliked=False).exists()


def correct(account: SpotifyAccount, track: Track, genre: str, *, whole_artist: bool = False) -> Correction:
    """The user's word on a track, or on everything by its first artist. The last word wins; twice is once.

    A word on a single song outranks one on its artist, so words on other songs by the artist stay.
    """
    if genre not in FAMILIES:
        raise UnknownGenre(f"“{genre}” is not a genre that Cratewise knows.")
    words = Correction.objects.filter(account=account)
    if whole_artist and track.primary_artist:
        with transaction.atomic():
            words.filter(track=track).delete()
            row, _ = words.update_or_create(
                account=account, artist=track.primary_artist, defaults={"genre": genre}
            )
        return row
    row, _ = words.update_or_create(account=account, track=track, defaults={"genre": genre})
    return row


def take_back(account: SpotifyAccount, track: Track) -> int:
    """Forget the user's word on a track (and on its artist, if that is what decided); how many words went."""
    gone, _ = Correction.objects.filter(account=account, track=track).delete()
    if not gone and track.primary_artist_id:
        gone, _ = Correction.objects.filter(account=account, artist=track.primary_artist_id).delete()
    return gone
