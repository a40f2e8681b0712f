"""Which model version is in use: promoting, going back, and judging libraries again.

A version is in use because somebody said so (the alias “champion”), never because it is the latest.
"""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from classifier import registry
from classifier.errors import ModelError
from organizer import classify, ear, rejudging
from organizer.models import Job, ModelVersion, Promotion
from organizer.training import guard
from organizer.training.errors import TrainingError

Kind = ModelVersion.Kind
SHIPPED_SOUND = "the sound expert that comes with the program"
LEAST_REASON, MOST_REASON = 10, 500  # characters; the column holds no more
AT_ONCE = "Somebody else has just put another version into use. Look again at what is in use now."


class NeedsReason(TrainingError):
    """Something speaks against the promotion, and no reason was typed; `objections` are sentences."""

    def __init__(self, objections: list[str]) -> None:
        super().__init__(f"{' '.join(objections)} Give a reason of at least {LEAST_REASON} characters.")
        self.objections = objections


@dataclass(frozen=True)
class Switch:
    """What is in use now (None: what comes with the program), and the jobs that judge the libraries again."""

    version: ModelVersion | None
    jobs: list[Job]

    @property
    def sentence(self) -> str:
        return (
            f"“{name_of(self.version)}” is in use. Libraries being judged again: {len(self.jobs)}; "
            "playlists change only through plans that their owners approve."
        )


def name_of(version: ModelVersion | None) -> str:
    return version.name if version else SHIPPED_SOUND


def in_use(kind: Kind) -> ModelVersion | None:
    """The champion; of sound None while the shipped expert is in use. A fresh instance gets its shipped version."""
    return classify.champion() if kind == Kind.TABLES else ModelVersion.objects.champion(kind)


def unusable(version: ModelVersion) -> str:
    """Why this version cannot judge libraries, in one sentence; empty where it can. Loads no network."""
    if version.kind == Kind.NET:
        return "It hears with its own network, and libraries have not stored what that hears: it is only for comparison."
    return incomparable(version)


def incomparable(version: ModelVersion) -> str:
    """Why this version cannot answer to test rows, in one sentence; empty where it can. Loads no network."""
    try:
        if version.kind == Kind.TABLES:
            found = registry.read(classify.directory(version)).meta["labels"]
            same = version.path == "shipped" or list(found) == version.labels
            return "" if same else "Its files are those of another version."
        if version.kind == Kind.NET:
            registry.read_description(version.directory)
            registry.read_arrays(version.directory / registry.WEIGHTS)
        elif ear.opinion_afresh(version).encoders != ear.opinion_of(None).encoders:
            return "It was made for other ears than those that heard the libraries."
    except ModelError as error:
        return f"Its files are missing or damaged. {error}"
    return ""


def promote(version: ModelVersion, *, by: Any = None, reason: str = "", seen: str | None = None) -> Switch:
    """Make this version the champion of its kind and have every library judged again by it.

    Predictions by others stay, so going back costs nothing. Raises NeedsReason where the guard objects and no reason
    was typed, TrainingError where the version is in use already or cannot be used.
    seen: the name of what was in use when somebody decided that, so that an old page puts nothing else out of use.
    """
    problem = unusable(version)
    if problem:
        raise TrainingError(f"“{version}” cannot be promoted. {problem}")

    def check() -> None:
        if in_use(Kind(version.kind)) == version:
            raise TrainingError(f"“{version}” is in use already.")
        _check_seen(seen, in_use(Kind(version.kind)))
        if len(reason) > MOST_REASON:
            raise TrainingError(f"A reason has at most {MOST_REASON} characters.")
        objections = guard.objections(version)
        if objections and len(reason.strip()) < LEAST_REASON:
            raise NeedsReason(objections)

    return _switch(Kind(version.kind), version, check=check, by=by, reason=reason.strip())


@dataclass(frozen=True)
class WayBack:
    """What going back would put into use, by name (empty: nothing), past newer versions that cannot be used, and why."""

    version: ModelVersion | None
    name: str
    passed: tuple[tuple[ModelVersion, str], ...]


def way_back(kind: Kind) -> WayBack:
    """The newest of those in use before that is whole."""
    *former, now = trail_of(kind)
    passed = []
    for one in reversed(former):
        problem = unusable(one) if one else ""
        if problem and one:
            passed.append((one, problem))
        elif one != now:
            return WayBack(one, name_of(one), tuple(passed))
    return WayBack(None, "", tuple(passed))


def roll_back(
    kind: Kind = Kind.TABLES, *, by: Any = None, seen: str | None = None, to: str | None = None
) -> Switch:
    """Put what was in use before back into use; TrainingError where there is nothing, or it cannot be used any more.

    seen: the name of what was in use when somebody decided that, so that an old page does not go back further than it says.
    to: the name of what is to be in use, which may be an older one only where all between cannot be used any more.
    """
    now, way = in_use(kind), way_back(kind)
    _check_seen(seen, now)
    refused = _why_not_back(way, to)
    if refused:
        raise TrainingError(refused)

    def check() -> None:
        if in_use(kind) != now:
            raise TrainingError(AT_ONCE)

    return _switch(kind, way.version, check=check, by=by, is_rollback=True)


def _check_seen(seen: str | None, now: ModelVersion | None) -> None:
    """TrainingError where something else is in use than somebody saw."""
    if seen is not None and seen != name_of(now):
        raise TrainingError(AT_ONCE)


def _why_not_back(way: WayBack, to: str | None) -> str:
    """In sentences; empty where going back is possible and leads where it was wanted to."""
    if to is not None and way.name and to != way.name:
        return f"Going back leads to “{way.name}”, not to “{to}”."
    if way.name and (to or not way.passed):
        return ""
    if not way.passed:
        return "There is no earlier version to go back to."
    lost, problem = way.passed[0]
    instead = (
        f"The next older one that is whole is “{way.name}”: go back to that instead."
        if way.name
        else "No older one is whole. Put another version into use from its own page."
    )
    return f"There is no going back to “{lost}”. {problem} {instead}"


def previous_champion(kind: Kind = Kind.TABLES) -> ModelVersion | None:
    """What going back would put into use; None where it would be what comes with the program, or nothing."""
    trail = trail_of(kind)
    return trail[-2] if len(trail) > 1 else None


def trail_of(kind: Kind) -> list[ModelVersion | None]:
    """What was in use one after the other, without what was gone back from; the last is in use. None: shipped sound."""
    trail: list[ModelVersion | None] = []
    for one in Promotion.objects.filter(kind=kind).select_related("version", "before").order_by("at", "pk"):
        trail = trail or [one.before]
        if one.is_rollback and one.version in trail[:-1]:
            trail = trail[: len(trail) - 1 - trail[:-1][::-1].index(one.version)]
        else:
            trail.append(one.version)
    now = in_use(kind)
    if not trail:  # from before promotions were written down
        former = ModelVersion.objects.filter(is_champion=False, was_champion_at__isnull=False, kind=kind)
        trail = [*former.order_by("-was_champion_at")[:1]]
    trail = trail if kind == Kind.SOUND else [one for one in trail if one]
    return trail if trail and trail[-1] == now else [*trail, now]


def _switch(kind: Kind, version: ModelVersion | None, *, check: Any, **told: Any) -> Switch:
    """The change of the alias, its entry in the history and the jobs: all of them or none."""
    try:
        with transaction.atomic():
            rows = ModelVersion.objects.select_for_update().filter(kind=kind).order_by("pk")
            list(rows)  # two who promote at once come one after the other
            check()
            before = in_use(kind)
            rows.filter(is_champion=True).update(is_champion=False, was_champion_at=timezone.now())
            if version:
                ModelVersion.objects.filter(pk=version.pk).update(is_champion=True)
                version.refresh_from_db()
            Promotion.objects.create(kind=kind, version=version, before=before, **told)
            return Switch(version, rejudging.begin(before if kind == Kind.TABLES else None))
    except IntegrityError as error:
        raise TrainingError(AT_ONCE) from error
