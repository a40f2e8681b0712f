from django.db import models


class ServiceGate(models.Model):
    """What the gate must not forget when Redis does: a service's pause and its failures in a row.

    Without Redis it paces the calls, too.
    """

    service = models.CharField(max_length=20, unique=True)
    blocked_until = models.DateTimeField(null=True, blank=True)
    kind = models.CharField(max_length=8, blank=True)  # rate, quota, outage
    reason = models.CharField(max_length=300, blank=True)
    failures = models.PositiveIntegerField(default=0)  # outages in a row
    limit = models.PositiveIntegerField(null=True, blank=True)  # calls in its window, learnt from a refusal
    limit_until = models.DateTimeField(null=True, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)  # when a user last had it tried before its time
    calls = models.JSONField(default=list)  # seconds since 1970 of the calls in the window, without Redis

    class Meta:
        verbose_name = "gate"
        verbose_name_plural = "gates and quota"

    def __str__(self) -> str:
        return self.service
