from typing import Any

import numpy as np
from django.db import models
from django.db.models import Q

from organizer.models.account import SpotifyAccount
from organizer.models.track import Track


class StoredVerdict(models.Model):
    """One movable liked song as its owner's pages show it: what `organizer.verdicts` believes, kept to be counted,
    searched, sorted and paged by the database. `organizer.stored_verdicts` keeps it true.
    """

    class Part(models.TextChoices):
        """Every song is in exactly one."""

        SURE = "sure"
        REVIEW = "review"
        OWN = "own"  # the user's own word
        NONE = "none"  # nothing is known of it

    account = models.ForeignKey(SpotifyAccount, models.CASCADE, related_name="verdicts")
    track = models.ForeignKey(Track, models.CASCADE, related_name="verdicts")
    added_at = models.DateTimeField()
    part = models.CharField(max_length=8, choices=Part.choices)
    genre = models.CharField(max_length=40, blank=True)  # empty: nothing is known
    also = models.JSONField(default=list)  # further genres, by the user's own word
    confidence = models.FloatField()  # probability of `genre`, 0..1; 1 for an own word
    other = models.FloatField(default=0.0)  # chance that it belongs to none of the model's genres, 0..1
    top = models.JSONField(default=list)  # [[genre, probability]], the model's three likeliest
    why = models.JSONField(default=dict)  # {evidence: {genre: probability}}
    chances = models.BinaryField(
        default=b""
    )  # float32 [K], probabilities in the order of the version's labels
    # About how many songs a word on this one would settle: the queue's order.
    teaches = models.FloatField(default=0.0)
    # Case-folded, to search and to sort by.
    title = models.CharField(max_length=200)
    artist = models.CharField(max_length=200)
    words = models.TextField()  # title, artists and album
    # The track, liked before, of whose recording this is another release; null: it stands for itself.
    same_as = models.BigIntegerField(null=True)
    # Its place on the map of the library by sound, 0..1; null: it is not on the map (yet).
    x = models.FloatField(null=True)
    y = models.FloatField(null=True)
    digest = models.CharField(
        max_length=40
    )  # of all the above but these three: unchanged songs are not written again

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "track"], name="one_verdict_per_song")]
        indexes = [
            models.Index(fields=["account", "-added_at"]),
            models.Index(fields=["account", "part", "-teaches"]),
            models.Index(
                fields=["account", "genre", "-confidence", "track", "part"], name="verdicts_by_genre"
            ),
            models.Index(fields=["account", "title"]),
            models.Index(fields=["account", "artist"]),
            models.Index(
                fields=["account", "same_as"],
                condition=Q(same_as__isnull=False),
                name="verdicts_of_one_recording",
            ),
            models.Index(
                fields=["account", "-teaches", "track"],
                condition=Q(part__in=["review", "none"]),
                name="verdicts_to_review",
            ),
        ]

    @property
    def is_sure(self) -> bool:
        return self.part in (self.Part.SURE, self.Part.OWN)

    @property
    def is_own_word(self) -> bool:
        return self.part == self.Part.OWN

    @property
    def may_be_none(self) -> bool:
        return not self.is_own_word and self.other >= 0.5

    @property
    def probabilities(self) -> Any:
        """float32 [K], in the order of the version's labels; empty where nothing predicted."""
        return np.frombuffer(self.chances, np.float32)
