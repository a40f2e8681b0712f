from django.db import models
from django.db.models import Q

from organizer.models.account import SpotifyAccount


class IdentificationQuerySet(models.QuerySet["Identification"]):
    def waiting(self) -> "IdentificationQuerySet":
        return self.filter(state=Identification.State.WAITING)


class Identification(models.Model):
    """A sound that a user wants to have named. The audio is kept only until it is heard; numbers stay."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"

    account = models.ForeignKey(SpotifyAccount, models.CASCADE, related_name="identifications")
    name = models.CharField(max_length=100)  # of the file, or what the recording is called
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    sound = models.BinaryField(null=True)  # the audio, until it is heard
    attempts = models.PositiveSmallIntegerField(default=0)  # a sound that kills its worker is given up
    error = models.CharField(max_length=300, blank=True)
    seconds = models.FloatField(default=0.0)  # how much of it was heard
    genres = models.JSONField(
        default=dict
    )  # {genre: probability if it belongs to one of them}, by sound alone
    is_sure = models.BooleanField(default=False)
    other = models.FloatField(default=0.0)  # chance that it belongs to none of these genres
    picture = models.JSONField(
        default=dict
    )  # words and axis of the spectrogram: classifier.spectrogram.Caption
    spectrogram = models.BinaryField(null=True)  # PNG
    nearest = models.JSONField(default=list)  # [[track id, cosine similarity]], the most alike first
    compared = models.PositiveIntegerField(default=0)  # songs of the library that it was compared with
    created_at = models.DateTimeField(auto_now_add=True)

    objects = IdentificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="waiting"), name="one_waiting_identification"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """The genres with their chances, the likeliest first; what is left of 1 is the chance of none of them."""
        chances = [(genre, p * (1 - self.other)) for genre, p in self.genres.items()]
        return sorted(chances, key=lambda pair: -pair[1])
