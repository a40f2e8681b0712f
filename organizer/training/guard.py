"""What speaks against promoting a version: sentences that somebody has to overrule with a typed reason."""

from collections.abc import Iterable, Mapping
from typing import Any

from classifier.labels import SUB_GENRES, display_name, some_of
from organizer import ear
from organizer.models import Comparison, ModelVersion
from organizer.training import testsets

UNCOMPARED = "It has not been compared with what is in use now on the present test set."
OUTDATED = (
    "A data set was added, changed or removed since it was compared with what is in use: compare it again."
)


def verdict(
    result: Mapping[str, Any] | None, *, candidate: int, champion: int | None, test_set: str
) -> list[str]:
    """Pure: what a comparison's result says against `candidate` (a version's key; None: the shipped sound expert).

    `test_set`: the fingerprint of the present one. On the figure that counts, genres that a version does not know are
    wrong answers.
    """
    if result is None:
        return [UNCOMPARED]
    found = {
        one["pk"]: figures
        for one, figures in zip(result["versions"], result["figures"]["versions"], strict=True)
    }
    if candidate not in found or champion not in found:
        return [UNCOMPARED]
    if result["test"]["fingerprint"] != test_set:
        return [OUTDATED]
    own, rows = found[candidate]["macro_f1"][0], result["test"]["rows"]
    sentences = []
    if own < found[champion]["macro_f1"][0]:
        sentences.append(
            f"Its macro-F1 on {rows:,} test rows is {own:.1%}, below the {found[champion]['macro_f1'][0]:.1%} "
            "of what is in use."
        )
    baseline = result.get("baseline")
    if baseline and own < baseline["macro_f1"]:
        sentences.append(
            f"Its macro-F1 on {rows:,} test rows is {own:.1%}, below the {baseline['macro_f1']:.1%} "
            f"of {baseline['name']}, the baseline."
        )
    return sentences


def unlearned(own: Iterable[str], standing: Iterable[str]) -> str:
    """Which families of `standing`, the genres of what is in use, a version with the genres `own` never says; or empty.

    Test rows alone do not tell: those of a narrow table hold none of the families that it lacks.
    """
    lost = [family for family in _families(standing) if family not in _families(own)]
    if not lost:
        return ""
    genres = "a genre" if len(lost) == 1 else f"{len(lost)} genres"
    return (
        f"It does not know {genres} that what is in use knows ({some_of(map(display_name, lost))}): "
        "no song will be called so by it."
    )


def _families(genres: Iterable[str]) -> dict[str, None]:
    """In order, as keys."""
    return dict.fromkeys(SUB_GENRES.get(genre, genre) for genre in genres)


def _genres_in_use(kind: ModelVersion.Kind, champion: ModelVersion | None) -> Iterable[str]:
    """Without a champion, of sound those of the expert that comes with the program."""
    if champion is None:
        return ear.opinion_of(None).labels if kind == ModelVersion.Kind.SOUND else ()
    return champion.labels


def comparison_of(version: ModelVersion) -> Comparison | None:
    """The newest finished comparison of this version with what is in use now."""
    kind = ModelVersion.Kind(version.kind)
    champion = ModelVersion.objects.champion(kind)
    done = Comparison.objects.filter(versions=version).exclude(result={})
    for one in done.order_by("-created_at", "-pk"):
        if {version.pk, champion and champion.pk} <= {row["pk"] for row in one.result["versions"]}:
            return one
    return None


def why_not_compared(version: ModelVersion) -> str:
    """What went wrong where the newest comparison of this version could not be made; empty where it could."""
    newest = Comparison.objects.filter(versions=version).order_by("-created_at", "-pk").first()
    return newest.error if newest else ""


def objections(version: ModelVersion) -> list[str]:
    """The verdict as things stand."""
    kind = ModelVersion.Kind(version.kind)
    champion, comparison = ModelVersion.objects.champion(kind), comparison_of(version)
    measured = verdict(
        comparison.result if comparison else None,
        candidate=version.pk,
        champion=champion.pk if champion else None,
        test_set=testsets.fingerprint(kind),
    )
    lost = unlearned(version.labels, _genres_in_use(kind, champion))
    return [lost, *measured] if lost else measured
