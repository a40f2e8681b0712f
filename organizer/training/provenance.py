"""Which data sets may train: a rule about where they come from, and sentences about what it leaves out.

Spotify's developer terms forbid to train models on Spotify content (Developer Terms IV.2.1, in force since 15 May 2025).
The rule takes that at its word: strict, only what has nothing to do with Spotify is learned from.
"""

from collections.abc import Iterable

from organizer.models import Dataset, TrainingRun

Rule = TrainingRun.Rule


def admitted(datasets: Iterable[Dataset], rule: str) -> tuple[list[Dataset], list[str]]:
    """Those that may train under `rule`, and a sentence about each that may not."""
    kept, left_out, known_rule, given = [], [], Rule(rule), list(datasets)
    twins = _twins_from_spotify(given) if known_rule == Rule.STRICT else {}
    for dataset in given:
        why = _why_not(dataset, known_rule, twins.get(dataset.sha256, ""))
        if why:
            left_out.append(f"“{dataset}” ({rows(dataset):,} {noun(dataset)}) is left out: {why}")
        else:
            kept.append(dataset)
    return kept, left_out


def _twins_from_spotify(given: list[Dataset]) -> dict[str, str]:
    """sha256 -> the name of a data set of the very same file that is said to come from Spotify."""
    files = {one.sha256 for one in given if one.sha256}
    spotifys = Dataset.objects.filter(origin=Dataset.Origin.SPOTIFY, sha256__in=files)
    return dict(spotifys.values_list("sha256", "name"))


def _why_not(dataset: Dataset, rule: Rule, twin: str) -> str:
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
        return (
            f"the same file is here as “{twin}”, which is said to come from Spotify. {_WIDER}" if twin else ""
        )
    return "some of it comes from Spotify, or was looked up for Spotify’s songs. " + _WIDER


_WIDER = "Spotify’s terms forbid to train on that; the wide rule would use it, on your own responsibility."


def rows(dataset: Dataset) -> int:
    """How many could teach: without those whose label means no genre, where labels were counted."""
    labels = dataset.report.get("labels")
    if not labels:
        return dataset.rows
    return sum(count for label, count in labels.items() if dataset.label_map.get(label))


def noun(dataset: Dataset) -> str:
    """What those rows are called."""
    names = {Dataset.Kind.AUDIO: ("clip", "clips"), Dataset.Kind.CORRECTIONS: ("song", "songs")}
    one, several = names.get(Dataset.Kind(dataset.kind), ("row", "rows"))
    return one if rows(dataset) == 1 else several
