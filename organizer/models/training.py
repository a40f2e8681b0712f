from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q


class Dataset(models.Model):
    """Labelled tracks that an admin may train on or judge by. Only what was checked and is ready is ever read."""

    class Kind(models.TextChoices):
        TABLE = "table", "Table of features"
        AUDIO = "audio", "Folders of sound"
        CORRECTIONS = "corrections", "What users corrected"

    class State(models.TextChoices):
        CHECKING = "checking", "being checked"
        READY = "ready"
        REFUSED = "refused"  # its files are gone, the report says why

    class Origin(models.TextChoices):
        """What the provenance rule decides by: whether any of it came from Spotify or from a look-up of its songs."""

        INDEPENDENT = "independent", "Nothing in it comes from Spotify, nor from a look-up of Spotify’s songs"
        SPOTIFY = "spotify", "Some of it comes from Spotify, or was looked up for Spotify’s songs"

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.TABLE)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READY)
    # An older data set has said nothing, and counts as if some of it came from Spotify.
    origin = models.CharField(max_length=12, choices=Origin.choices, default=Origin.SPOTIFY)
    is_test = models.BooleanField("only for judging", default=False)  # never trained on
    file = models.FileField(upload_to="datasets/", blank=True)
    server_path = models.CharField(max_length=500, blank=True)
    provenance = models.CharField(max_length=500, help_text="Where it comes from.")
    licence = models.CharField(
        max_length=200, help_text="The licence it is under; “none stated” is an answer."
    )
    # {label in the file: genre of the taxonomy, or ""}
    label_map = models.JSONField(default=dict, blank=True)
    rows = models.PositiveIntegerField(default=0)  # of a table, or clips
    sha256 = models.CharField(max_length=64, blank=True)  # of the file as it was given
    report = models.JSONField(default=dict, blank=True)  # what the check of the file found
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "data set"
        permissions = [("export_corrections", "Can export the users’ corrections")]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        return Path(self.file.path if self.file else self.server_path)

    @property
    def folder(self) -> Path:
        """Where what was made of it is kept: unpacked clips, their spectrograms and embeddings."""
        return Path(settings.MEDIA_ROOT) / "datasets" / str(self.pk)


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def champion(self, kind: "ModelVersion.Kind | None" = None) -> "ModelVersion | None":
        """The version in use, None before anything was classified (or, of sound, while the shipped one is in use)."""
        return self.filter(is_champion=True, kind=kind or ModelVersion.Kind.TABLES).first()


class ModelVersion(models.Model):
    """A trained version that may classify. Of each kind at most one is the champion: in use, because somebody said so."""

    class Kind(models.TextChoices):
        TABLES = "tables", "Features and artists"
        SOUND = "sound", "Sound, judged from stored embeddings"
        NET = "net", "Sound, for comparison only"  # its embeddings are not those that libraries have stored

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.TABLES)
    path = models.CharField(max_length=500)  # "shipped", or a folder below MEDIA_ROOT/models
    labels = models.JSONField(default=list)
    metrics = models.JSONField(default=dict)
    context = models.JSONField(default=dict)  # classify.context_of its meta; empty: moves no library
    notes = models.TextField(blank=True, max_length=2000)  # the admin's own
    is_champion = models.BooleanField(default=False)
    was_champion_at = models.DateTimeField(null=True, blank=True)  # for “go back”
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=Q(is_champion=True), name="one_champion_per_kind"
            )
        ]
        permissions = [("promote_modelversion", "Can promote model versions and roll back")]

    def __str__(self) -> str:
        return self.name

    @property
    def directory(self) -> Path:
        return Path(settings.MEDIA_ROOT) / self.path


class TrainingRun(models.Model):
    """One training: what was asked for, how it went, and the version that it made."""

    class Rule(models.TextChoices):
        """Which data sets may train: see organizer.training.provenance."""

        STRICT = "strict", "Strict: nothing that came from Spotify or a look-up of its songs"
        WIDE = "wide", "Wide: everything; I have read Spotify’s terms and answer for it"

    datasets = models.ManyToManyField(Dataset, related_name="runs")
    family = models.CharField(max_length=30, default="mlp")  # a name in classifier.model_names
    genres = models.JSONField(default=list, blank=True)  # tell only these apart; empty: all that occur
    split = models.CharField(max_length=12, default="artist")
    seed = models.PositiveIntegerField(default=0)
    # Further settings by name, only those that differ from the family's own: epochs, members, start, …
    options = models.JSONField(default=dict, blank=True)
    rule = models.CharField(max_length=8, choices=Rule.choices, default=Rule.STRICT)
    reason = models.CharField(max_length=500, blank=True)  # typed for the wide rule
    left_out = models.JSONField(
        default=list, blank=True
    )  # sentences: what the rule kept from training, and why
    fingerprint = models.CharField(max_length=64, blank=True)  # of data and settings: the same gives the same
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    job = models.OneToOneField(
        "organizer.Job", models.SET_NULL, null=True, blank=True, related_name="training_run"
    )
    version = models.OneToOneField(ModelVersion, models.SET_NULL, null=True, blank=True, related_name="run")
    curve = models.JSONField(default=list)  # [{stage, epoch, loss, accuracy, macro_f1}] as it trains
    metrics = models.JSONField(default=dict)
    corrections_used = models.PositiveIntegerField(default=0)  # of the users' words, how many it learned from
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        permissions = [("widen_trainingrun", "Can train beyond the strict provenance rule")]

    def __str__(self) -> str:
        return f"Training run #{self.pk}"


class Comparison(models.Model):
    """Versions of one kind judged on the same test rows. What it found never changes; another one is made instead."""

    versions = models.ManyToManyField(ModelVersion, related_name="comparisons")
    kind = models.CharField(max_length=8, choices=ModelVersion.Kind.choices)
    result = models.JSONField(default=dict)  # see organizer.training.comparing; empty while it is being made
    error = models.CharField(max_length=500, blank=True)  # why it could not be made, in one sentence
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"comparison of {self.created_at:%Y-%m-%d %H:%M}"


class Impact(models.Model):
    """What a version would do to this instance's libraries if it were promoted, compared with the version in use."""

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="impacts")
    against = models.ForeignKey(ModelVersion, models.SET_NULL, null=True, related_name="+")
    result = models.JSONField(default=dict)  # see organizer.training.impact; empty while it is being made
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "preview of a promotion"
        verbose_name_plural = "previews of promotions"

    def __str__(self) -> str:
        return f"preview of {self.created_at:%Y-%m-%d %H:%M}"


class Promotion(models.Model):
    """Who put which version into use, when and why: the alias “champion” over time."""

    kind = models.CharField(max_length=8, choices=ModelVersion.Kind.choices)
    # Empty: the one that comes with the program.
    version = models.ForeignKey(
        ModelVersion, models.SET_NULL, null=True, blank=True, related_name="promotions"
    )
    before = models.ForeignKey(ModelVersion, models.SET_NULL, null=True, blank=True, related_name="+")
    is_rollback = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)  # typed where the guard asked for one
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at"]
