from datetime import timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from organizer.models.account import SpotifyAccount


class JobQuerySet(models.QuerySet["Job"]):
    def active(self) -> "JobQuerySet":
        return self.filter(state__in=Job.ACTIVE)

    def due(self) -> "JobQuerySet":
        """Jobs that nobody works on although somebody should: woken waiters and those of killed workers."""
        now = timezone.now()
        unclaimed = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
        ready = Q(state__in=[Job.State.QUEUED, Job.State.RUNNING]) | Q(
            state=Job.State.WAITING, wait_until__lte=now
        )
        return self.filter(ready & unclaimed)

    def replaced(self) -> "JobQuerySet":
        """Classifications that the app itself put an end to, because yet another model came into use."""
        return self.filter(kind=Job.Kind.RECLASSIFY, state=Job.State.CANCELLED, is_cancel_asked=False)

    def unanswered(self) -> "JobQuerySet":
        """Failures need attention until a later job of their kind has taken their place."""
        later = Job.objects.filter(kind=OuterRef("kind"), created_at__gt=OuterRef("created_at"))
        # A kind either has an account or never has one: its jobs without one are all of a series.
        same = later.filter(Q(account=OuterRef("account")) | Q(account__isnull=True))
        return self.filter(~Exists(same), state=Job.State.FAILED)


class Job(models.Model):
    class Kind(models.TextChoices):
        ORGANIZE = "organize", _("Read and classify the library")
        PLAN = "plan", _("Make a plan")
        WRITE = "write", _("Write playlists")
        TRAIN = "train", _("Train a model")
        RECLASSIFY = "reclassify", _("Classify again with another model")
        MAP = "map", _("Draw the map of a library")
        CHECK = "check", _("Check a data set")
        COMPARE = "compare", _("Compare model versions")
        IMPACT = "impact", _("Preview what a model version would change")

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        WAITING = "waiting"  # for a closed gate; wakes at wait_until
        PAUSED = "paused"  # for the user to reconnect
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Wait(models.TextChoices):
        PACE = "pace"  # our own pacing below a service's limit
        RATE = "rate"  # the service asked us to wait a while
        QUOTA = "quota"  # the developer's quota is used up: hours, perhaps a day
        OUTAGE = "outage"  # the service or a part of this instance does not answer

    ACTIVE = (State.QUEUED, State.RUNNING, State.WAITING, State.PAUSED)

    account = models.ForeignKey(SpotifyAccount, models.CASCADE, null=True, blank=True, related_name="jobs")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    phase = models.CharField(max_length=12)
    # What was asked for beyond the kind: {"then": "plan"|"apply"} after a scheduled reading, {"undo": plan id} or
    # {"restore": version id} for a plan.
    wish = models.JSONField(default=dict, blank=True)
    cost = models.PositiveIntegerField(null=True, blank=True)  # Spotify calls it was expected to take
    done = models.PositiveIntegerField(default=0)  # within the phase, in songs (epochs when training)
    total = models.PositiveIntegerField(default=0)
    cursor = models.JSONField(default=dict)  # where the phase goes on after a kill
    counts = models.JSONField(default=dict)  # what came out, for the summary
    is_cancel_asked = models.BooleanField(default=False)
    wait_reason = models.CharField(max_length=300, blank=True)
    wait_kind = models.CharField(max_length=8, choices=Wait.choices, blank=True)
    wait_until = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    failures = models.PositiveIntegerField(default=0)  # transient ones in a row
    lease_token = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    phase_started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        permissions = [("operate_job", "Can cancel jobs and have them go on")]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind"],
                condition=Q(state__in=["queued", "running", "waiting", "paused"]),
                name="one_active_job_per_account_and_kind",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(account__isnull=True, state__in=["queued", "running", "waiting", "paused"]),
                name="one_active_job_per_kind_without_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"

    @property
    def is_active(self) -> bool:
        return self.state in self.ACTIVE

    @property
    def is_replaced(self) -> bool:
        """As `JobQuerySet.replaced` has it: nobody asked it to stop."""
        is_over = self.kind == self.Kind.RECLASSIFY and self.state == self.State.CANCELLED
        return is_over and not self.is_cancel_asked

    @property
    def is_held_up(self) -> bool:
        """By others: our own pacing takes seconds and belongs to the work."""
        return self.state == self.State.WAITING and self.wait_kind != self.Wait.PACE

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.done / self.total)) if self.total else 0

    @property
    def eta(self) -> timedelta | None:
        """Time left in this phase at the pace so far; None while there is nothing to judge by."""
        if self.state != self.State.RUNNING or not 0 < self.done < self.total:
            return None
        elapsed = timezone.now() - self.phase_started_at
        return elapsed * ((self.total - self.done) / self.done)
