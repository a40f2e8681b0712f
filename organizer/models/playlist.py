from django.db import models
from django.db.models import Q

from organizer.models.account import SpotifyAccount
from organizer.models.job import Job
from organizer.models.track import Track


class GenrePlaylist(models.Model):
    """A rule, and the playlist on Spotify that this program made for it. Known by id, never by name."""

    account = models.ForeignKey(SpotifyAccount, models.CASCADE, related_name="playlists")
    name = models.CharField(max_length=100)
    genres = models.JSONField()  # the genres merged into it
    min_confidence = models.FloatField(default=0.5)
    min_size = models.PositiveIntegerField(default=1)  # a new playlist with fewer songs is not made
    is_rest = models.BooleanField(default=False)  # takes every song that no other rule of the user takes
    is_active = models.BooleanField(default=True)

    spotify_id = models.CharField(max_length=64, blank=True)  # stored before anything is added to it
    # The mark in its description by which we know it as ours. With a mark but without an id, a create's answer is
    # outstanding.
    ref = models.CharField(max_length=20, blank=True)
    # Its id comes from a backup: nothing is written to it until the mark was found on Spotify.
    is_claimed = models.BooleanField(default=False)
    read_at = models.DateTimeField(null=True, blank=True)  # when its contents were last read whole
    written_uris = models.JSONField(
        default=list
    )  # the base of the merge: contents as we last wrote or saw them
    isrcs = models.JSONField(default=dict, blank=True)  # {uri: ISRC} of songs in it that nobody likes
    snapshot_id = models.CharField(max_length=200, blank=True)
    tombstones = models.JSONField(default=list)  # uris that the user took out: they stay out
    pins = models.JSONField(default=list)  # uris that the user put in: they stay in

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"], condition=Q(is_active=True), name="one_active_playlist_per_name"
            ),
            models.UniqueConstraint(
                fields=["account", "spotify_id"],
                condition=~Q(spotify_id=""),
                name="one_rule_per_spotify_playlist",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def spotify_url(self) -> str:
        return f"https://open.spotify.com/playlist/{self.spotify_id}" if self.spotify_id else ""


class Plan(models.Model):
    """An immutable proposal; only the user's ticks on it change, until it is applied."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPLYING = "applying"
        APPLIED = "applied"
        DISCARDED = "discarded"
        OUTDATED = "outdated"  # Spotify or the library changed: a new plan replaces it

    class Kind(models.TextChoices):
        ORGANIZE = "organize"
        UNDO = "undo"  # of `target`, a plan that was applied
        RESTORE = "restore"  # of `version`

    account = models.ForeignKey(SpotifyAccount, models.CASCADE, related_name="plans")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.ORGANIZE)
    target = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="undone_by")
    version = models.ForeignKey(
        "PlaylistVersion", models.SET_NULL, null=True, blank=True, related_name="restored_by"
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.PROPOSED)
    entries = models.JSONField(default=list)  # one dict a playlist: see organizer.plans._entry
    calls = models.PositiveIntegerField(default=0)  # what applying it costs, in Spotify calls
    notes = models.JSONField(default=list)  # sentences for the user, such as edits found while writing
    created_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    job = models.OneToOneField(Job, models.SET_NULL, null=True, blank=True, related_name="plan")

    class Meta:
        ordering = ["-created_at"]


class PlanItem(models.Model):
    class Kind(models.TextChoices):
        ADD = "add"
        REMOVE = "remove"
        KEPT_OUT = "kept_out"  # the user removed it by hand
        KEPT_IN = "kept_in"  # the user added it by hand
        DUPLICATE = "duplicate"  # another release of the recording stands for it

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="items")
    playlist = models.ForeignKey(GenrePlaylist, models.CASCADE, related_name="plan_items")
    track = models.ForeignKey(
        Track, models.CASCADE, null=True, blank=True
    )  # null: a hand-added song we don't know
    uri = models.CharField(max_length=700)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    position = models.PositiveIntegerField()
    move = models.CharField(max_length=100, blank=True)  # the playlist it moves from or to, in the same plan
    reason = models.CharField(max_length=300)
    is_accepted = models.BooleanField()

    class Meta:
        ordering = ["playlist_id", "kind", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "playlist", "uri", "kind"], name="one_item_per_plan_and_song"
            )
        ]


class PlaylistVersion(models.Model):
    """Before and after of one playlist: in one write of ours, or by hand edits that we found on Spotify.

    A playlist's versions form a chain: each begins with what the one before left. Hand edits found in the middle of
    a write divide it in two.
    """

    class By(models.TextChoices):
        US = "us"
        USER = "user"

    by = models.CharField(max_length=4, choices=By.choices, default=By.US)
    playlist = models.ForeignKey(GenrePlaylist, models.CASCADE, related_name="versions")
    plan = models.ForeignKey(Plan, models.SET_NULL, null=True, related_name="versions")
    uris_before = models.JSONField()
    uris_after = models.JSONField(null=True)  # null while the write is under way
    was_created = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["playlist"],
                condition=Q(uris_after__isnull=True),
                name="one_write_at_a_time_per_playlist",
            )
        ]
