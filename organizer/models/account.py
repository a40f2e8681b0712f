from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from organizer.models.fields import EncryptedTextField, Sealed

# A refresh token dies this long after the user's consent, however often it is used (Spotify, 2026-06-18).
CONSENT_LIFETIME = timedelta(days=182)
REFRESH_MARGIN = timedelta(seconds=90)
LINK_WARNINGS = (("day", 1), ("week", 7), ("month", 30))  # days ahead


class SpotifyAccountQuerySet(models.QuerySet["SpotifyAccount"]):
    def who_like(self, tracks: Iterable[int]) -> "SpotifyAccountQuerySet":
        """Everybody in whose library one of these tracks (ids) is."""
        return self.filter(pk__in=self.model.objects.filter(saves__track__in=list(tracks)).values("pk"))

    def mark_stale(self) -> None:
        """Something that the stored verdicts are made from has changed. To be called after the change is stored."""
        self.update(verdicts_stamp="")


class SpotifyAccount(models.Model):
    """A user's link to Spotify. Everything that came from Spotify hangs off this row and goes with it."""

    class Schedule(models.TextChoices):
        OFF = "off", _("Only when I say so")
        DAILY = "daily", _("Every day")
        WEEKLY = "weekly", _("Every week")

    class Removals(models.TextChoices):
        """What becomes of songs in our playlists that no longer belong there. Pinned songs always stay."""

        NEVER = "never", _("Leave them where they are")
        ASK = "ask", _("Show them; I tick what should go")
        MIRROR = "mirror", _("Tick them for me; I can untick what should stay")

    class Theme(models.TextChoices):
        AUTO = "", _("As the device is set")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="spotify")
    account_id = models.CharField(max_length=100, unique=True)  # me.account_id, or me.id where it is missing
    spotify_id = models.CharField(max_length=100)  # me.id: compared with playlists' owners, nothing else
    display_name = models.CharField(max_length=200, blank=True)
    access_token = EncryptedTextField(blank=True)
    refresh_token = EncryptedTextField(blank=True)
    token_expires_at = models.DateTimeField()
    granted_scopes = models.CharField(max_length=500)
    authorized_at = models.DateTimeField()
    needs_link = models.BooleanField(default=False)

    synced_at = models.DateTimeField(null=True, blank=True)
    liked_total = models.PositiveIntegerField(default=0)  # what Spotify said at the last complete sync
    unreadable_total = models.PositiveIntegerField(default=0)  # entries without a song (removed, episodes)
    full_walk_at = models.DateTimeField(null=True, blank=True)

    schedule = models.CharField(max_length=8, choices=Schedule.choices, default=Schedule.OFF)
    schedule_applies = models.BooleanField(default=False)  # write additions; otherwise only propose
    next_run_at = models.DateTimeField(null=True, blank=True)
    removals = models.CharField(max_length=8, choices=Removals.choices, default=Removals.ASK)
    merges_duplicates = models.BooleanField(default=True)  # one entry for a recording on several releases
    genres_per_song = models.PositiveSmallIntegerField(
        default=1
    )  # a song may go to the playlists of that many
    small_to_parent = models.BooleanField(
        default=True
    )  # too few songs of a sub-genre go to its family's playlist
    name_template = models.CharField(max_length=60, default="{genre}")  # of new playlists
    # Songs that go to no playlist: {"genres": [slug], "artists": [[Spotify id, name]], "words": [text]}
    exclusions = models.JSONField(default=dict, blank=True)
    language = models.CharField(max_length=8, blank=True)  # empty: the browser's
    browser_language = models.CharField(max_length=8, blank=True)  # of the last visit; jobs speak it
    theme = models.CharField(max_length=8, choices=Theme.choices, blank=True)
    time_zone = models.CharField(max_length=40, blank=True)  # empty: the browser's
    # What the stored verdicts were made by and when; an empty stamp: something has changed since.
    verdicts_stamp = models.CharField(max_length=60, blank=True)
    verdicts_at = models.DateTimeField(null=True, blank=True)
    visited_at = models.DateTimeField(null=True, blank=True)  # what happened up to then has been read
    teaches = models.BooleanField(default=True)  # their corrections may train this instance's models

    objects = SpotifyAccountQuerySet.as_manager()

    class Meta:
        permissions = [("disconnect_spotifyaccount", "Can disconnect accounts")]

    def __str__(self) -> str:
        return self.display_name or self.account_id

    @property
    def spoken_language(self) -> str:
        """What to write to them in while they are not there."""
        return self.language or self.browser_language or settings.LANGUAGE_CODE

    @property
    def link_dies_at(self) -> datetime:
        return self.authorized_at + CONSENT_LIFETIME

    @property
    def link_days_left(self) -> int:
        """Days on the calendar: 0 is today, and what is over counts as today until Spotify says so."""
        dies, today = timezone.localdate(self.link_dies_at), timezone.localdate()
        return max(0, (dies - today).days)

    @property
    def link_warning(self) -> str:
        """How near the end of the link is: month, week or day; empty while it is far away."""
        near = (name for name, days in LINK_WARNINGS if self.link_days_left <= days)
        return next(near, "")

    @property
    def is_sealed(self) -> bool:
        """The tokens are there, but the key that opens them is missing from TOKEN_KEYS."""
        return isinstance(self.refresh_token, Sealed)

    @property
    def token_is_fresh(self) -> bool:
        return bool(self.access_token) and self.token_expires_at - REFRESH_MARGIN > timezone.now()
