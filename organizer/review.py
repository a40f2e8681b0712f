"""The queue of uncertain predictions, and the user's corrections."""

from django.db import transaction

from classifier.labels import FAMILIES
from organizer import verdicts
from organizer.models import Correction, Prediction, SpotifyAccount, Track
from organizer.verdicts import Verdict


class UnknownGenre(ValueError):
    pass


def queue(account: SpotifyAccount) -> list[Verdict]:
    """Classified songs of which the model is not sure and the user has not spoken, the least certain first."""
    songs = verdicts.of_library(account)
    unsure = [song for song in songs if song.log_probs and not song.is_sure and not song.is_own_word]
    return sorted(unsure, key=lambda song: (song.confidence, song.track.pk))


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
