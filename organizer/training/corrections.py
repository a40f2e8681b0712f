"""The users' corrections as a data set."""

from datetime import datetime

from organizer.models import Correction, Dataset

NAME = "Corrections by users"


def dataset() -> Dataset:
    """Its row, made when it is first wanted."""
    values = {
        "kind": Dataset.Kind.CORRECTIONS,
        "origin": Dataset.Origin.SPOTIFY,
        "provenance": "What users of this instance said of songs that they like.",
        "licence": "the users’ own words, for this instance alone",
    }
    return Dataset.objects.get_or_create(name=NAME, defaults=values)[0]


def count_new(since: datetime) -> int:
    """How many words were said or changed after `since` by users whose corrections may train."""
    return Correction.objects.filter(account__teaches=True, created_at__gt=since).count()
