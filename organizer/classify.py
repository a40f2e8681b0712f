"""The one door to the classifier's heavy modules: tracks → Prediction rows, preview bytes → numbers.

torch and the decoders are imported inside functions, so that only the worker that classifies ever loads them.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from classifier.context import LibraryContext
from organizer import ear, jobs, rejudging, vitals
from organizer.models import (
    AudioFeatures,
    Identification,
    Job,
    ModelVersion,
    Prediction,
    SpotifyAccount,
    Track,
)

if TYPE_CHECKING:
    from classifier.predict import Example, Predictor, Result
    from classifier.sound.opinion import Opinion

PREDICTED = [
    "log_probs", "genre", "confidence", "other", "is_sure", "evidence", "why", "inputs_hash",
]  # fmt: skip
BATCH_S = 60.0
CHUNK = 500
FEATURE_SOURCES = ("reccobeats", ear.FEATURE_SOURCE)  # in the order of trust


def champion() -> ModelVersion:
    """The version in use. On a fresh instance that is the shipped one."""
    return ModelVersion.objects.champion() or _install_shipped()


def _install_shipped() -> ModelVersion:
    from classifier import registry

    meta = registry.read_meta(registry.shipped_path())
    values = {"path": "shipped", "labels": list(meta["labels"]), "metrics": meta.get("metrics", {})}
    version, _ = ModelVersion.objects.get_or_create(name="shipped", defaults=values)
    try:
        if ModelVersion.objects.champion() is None:
            ModelVersion.objects.filter(pk=version.pk).update(is_champion=True)
    except IntegrityError:  # another process did the same just now
        return ModelVersion.objects.get(is_champion=True, kind=ModelVersion.Kind.TABLES)
    version.refresh_from_db()
    return version


def context_of(meta: Mapping[str, Any]) -> dict[str, Any]:
    """What of a version's description moves a library's predictions; empty for versions that do not know how."""
    if "library" not in meta:
        return {}
    return {name: meta[name] for name in ("library", "threshold", "thresholds") if name in meta}


def library_context(version: ModelVersion) -> tuple[LibraryContext, float, dict[str, float]] | None:
    """The version's constants, and from which confidence it is sure: at all and by evidence. None: it moves nothing.

    Loads no weights.

    The shipped version's come from its own file, so that they change with the program, in old instances too.
    """
    values = _shipped_context() if version.path == "shipped" else version.context
    if not values:
        return None
    return LibraryContext.restore(values["library"]), float(values["threshold"]), values.get("thresholds", {})


@lru_cache(maxsize=1)
def _shipped_context() -> dict[str, Any]:
    from classifier import registry

    return context_of(registry.read_meta(registry.shipped_path()))


@lru_cache(maxsize=1)
def shipped_name() -> str:
    """What the version that came with the program is called: another one after an update that brought a new one."""
    from classifier import registry

    return str(registry.read_meta(registry.shipped_path())["name"])


def load(version: ModelVersion) -> "Predictor":
    """For whoever needs it once; ModelError says what is wrong with a version that cannot be used."""
    from classifier.predict import Predictor

    return Predictor.load(directory(version))


def directory(version: ModelVersion) -> Path:
    """Where its files are."""
    from classifier import registry

    return registry.shipped_path() if version.path == "shipped" else version.directory


@lru_cache(maxsize=2)
def _predictor(path: Path) -> "Predictor":
    from classifier import registry
    from classifier.predict import Predictor

    name = "shipped" if path == registry.shipped_path() else path.name
    return vitals.held(name, Predictor.load(path))


def predictor(version: ModelVersion) -> "Predictor":
    """Loaded once per process and version."""
    return _predictor(directory(version))


def classify_batch(job: Job) -> bool:
    """Predict for up to a minute; True when every song has a prediction by the champion from its newest evidence.

    Safe to run twice: a prediction is an upsert by track and version, and is skipped while its inputs are unchanged.
    """
    assert job.account is not None, "a classify job has an account"
    version, aim = champion(), rejudging.aim()
    is_same = job.cursor.get("aim", aim) == aim  # else another version was promoted meanwhile: all over again
    deadline, last_pk = time.monotonic() + BATCH_S, int(job.cursor.get("last_pk", 0)) if is_same else 0
    library = Track.objects.liked_by(job.account).movable().order_by("pk")
    total, done = library.count(), library.filter(pk__lte=last_pk).count()
    while chunk := list(library.filter(pk__gt=last_pk)[:CHUNK]):
        classify_tracks(chunk, version)
        last_pk, done = chunk[-1].pk, done + len(chunk)
        jobs.tick(job, done=done, total=total, cursor={"last_pk": last_pk, "aim": aim})
        if time.monotonic() > deadline or Identification.objects.waiting().exists():
            return False
    if rejudging.aim() != aim:
        return False
    rejudging.settle(job.account, aim)
    jobs.tick(job, counts=job.counts | {"classified": done, "model": version.name})
    return True


def classify_tracks(tracks: list[Track], version: ModelVersion) -> int:
    """Predict those tracks whose evidence changed since this version saw them; how many that were."""
    rows = predicted(tracks, version)
    with transaction.atomic():  # killed in between, nobody would find out that verdicts are stale
        Prediction.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["track", "version"], update_fields=PREDICTED
        )
        if rows:
            SpotifyAccount.objects.who_like(row.track_id for row in rows).mark_stale()
    return len(rows)


def predicted(
    tracks: Sequence[Track],
    version: ModelVersion,
    *,
    by: "Predictor | None" = None,
    ears: "Opinion | None" = None,
) -> list[Prediction]:
    """Predictions, not stored, of those tracks whose evidence is not what the stored ones were made from.

    by: the version's predictor, where the caller has loaded it. ears: another sound expert than the one in use.
    """
    features, sound = _features(tracks), ear.said_of(tracks, ears)
    model = shipped_name() if version.path == "shipped" else version.name
    hashes = {
        track.pk: _inputs_hash(track, features.get(track.pk), sound.get(track.pk), model) for track in tracks
    }
    known = dict(
        Prediction.objects.filter(version=version, track__in=tracks).values_list("track_id", "inputs_hash")
    )
    stale = [track for track in tracks if known.get(track.pk) != hashes[track.pk]]
    if not stale:
        return []
    results = (by or predictor(version)).predict(
        [example(track, features.get(track.pk), sound.get(track.pk)) for track in stale]
    )
    return [
        _prediction(track, version, result, hashes[track.pk])
        for track, result in zip(stale, results, strict=True)
    ]


def by_sound_alone(spoken: Mapping[str, float]) -> "Result":
    """What the version in use makes of a sound of which nothing else is known; family → log-probability."""
    from classifier.predict import Example

    (result,) = predictor(champion()).predict([Example("", None, sound=spoken)])
    return result


def _features(tracks: Sequence[Track]) -> dict[int, AudioFeatures]:
    """The most trusted source's features per track."""
    rows = AudioFeatures.objects.filter(track__in=tracks, values__isnull=False, source__in=FEATURE_SOURCES)
    by_trust = sorted(rows, key=lambda row: -FEATURE_SOURCES.index(row.source))
    return {row.track_id: row for row in by_trust if row.values}


def example(track: Track, features: AudioFeatures | None, sound: dict[str, float] | None = None) -> "Example":
    """What the model is given: features by name, with duration and explicit from the track itself, and the sound."""
    from classifier.predict import Example

    named = None
    if features and features.values:
        of_track = {"duration_ms": float(track.duration_ms), "explicit": float(track.is_explicit)}
        named = features.values | of_track
    return Example(
        track_id=track.uri,
        features=named,
        artists=tuple(track.artist_names),
        sound=sound,
        features_were_heard=bool(features and features.source == ear.FEATURE_SOURCE),
    )


def _inputs_hash(
    track: Track, features: AudioFeatures | None, sound: dict[str, float] | None, model: str
) -> str:
    values = features.values if features else None
    evidence: list[Any] = [track.artist_names, track.duration_ms, track.is_explicit, values, model]
    if sound:
        evidence.append({family: round(log_p, 3) for family, log_p in sound.items()})
    return hashlib.sha1(json.dumps(evidence, sort_keys=True).encode()).hexdigest()


def _prediction(track: Track, version: ModelVersion, result: "Result", inputs_hash: str) -> Prediction:
    return Prediction(
        track=track,
        version=version,
        log_probs=result.log_probs,
        genre=result.genre,
        confidence=result.confidence,
        other=result.other,
        is_sure=result.sure,
        evidence=list(result.evidence),
        why=result.why,
        inputs_hash=inputs_hash,
    )
