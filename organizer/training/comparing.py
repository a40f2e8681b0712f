"""Versions side by side: the same test rows for all, what a simple model reaches on them, and the users' held-out words.

The result, as it is stored:
{"versions": [{"pk", "name", "genres"}], what is in use first (pk null: the shipped sound expert);
 "test": {"fingerprint", "is_fixed", "datasets": [{"name", "rows"}], "rows", "artists", "nameless", "sentences"};
 "figures": classifier.versus over all genres; "shared": the same among the genres that all know, with "genres";
 "baseline": {"name", "accuracy", "macro_f1"} or null; "words": {"rows", …figures,
 "overuse": {corrected genre: classifier.overuse on the test rows}} or {"sentence"}}
"""

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any

from classifier.errors import DataError, ModelError
from organizer import jobs
from organizer.models import Comparison, Job, ModelVersion, TrainingRun
from organizer.training import answers, simple, testsets, words
from organizer.training.answers import Answers
from organizer.training.errors import TrainingError
from organizer.training.scoring import Judged, narrowed, overuses, rows_of, scores, wide
from organizer.training.testsets import Part
from organizer.training.versions import in_use, incomparable, name_of

if TYPE_CHECKING:
    import numpy as np

Kind = ModelVersion.Kind
Rule = TrainingRun.Rule
MIN_ROWS = 20
WHY = {
    answers.LEARNED: "“{}” may have learned from {:,} rows.",
    answers.ARTIST: "“{}” knows an artist of {:,} rows.",
    answers.DEAF: "“{}” finds none of its features in {:,} rows.",
}


def start(chosen: Sequence[ModelVersion]) -> tuple[Comparison, Job]:
    """Ask for a comparison; it is made by the one job that works off all of them. TrainingError as `asked` raises."""
    return asked(chosen), jobs.start(None, Job.Kind.COMPARE)[0]


def asked(chosen: Sequence[ModelVersion]) -> Comparison:
    """The row of a comparison that is not made yet.

    What is in use always takes part. TrainingError for versions that answer to different things, or not at all.
    """
    kinds = {Kind(one.kind) for one in chosen}
    if not kinds:
        raise TrainingError("Choose the versions to compare.")
    if Kind.TABLES in kinds and len(kinds) > 1:
        raise TrainingError(
            "Versions that read features and versions that hear cannot answer to the same rows."
        )
    for one in chosen:
        if problem := incomparable(one):
            raise TrainingError(f"“{one}” cannot be compared. {problem}")
    kind = Kind.SOUND if Kind.SOUND in kinds else kinds.pop()
    standing = in_use(_judge_of(kind))
    everybody = {one.pk for one in (*chosen, *([standing] if standing else []))}
    if len(everybody) + (standing is None) < 2:
        raise TrainingError("Choose a version besides the one that is in use.")
    comparison = Comparison.objects.create(kind=kind)
    comparison.versions.set(everybody)
    return comparison


def compare_batch(job: Job) -> bool:
    """Make every comparison that was asked for, one at a time; True when none is left."""
    waiting = Comparison.objects.filter(result={}, error="").order_by("pk")
    comparison = waiting.first()
    if comparison is None:
        return True
    make(comparison, _ticking(job, comparison))
    return not waiting.exists()


def judge_batch(job: Job) -> bool:
    """Compare what the job's run has made with what is in use. A failure is a sentence, never a failed training."""
    run = getattr(job, "training_run", None)
    version = run.version if run else None
    if version is None or version.is_champion:
        return True
    comparison = Comparison.objects.filter(pk=job.cursor.get("comparison")).first()
    if comparison is None:
        kind = Kind(version.kind)
        comparison = Comparison.objects.create(kind=kind)
        comparison.versions.set({one.pk for one in (version, in_use(_judge_of(kind))) if one})
        jobs.tick(job, cursor={"comparison": comparison.pk})
    if not (comparison.result or comparison.error):
        make(comparison, _ticking(job, comparison))
    return True


def _judge_of(kind: Kind) -> Kind:
    """Of which kind is what is in use in their place."""
    return Kind.TABLES if kind == Kind.TABLES else Kind.SOUND


def _ticking(job: Job, comparison: Comparison) -> Callable[[], None]:
    """A tick for each version's answers to each data set, and one for the simple model."""
    kind = Kind(comparison.kind)
    without_row = in_use(_judge_of(kind)) is None  # the shipped expert
    versions = comparison.versions.count() + without_row
    total = versions * max(1, len(testsets.of(kind).datasets)) + 1
    jobs.tick(job, done=0, total=total)

    def tick() -> None:
        jobs.tick(job, done=min(total, job.done + 1))

    return tick


def make(comparison: Comparison, tick: Callable[[], None] = lambda: None) -> None:
    """Compare and store what was found, or in one sentence why it could not be."""
    try:
        comparison.result = _compared(comparison, tick)
    except (DataError, ModelError, TrainingError) as error:
        comparison.error = str(error)[:500]
    comparison.save(update_fields=["result", "error"])


def _compared(comparison: Comparison, tick: Callable[[], None]) -> dict[str, Any]:
    kind = Kind(comparison.kind)
    standing, test = in_use(_judge_of(kind)), testsets.of(kind)
    others = comparison.versions.order_by("created_at", "pk")
    versions = [standing, *(one for one in others if one != standing)]
    parts = testsets.once(testsets.parts(test))
    said = words.held_out(versions, kind)
    found = [_answers(one, kind, parts, words=said, tick=tick) for one in versions]
    own = [one for one, _ in found]
    kept, sentences = _kept(versions, own, len(rows_of(parts)))
    judged = rows_of(parts).take(kept)
    if len(judged) < MIN_ROWS:
        raise TrainingError(
            " ".join(
                [
                    f"Only {len(judged):,} rows are left to judge by; at least {MIN_ROWS} are needed.",
                    *sentences,
                ]
            )
        )
    taken = [Answers(one.labels, one.log_p[kept], {}) for one in own]
    understood = words.compared(versions, [one for _, one in found], said)
    baseline = _baseline(kind, test, parts, kept, judged, rule=_rule(versions))
    tick()
    return {
        "versions": [
            {"pk": one.pk if one else None, "name": name_of(one), "genres": list(answer.labels)}
            for one, answer in zip(versions, own, strict=True)
        ],
        "test": _described(test, parts, kept, sentences) | _whose(parts, kept, judged),
        **_figures(taken, judged),
        "baseline": baseline,
        "words": understood | _overuse(taken, judged, understood),
    }


def _answers(version: ModelVersion | None, *asked: Any, **named: Any) -> tuple[Answers, Answers | None]:
    """As `answers.of`; TrainingError that names the version where its files are gone or damaged."""
    try:
        return answers.of(version, *asked, **named)
    except ModelError as error:
        raise TrainingError(
            f"The files of “{name_of(version)}” are missing or damaged, so it could not be compared. ({error})"
        ) from error


def _overuse(taken: Sequence[Answers], judged: Judged, understood: dict[str, Any]) -> dict[str, Any]:
    """How often the corrected genres are said of the test rows of other genres; nothing without words to judge by."""
    if "versions" not in understood:
        return {}
    return {"overuse": overuses(wide(taken, judged), judged, understood["versions"][0]["genres"])}


def _kept(
    versions: Sequence[ModelVersion | None], own: Sequence[Answers], n: int
) -> "tuple[np.ndarray, list[str]]":
    """The rows that may judge all versions, bool [n], and what is said of the others."""
    import numpy as np

    kept, sentences = np.ones(n, bool), []
    for version, one in zip(versions, own, strict=True):
        for why, rows in one.barred.items():
            kept &= ~rows
            if rows.any():
                sentences.append(WHY[why].format(name_of(version), int(rows.sum())))
    left = int((~kept).sum())
    return kept, [f"{left:,} of {n:,} rows are left out.", *sentences] if left else []


def _described(
    test: testsets.TestSet, parts: Sequence[Part], kept: "np.ndarray", sentences: list[str]
) -> dict[str, Any]:
    import numpy as np

    ends = np.cumsum([len(part) for part in parts])
    counts = [int(kept[end - len(part) : end].sum()) for part, end in zip(parts, ends, strict=True)]
    return {
        "fingerprint": test.fingerprint,
        "is_fixed": test.is_fixed,
        "datasets": [
            {"name": part.dataset.name, "rows": count} for part, count in zip(parts, counts, strict=True)
        ],
        "sentences": sentences,
    }


def _whose(parts: Sequence[Part], kept: "np.ndarray", judged: Judged) -> dict[str, int]:
    """By how many artists the rows are; those of a table that name none are `nameless`, each a group of its own."""
    import numpy as np

    named = [
        bool(names)
        for part in parts
        for names in (part.tracks.artists if part.tracks is not None else repeat(True, len(part)))
    ]
    nameless = int((kept & ~np.array(named, bool)).sum())
    return {"rows": len(judged), "artists": judged.artists - nameless, "nameless": nameless}


def _figures(taken: Sequence[Answers], judged: Judged) -> dict[str, Any]:
    """Over all genres, and among those that every version knows."""
    known = [label for label in taken[0].labels if all(label in one.labels for one in taken)]
    shared = narrowed(taken, judged, known)
    return {
        "figures": scores(wide(taken, judged), judged),
        "shared": {"genres": known} | scores(*shared) if shared else None,
    }


def _rule(versions: Sequence[ModelVersion | None]) -> Rule:
    """What a baseline may learn from: as much as the one of the versions that was allowed most."""
    runs = TrainingRun.objects.filter(version__in=[one for one in versions if one])
    return Rule.WIDE if runs.filter(rule=Rule.WIDE).exists() else Rule.STRICT


def _baseline(
    kind: Kind,
    test: testsets.TestSet,
    parts: Sequence[Part],
    kept: "np.ndarray",
    judged: Judged,
    *,
    rule: Rule,
) -> dict[str, Any] | None:
    rest = list(testsets.rest(test, rule))
    found = simple.baseline(kind, rest, parts)
    if found is None:
        return None
    name, one = found
    (figures,) = scores(wide([Answers(one.labels, one.log_p[kept], {})], judged), judged)["versions"]
    return {"name": name, "accuracy": figures["accuracy"][0], "macro_f1": figures["macro_f1"][0]}
