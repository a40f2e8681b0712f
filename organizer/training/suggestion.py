"""When it is worth training again: users have said enough that the version in use has not learned from."""

from dataclasses import dataclass
from datetime import datetime

from organizer.models import ModelVersion
from organizer.training import corrections

# A fifth of all artists is held out, so of so many new words about ten measure whether training on the others
# helped. Fewer could not tell a gain from chance.
ENOUGH = 50


@dataclass(frozen=True)
class Suggestion:
    """What users have said since the version in use was trained."""

    since: datetime
    new: int

    @property
    def is_due(self) -> bool:
        return self.new >= ENOUGH

    @property
    def missing(self) -> int:
        return max(0, ENOUGH - self.new)


def for_version(champion: ModelVersion) -> Suggestion:
    """`champion` with its run, where it has one: then what counts is when the training was asked for."""
    run = getattr(champion, "run", None)
    since = run.created_at if run else champion.created_at
    return Suggestion(since, corrections.count_new(since))


def datasets_for(champion: ModelVersion | None) -> list[int]:
    """Ids for a run that learns what the version in use learned, and the users' words as well."""
    run = getattr(champion, "run", None) if champion else None
    former = list(run.datasets.order_by("pk").values_list("pk", flat=True)) if run else []
    words = corrections.dataset().pk
    return [*(pk for pk in former if pk != words), words]
