from django.db import models
from django.db.models import Q

from organizer.models.account import SpotifyAccount
from organizer.models.track import Artist, Track
from organizer.models.training import ModelVersion


class Prediction(models.Model):
    """What one model version says of one track."""

    track = models.ForeignKey(Track, models.CASCADE, related_name="predictions")
    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="predictions")
    log_probs = models.JSONField()  # {genre: log-probability} over the version's genres
    genre = models.CharField(max_length=40)  # the likeliest
    confidence = models.FloatField()  # its calibrated probability, 0..1
    other = models.FloatField(default=0.0)  # chance that it belongs to none of the version's genres, 0..1
    is_sure = models.BooleanField()  # confidence * (1 - other) reaches the version's threshold
    evidence = models.JSONField(default=list)  # which experts spoke: features, artist
    why = models.JSONField(default=dict)  # {evidence: {genre: probability}}, the top three of each
    inputs_hash = models.CharField(
        max_length=40
    )  # of the evidence it was made from; new evidence → new prediction
    created_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["track", "version"], name="one_prediction_per_version")
        ]
        indexes = [models.Index(fields=["version", "genre"]), models.Index(fields=["version", "confidence"])]


class Correction(models.Model):
    """The user's own word on a track, or on everything by an artist. It outranks every model at once."""

    account = models.ForeignKey(SpotifyAccount, models.CASCADE, related_name="corrections")
    track = models.ForeignKey(Track, models.CASCADE, null=True, blank=True)
    artist = models.ForeignKey(Artist, models.CASCADE, null=True, blank=True)
    genre = models.CharField(max_length=40)  # a family or a sub-genre
    also = models.JSONField(default=list, blank=True)  # further genres, where the user said several
    created_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "track"], condition=Q(track__isnull=False), name="one_correction_per_track"
            ),
            models.UniqueConstraint(
                fields=["account", "artist"],
                condition=Q(artist__isnull=False),
                name="one_correction_per_artist",
            ),
            models.CheckConstraint(
                condition=Q(track__isnull=True) ^ Q(artist__isnull=True),
                name="correction_is_for_track_or_artist",
            ),
        ]
