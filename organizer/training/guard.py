"""What speaks against promoting a version: sentences that somebody has to overrule with a typed reason."""

from collections.abc import Mapping
from typing import Any

from organizer.models import Comparison, ModelVersion
from organizer.training import testsets

UNCOMPARED = "It has not been compared with what is in use now on the present test set."


def verdict(
    result: Mapping[str, Any] | None, *, candidate: int, champion: int | None, test_set: str
) -> list[str]:
    """Pure: what a comparison's result says against `candidate` (a version's key; None: the shipped sound expert).

    `test_set`: the fingerprint of the present one. On the figure that counts, genres that a version does not know are
    wrong answers.
    """
    if result is None or result["test"]["fingerprint"] != test_set:
        return [UNCOMPARED]
    found = {
        one["pk"]: figures
        for one, figures in zip(result["versions"], result["figures"]["versions"], strict=True)
    }
    if candidate not in found or champion not in found:
        return [UNCOMPARED]
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
    return verdict(
        comparison.result if comparison else None,
        candidate=version.pk,
        champion=champion.pk if champion else None,
        test_set=testsets.fingerprint(kind),
    )
