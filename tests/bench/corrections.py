"""Whether learning from corrections helps: somebody corrects songs of one genre that the version in use confuses.

The version in use learned from a small public table. The songs come from another one, by artists that the first has never
heard of, and their user says of each what it is there. A second training learns from the same table and these words.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import numpy as np

from classifier.splits import primary_artist

if TYPE_CHECKING:
    from classifier.dataset import Dataset as Tracks
    from organizer.models import Comparison, Dataset, ModelVersion, SpotifyAccount

TAUGHT, SONGS = "tidytuesday_dev_fold4.parquet", "cristhian2024_train_folds1-4.parquet"
LABELS_OF_SONGS = "coarse15"
WORDS, MOST_BY_ONE, SEEDS = 200, 2, 3
FROM_TRACK = ("duration_ms", "explicit")  # known of every song, whoever knows its features
REASON = "Public tables, to measure whether corrections help."


def measure(tables: Path, family: str, seeds: int, *, heard: bool = False) -> list[dict[str, Any]]:
    """Print and return what learning from corrections changed, seed by seed. Needs Django and a migrated database.

    heard: of the songs is known what hearing them gives, not what a service knows.
    """
    from django.conf import settings

    settings.DATASET_DIRS = [*settings.DATASET_DIRS, tables.resolve()]
    taught = _table(tables / TAUGHT)
    songs = _strangers(tables / SONGS, taught)
    songs = _as_heard(songs) if heard else songs
    with tempfile.TemporaryDirectory(prefix="cratewise-corrections-") as folder:
        settings.MEDIA_ROOT = Path(folder)
        found = [_once(taught, songs, family, seed) for seed in range(seeds)]
    for name in found[0]["gain"]:
        gains = [one["gain"][name] for one in found]
        print(f"  {name:32} {mean(gains):+6.1f} points on average, {min(gains):+.1f} to {max(gains):+.1f}")
    return found


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


def _once(taught: "Dataset", songs: "Tracks", family: str, seed: int) -> dict[str, Any]:
    from organizer.training import corrections, versions

    base = _trained(family, seed, [taught])
    versions.promote(base, reason=REASON)
    genre = _confused(base, songs)
    account = _library(songs, _chosen(songs, genre, seed), genre)
    candidate = _trained(family, seed, [taught, corrections.dataset()])
    comparison, said = candidate.comparisons.get(), corrections.read()
    assert comparison.result, comparison.error
    found = {
        "seed": seed,
        "genre": genre,
        "learned": candidate.run.corrections_used,
        "artists": len(set(said.artists)),
        **_told(comparison, _scores(_others(songs, said), [base, candidate]), genre),
    }
    _show(found)
    _look(comparison)
    account.user.delete()
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


def _confused(version: "ModelVersion", songs: "Tracks") -> str:
    """The genre of whose songs it finds the smallest share."""
    (figures,) = _scores(songs, [version])
    recalls = {genre: row["recall"][0] for genre, row in figures["genres"].items()}
    return min(recalls, key=recalls.__getitem__)


def _chosen(songs: "Tracks", genre: str, seed: int) -> list[int]:
    """Rows of that genre drawn at random, at most two by an artist."""
    drawn: list[int] = []
    taken: Counter[str] = Counter()
    for row in np.random.default_rng(seed).permutation(len(songs)).tolist():
        artist = primary_artist(songs, row)
        if songs.labels[row] == (genre,) and taken[artist] < MOST_BY_ONE:
            taken[artist] += 1
            drawn.append(row)
    return drawn[:WORDS]


def _library(songs: "Tracks", rows: Sequence[int], genre: str) -> "SpotifyAccount":
    """Somebody who likes these songs and says of each what it is."""
    from tests.organizer.browsing import another_account

    account = another_account()
    for row in rows:
        _liked(account, songs.take(np.array([row])), genre)
    return account


def _liked(account: "SpotifyAccount", song: "Tracks", genre: str) -> None:
    from django.utils import timezone

    from organizer.models import Artist, AudioFeatures, Correction, SavedTrack, Track

    values = dict(zip(song.feature_names, song.x[0].tolist(), strict=True))
    (name, *_), now = song.artists[0], timezone.now()
    track, _ = Track.objects.update_or_create(
        uri=f"spotify:track:{song.track_ids[0]}",
        defaults={
            "artist_names": list(song.artists[0]),
            "primary_artist": Artist.objects.get_or_create(spotify_id=name[:64], defaults={"name": name})[0],
            "duration_ms": int(values["duration_ms"]),
            "is_explicit": bool(values["explicit"]),
        },
    )
    known = {one: value for one, value in values.items() if one not in FROM_TRACK and value == value}
    features = {"values": known, "checked_at": now}
    AudioFeatures.objects.update_or_create(track=track, source="reccobeats", defaults=features)
    SavedTrack.objects.create(account=account, track=track, added_at=now)
    Correction.objects.create(account=account, track=track, genre=genre)


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
