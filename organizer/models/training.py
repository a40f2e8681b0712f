from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q


class Dataset(models.Model):
    """A table of labelled tracks that an admin may train on."""

    name = models.CharField(max_length=100, unique=True)
    file = models.FileField(upload_to="datasets/", blank=True)
    server_path = models.CharField(max_length=500, blank=True)
    provenance = models.CharField(max_length=500, help_text="Where the table comes from.")
    licence = models.CharField(
        max_length=200, help_text="The licence it is under; “none stated” is an answer."
    )
    label_map = models.JSONField(
        default=dict, blank=True
    )  # {label in the file: genre of the taxonomy, or ""}
    rows = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict, blank=True)  # what the check of the file found
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "data set"

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        return Path(self.file.path if self.file else self.server_path)


class ModelVersion(models.Model):
    """A trained version that may classify. At most one is the champion."""

    name = models.CharField(max_length=100, unique=True)
    path = models.CharField(max_length=500)  # "shipped", or a folder below MEDIA_ROOT/models
    labels = models.JSONField(default=list)
    metrics = models.JSONField(default=dict)
    context = models.JSONField(default=dict)  # classify.context_of its meta; empty: moves no library
    is_champion = models.BooleanField(default=False)
    was_champion_at = models.DateTimeField(null=True, blank=True)  # for “go back”
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_champion"], condition=Q(is_champion=True), name="one_champion"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def directory(self) -> Path:
        return Path(settings.MEDIA_ROOT) / self.path


class TrainingRun(models.Model):
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="runs")
    job = models.OneToOneField(
        "organizer.Job", models.SET_NULL, null=True, blank=True, related_name="training_run"
    )
    version = models.OneToOneField(ModelVersion, models.SET_NULL, null=True, blank=True, related_name="run")
    seed = models.PositiveIntegerField(default=0)
    epochs = models.PositiveIntegerField(default=30)
    curve = models.JSONField(default=list)  # [{epoch, loss, accuracy, macro_f1}] as it trains
    metrics = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Training run #{self.pk} on {self.dataset}"
