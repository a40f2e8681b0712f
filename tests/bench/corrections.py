"""Whether learning from corrections helps: somebody corrects songs of one genre that the version in use confuses.

The version in use learned from a small public table. The songs come from another one, by artists that the first has never
heard of, and their user says of each what it is there. A second training learns from the same table and these words.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.bench.listeners import FROM_TRACK, WORDS, corrector, listener, of_any_genre, of_genre

if TYPE_CHECKING:
    from classifier.dataset import Dataset as Tracks
    from organizer.models import Comparison, Dataset, ModelVersion

TAUGHT, SONGS = "tidytuesday_dev_fold4.parquet", "cristhian2024_train_folds1-4.parquet"
LABELS_OF_SONGS = "coarse15"
SEEDS = 3
REASON = "Public tables, to measure whether corrections help."


def measure(
    tables: Path,
    family: str,
    seeds: int,
    *,
    genres: Sequence[str] = (),
    heard: bool = False,
    second: bool = False,
) -> list[dict[str, Any]]:
    """Print and return what learning from corrections changed, seed by seed. Needs Django and a migrated database.

    genres: what is corrected in turn, besides the one that the version in use finds least. heard: of the songs is known
    what hearing them gives, not what a service knows. second: another user's library is there, and says nothing.
    """
    from django.conf import settings

    settings.DATASET_DIRS = [*settings.DATASET_DIRS, tables.resolve()]
    taught = _table(tables / TAUGHT)
    songs = _strangers(tables / SONGS, taught)
    songs = _as_heard(songs) if heard else songs
    with tempfile.TemporaryDirectory(prefix="cratewise-corrections-") as folder:
        settings.MEDIA_ROOT = Path(folder)
        found = [
            one
            for seed in range(seeds)
            for one in _seed(taught, songs, family, seed, genres=genres, second=second)
        ]
    for genre in dict.fromkeys(one["genre"] for one in found):
        print(f"  {genre}, points on average, and from the least to the most:")
        _sum_up([one["gain"] for one in found if one["genre"] == genre])
    return found


def _sum_up(gains: list[dict[str, float]]) -> None:
    for name in gains[0]:
        one = [gain[name] for gain in gains]
        print(f"    {name:32} {mean(one):+6.1f}, {min(one):+.1f} to {max(one):+.1f}")


def _table(path: Path) -> "Dataset":
    from organizer.models import Dataset
    from organizer.training import datasets

    row = Dataset(name=path.stem, server_path=str(path.resolve()), provenance="public", licence="none stated")
    datasets.inspect_table(row, path)
    row.save()
    return row


def _strangers(path: Path, taught: "Dataset") -> "Tracks":
    """The songs of another table of which the first knows neither the artist nor the song, of genres that it knows."""
    from classifier.data import read_table
    from organizer.training import datasets

    first = datasets.read(taught)
    known = {name.lower() for names in first.artists for name in names}
    genres = {label for labels in first.labels for label in labels}
    tracks = read_table(path, label_column=LABELS_OF_SONGS, mapping="families", on_bad_row="skip")
    strange = [
        tracks.labels[row][0] in genres and not known & {name.lower() for name in tracks.artists[row]}
        for row in range(len(tracks))
    ]
    return tracks.take(np.array(strange, bool))


def _as_heard(songs: "Tracks") -> "Tracks":
    """The songs with those features alone that organizer.ear gives."""
    from classifier.sound.spotify_like import FEATURES

    kept = [name in (*FEATURES, *FROM_TRACK) for name in songs.feature_names]
    return replace(songs, x=np.where(kept, songs.x, np.nan).astype(np.float32))


def _seed(
    taught: "Dataset", songs: "Tracks", family: str, seed: int, *, genres: Sequence[str], second: bool
) -> Iterator[dict[str, Any]]:
    """What becomes of one version in use with words on the genre that it finds least, and with words on each of `genres`."""
    from organizer.training import versions

    base = _trained(family, seed, [taught])
    versions.promote(base, reason=REASON)
    found = _recalls(base, songs)
    print(f"  seed {seed}, finds " + ", ".join(f"{genre} {100 * one:.1f} %" for genre, one in found.items()))
    for genre in dict.fromkeys([min(found, key=found.__getitem__), *genres]):
        yield _once(base, taught, songs, genre, second=second)


def _once(
    base: "ModelVersion", taught: "Dataset", songs: "Tracks", genre: str, *, second: bool
) -> dict[str, Any]:
    from organizer.training import corrections

    family, seed = base.run.family, base.run.seed
    rows = of_genre(songs, genre, seed)
    account, others = corrector(songs, rows, genre), of_any_genre(songs, rows, seed)
    accounts = [account, *([listener(songs, others, "dana")] if second else [])]
    candidate = _trained(family, seed, [taught, corrections.dataset()])
    comparison, said = candidate.comparisons.get(), corrections.read()
    assert comparison.result, comparison.error
    found = {
        "seed": seed,
        "genre": genre,
        "learned": candidate.run.corrections_used,
        "artists": len(set(said.artists)),
        **_told(comparison, _scores(_others(songs, said), [base, candidate]), genre),
        **({"second": _library(songs.take(np.array(others)), [base, candidate])} if second else {}),
    }
    _show(found)
    _look(comparison)
    for one in accounts:
        one.user.delete()
    return found


def _trained(family: str, seed: int, data: "Sequence[Dataset]") -> "ModelVersion":
    """What a run makes of it, compared with what is in use."""
    from organizer.models import TrainingRun
    from organizer.training import runs
    from tests.organizer.versions import to_the_end

    run = TrainingRun.objects.create(family=family, seed=seed, rule=TrainingRun.Rule.WIDE, reason=REASON)
    run.datasets.set(data)
    to_the_end(runs.start(run)[0])
    run.refresh_from_db()
    return run.version  # type: ignore[return-value]  # the job has ended well


def _scores(songs: "Tracks", judged: "Sequence[ModelVersion]") -> list[dict[str, Any]]:
    """Each version's figures on the songs, by features alone."""
    from organizer.models import Dataset, ModelVersion
    from organizer.training import answers, scoring
    from organizer.training.testsets import Part

    part = Part(Dataset(name=SONGS), "", is_held_out=True, tracks=songs)
    kind = ModelVersion.Kind.TABLES
    found = [answers.of(one, kind, [part], words=None, tick=lambda: None)[0] for one in judged]
    rows = scoring.rows_of([part])
    return list(scoring.scores(scoring.wide(found, rows), rows)["versions"])


def _recalls(version: "ModelVersion", songs: "Tracks") -> dict[str, float]:
    """Of which share of each genre's songs it says that they are of it."""
    (figures,) = _scores(songs, [version])
    return {genre: row["recall"][0] for genre, row in figures["genres"].items()}


def _library(songs: "Tracks", judged: "Sequence[ModelVersion]") -> dict[str, Any]:
    """Another user's songs, by all evidence: of how many the genre changes, and right ones before and after, in per cent."""
    from organizer.models import Dataset, ModelVersion
    from organizer.training import answers, scoring
    from organizer.training.testsets import Part

    part = Part(Dataset(name=SONGS), "", is_held_out=True, tracks=songs)
    kind = ModelVersion.Kind.TABLES
    said = [answers.of(one, kind, [part], words=part, tick=lambda: None)[1] for one in judged]
    found, rows = scoring.wide([one for one in said if one], scoring.rows_of([part])), scoring.rows_of([part])
    right = [one["accuracy"][0] for one in scoring.scores(found, rows)["versions"]]
    changed = float((found[0].log_p.argmax(1) != found[1].log_p.argmax(1)).mean())
    return {
        "songs": len(songs),
        "changed": round(100 * changed, 1),
        "right": [round(100 * one, 1) for one in right],
    }


def _others(songs: "Tracks", said: "Tracks") -> "Tracks":
    """The songs of held-out artists of which the user says nothing."""
    from classifier.splits import split

    corrected = {uri.rpartition(":")[2] for uri in said.track_ids}
    held_out = split(songs, "artist").test.tolist()
    return songs.take(np.array([row for row in held_out if songs.track_ids[row] not in corrected]))


def _told(comparison: "Comparison", others: list[dict[str, Any]], genre: str) -> dict[str, Any]:
    """Before and after in per cent: what the comparison's page shows, and on all other songs by held-out artists."""
    words, test = comparison.result["words"], comparison.result["figures"]
    taken = {
        "corrections, found": [one["accuracy"][0] for one in words["versions"]],
        "test set, macro-F1": [one["macro_f1"][0] for one in test["versions"]],
        "test set, said of other genres": [one["share"][0] for one in words["overuse"][genre]["versions"]],
        "test set, right when it says so": [
            (one["precision"] or [0.0])[0] for one in words["overuse"][genre]["versions"]
        ],
        "other songs of the genre, found": [one["genres"][genre]["recall"][0] for one in others],
        "other songs, macro-F1": [one["macro_f1"][0] for one in others],
    }
    shares = {name: [round(100 * one, 1) for one in pair] for name, pair in taken.items()}
    return {
        "held_out": words["rows"],
        "test_rows": comparison.result["test"]["rows"],
        "others": others[0]["genres"][genre]["support"],
        "before_after": shares,
        "gain": {name: round(after - before, 1) for name, (before, after) in shares.items()},
    }


def _show(found: dict[str, Any]) -> None:
    print(
        f"  seed {found['seed']}: {found['genre']}; learned {found['learned']} of {WORDS} words by "
        f"{found['artists']} artists, held out {found['held_out']}; {found['test_rows']:,} test rows"
    )
    for name, (before, after) in found["before_after"].items():
        print(f"    {name:32} {before:5.1f} -> {after:5.1f} %", flush=True)
    if another := found.get("second"):
        before, after = another["right"]
        print(
            f"    {another['songs']} songs of another user: {another['changed']} % change; right {before} -> {after} %"
        )


def _look(comparison: "Comparison") -> None:
    """The admin's page shows it."""
    from django.contrib.auth import get_user_model
    from django.urls import reverse

    from tests.organizer.browsing import visitor

    client = visitor()
    staff, _ = get_user_model().objects.get_or_create(username="boss", is_staff=True, is_superuser=True)
    client.force_login(staff)
    page = client.get(reverse("admin:organizer_comparison_change", args=[comparison.pk])).content.decode()
    said = comparison.result["words"]["versions"][1]["accuracy"][0]
    assert f"{said:.1%}" in page.partition("What users corrected")[2], "the page shows other figures"
