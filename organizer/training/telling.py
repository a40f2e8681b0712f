"""What the check of a data set found, as sentences and as figures for drawings."""

from dataclasses import dataclass
from typing import Any

from classifier.labels import FAMILIES, display_name, guess_mapping, some_of
from organizer.models import Dataset, TrainingRun
from organizer.training import provenance

Kind, State = Dataset.Kind, Dataset.State


@dataclass(frozen=True)
class Label:
    """A label of the file: where it stands in `label_map`, how many rows carry it, what it means, what it may mean."""

    place: int
    text: str
    rows: int
    genre: str
    suggestion: str


def labels(dataset: Dataset) -> list[Label]:
    """Those without a genre first, then by the number of their rows."""
    counts = dataset.report.get("labels", {})
    guesses = guess_mapping(dataset.label_map)
    found = [
        Label(place, text, counts.get(text, 0), genre, guesses[text] or "")
        for place, (text, genre) in enumerate(dataset.label_map.items())
    ]
    return sorted(found, key=lambda one: (bool(one.genre), -one.rows, one.place))


def genres(dataset: Dataset) -> dict[str, int]:
    """Rows by family under the present mapping, the most frequent first."""
    if dataset.kind == Kind.CORRECTIONS:
        counted = dict(dataset.report.get("genres", {}))
    else:
        counted = dict.fromkeys(FAMILIES, 0)
        for text, rows in dataset.report.get("labels", {}).items():
            if genre := dataset.label_map.get(text):
                counted[genre] = counted.get(genre, 0) + rows
    return {name: rows for name, rows in sorted(counted.items(), key=lambda one: -one[1]) if rows}


def sentences(dataset: Dataset) -> list[str]:
    """The report in words."""
    report = dataset.report
    if dataset.state != State.READY:
        return []
    if "rows_read" not in report:  # of a data set from before reports were kept
        told = list(report.get("sentences", []))
    else:
        told = _of_sound(report) if dataset.kind == Kind.AUDIO else _of_table(report)
    told += _of_labels(dataset)
    if twins := _twins(dataset):
        told.append(f"It is the very same file as {twins}: use only one of them.")
    _, left_out = provenance.admitted([dataset], TrainingRun.Rule.STRICT)
    told += [f"Under the strict rule, {sentence}" for sentence in left_out]
    return told


def _twins(dataset: Dataset) -> str:
    """The names of what else is that file."""
    same = Dataset.objects.filter(sha256=dataset.sha256).exclude(sha256="").exclude(pk=dataset.pk)
    return ", ".join(f"“{name}”" for name in same.order_by("pk").values_list("name", flat=True))


def _of_table(report: dict[str, Any]) -> list[str]:
    artists = f" by {_count(report['artists'], 'artist')}." if report["artists"] else "."
    told = [f"{_count(report['rows_read'], 'row')} became {_count(report['tracks'], 'track')}{artists}"]
    if not report["artists"]:
        told.append("It names no artists, so each track is held to be by an artist of its own.")
    if report["duplicates"]:
        told.append(
            f"{_count(report['duplicates'], 'row')} repeat{_s(report['duplicates'])} a track that is there already; "
            "a track keeps every genre that it is filed under."
        )
    if report["bad_count"]:
        told.append(f"{_count(report['bad_count'], 'bad row')} skipped; {_shown(report)}")
    if report["missing"]:
        told.append(f"Columns that are missing count as unknown: {', '.join(report['missing'])}.")
    return told


def _of_sound(report: dict[str, Any]) -> list[str]:
    told = [f"{_count(report['tracks'], 'clip')} of {_count(report['rows_read'], 'file')} can be used."]
    if report["bad_count"]:
        told.append(f"{_count(report['bad_count'], 'file')} cannot; {_shown(report)}")
    return told


def _shown(report: dict[str, Any]) -> str:
    shown = len(report["bad"])
    if shown < report["bad_count"]:
        return f"the first {shown} are listed below."
    return "it is listed below." if shown == 1 else "they are listed below."


def _s(number: int) -> str:
    """The ending of what one row does."""
    return "s" if number == 1 else ""


def _of_labels(dataset: Dataset) -> list[str]:
    if dataset.kind == Kind.CORRECTIONS:
        return []
    lost = [one for one in labels(dataset) if not one.genre]
    told = []
    if lost:
        rows = sum(one.rows for one in lost)
        noun = "clip" if dataset.kind == Kind.AUDIO else "row"
        told.append(f"{_count(len(lost), 'label')} without a genre: {_count(rows, noun)} left out.")
    found = genres(dataset)
    if len(found) < 2:
        told.append(
            "No label has a genre yet: give one to at least two of them." if not found else _one(found)
        )
    return told


def _one(found: dict[str, int]) -> str:
    return f"Everything is {some_of(map(display_name, found))}: training needs at least two genres."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
