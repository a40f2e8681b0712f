"""Which data sets may train: a rule about where they come from, and sentences about what it leaves out.

Spotify's developer terms forbid to train models on Spotify content (Developer Terms IV.2.1, in force since 15 May 2025).
The rule takes that at its word: strict, only what has nothing to do with Spotify is learned from.
"""

from collections.abc import Iterable

from organizer.models import Dataset, TrainingRun

Rule = TrainingRun.Rule


def admitted(datasets: Iterable[Dataset], rule: str) -> tuple[list[Dataset], list[str]]:
    """Those that may train under `rule`, and a sentence about each that may not."""
    kept, left_out, known_rule = [], [], Rule(rule)
    for dataset in datasets:
        why = _why_not(dataset, known_rule)
        if why:
            left_out.append(f"“{dataset}” ({dataset.rows:,} {noun(dataset)}) is left out: {why}")
        else:
            kept.append(dataset)
    return kept, left_out


def _why_not(dataset: Dataset, rule: Rule) -> str:
    """Why it may not train, the end of a sentence; empty where it may."""
    if dataset.state == Dataset.State.CHECKING:
        return "it is still being checked."
    if dataset.state == Dataset.State.REFUSED:
        return "it was refused; its page says why."
    if dataset.is_test:
        return "it is there only for judging."
    if rule == Rule.WIDE:
        return ""
    if dataset.kind == Dataset.Kind.CORRECTIONS:
        return "the words are the users’ own, but the songs are those of their Spotify libraries. " + _WIDER
    if dataset.origin == Dataset.Origin.INDEPENDENT:
        return ""
    return "some of it comes from Spotify, or was looked up for Spotify’s songs. " + _WIDER


_WIDER = "Spotify’s terms forbid to train on that; the wide rule would use it, on your own responsibility."


def noun(dataset: Dataset) -> str:
    """What its rows are called."""
    names = {Dataset.Kind.AUDIO: ("clip", "clips"), Dataset.Kind.CORRECTIONS: ("song", "songs")}
    one, several = names.get(Dataset.Kind(dataset.kind), ("row", "rows"))
    return one if dataset.rows == 1 else several
