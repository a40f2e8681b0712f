from django.db import models
from django.db.models import Q

from organizer.models.account import SpotifyAccount


class Artist(models.Model):
    spotify_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=500)

    def __str__(self) -> str:
        return self.name


class TrackQuerySet(models.QuerySet["Track"]):
    def liked_by(self, account: SpotifyAccount) -> "TrackQuerySet":
        return self.filter(saves__account=account, saves__is_unliked=False)

    def movable(self) -> "TrackQuerySet":
        """Songs that the API can put into a playlist: local files cannot be added."""
        return self.filter(is_local=False)

    def orphaned(self) -> "TrackQuerySet":
        """Songs that nobody's library holds any more."""
        return self.filter(saves__isnull=True)


class Track(models.Model):
    """A song by its Spotify uri, shared by all users who like it."""

    uri = models.CharField(max_length=700, unique=True)
    name = models.CharField(max_length=500)
    artist_names = models.JSONField(default=list)  # in the order Spotify credits them
    primary_artist = models.ForeignKey(Artist, models.PROTECT, null=True, related_name="tracks")
    album_name = models.CharField(max_length=500, blank=True)
    album_image_url = models.URLField(max_length=500, blank=True)
    isrc = models.CharField(max_length=20, blank=True, db_index=True)
    duration_ms = models.PositiveIntegerField(default=0)
    is_explicit = models.BooleanField(default=False)
    is_local = models.BooleanField(default=False)
    is_playable = models.BooleanField(default=True)
    refreshed_at = models.DateTimeField(auto_now=True)

    objects = TrackQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["is_local", "is_playable"],
                condition=Q(is_local=True) | Q(is_playable=False),
                name="tracks_apart",
            )
        ]

    def __str__(self) -> str:
        return f"{self.artist_line} – {self.name}"

    @property
    def spotify_id(self) -> str:
        return "" if self.is_local else self.uri.rsplit(":", 1)[-1]

    @property
    def artist_line(self) -> str:
        return ", ".join(self.artist_names)

    @property
    def spotify_url(self) -> str:
        return f"https://open.spotify.com/track/{self.spotify_id}" if self.spotify_id else ""


class SavedTrack(models.Model):
    """One entry of a user's Liked Songs."""

    account = models.ForeignKey(SpotifyAccount, models.CASCADE, related_name="saves")
    track = models.ForeignKey(Track, models.CASCADE, related_name="saves")
    added_at = models.DateTimeField()
    is_unliked = models.BooleanField(default=False)
    # The walk that met it last, negative in its second look; a complete walk prunes the rest.
    seen_by_job = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "track"], name="one_save_per_track")]
        indexes = [models.Index(fields=["account", "is_unliked", "-added_at"])]


class AudioFeatures(models.Model):
    """Track features from one source. A row without values remembers that the source has none."""

    track = models.ForeignKey(Track, models.CASCADE, related_name="features")
    source = models.CharField(max_length=20)  # a feature provider's name, e.g. reccobeats, or sound
    values = models.JSONField(null=True)  # {feature name: value} in the units of classifier.labels.FEATURES
    checked_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "audio features"
        constraints = [models.UniqueConstraint(fields=["track", "source"], name="one_features_per_source")]


class AudioAnalysis(models.Model):
    """What listening to a preview gave. The audio itself is never kept, nor its short-lived address."""

    track = models.ForeignKey(Track, models.CASCADE, related_name="analyses")
    source = models.CharField(max_length=20, blank=True)  # deezer, itunes; empty: nobody has a preview
    source_id = models.CharField(max_length=50, blank=True)
    encoder = models.CharField(max_length=40)  # which networks made the embedding, e.g. sound-1
    embedding = models.BinaryField(null=True)  # float16, see classifier.sound.opinion
    error = models.CharField(max_length=300, blank=True)  # why there are no numbers, in one sentence
    checked_at = models.DateTimeField()
    retry_at = models.DateTimeField(null=True, blank=True)  # when to look again for what was missing

    class Meta:
        verbose_name_plural = "audio analyses"
        constraints = [models.UniqueConstraint(fields=["track", "encoder"], name="one_analysis_per_encoder")]
