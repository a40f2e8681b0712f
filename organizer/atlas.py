"""The map of a library: where each song lies by its sound. Drawn by the worker that classifies, read by a page."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from django.db import transaction
from django.db.models import F, QuerySet

from classifier.labels import FEATURES
from organizer import jobs, stored_verdicts
from organizer.models import AudioAnalysis, AudioFeatures, Job, SpotifyAccount, StoredVerdict

if TYPE_CHECKING:
    from classifier.atlas import Vectors

WRITE = 500  # rows a statement
# Of the features, what one hears: no duration and no lyrics' warning.
HEARD = tuple(feature.name for feature in FEATURES[:12] if feature.kind == "number")
ANEW = 0.2  # with this share of songs new to it, the map is drawn again
NEAR = 0.06  # of the map's side: how far away a neighbour may lie
Place = tuple[float, float]


def start_if_wanted(job: Job) -> Job | None:
    """A job that draws the map, when one that reads or classifies has ended and songs have evidence but no place."""
    if job.kind not in (Job.Kind.ORGANIZE, Job.Kind.RECLASSIFY) or job.account is None:
        return None
    return jobs.start(job.account, Job.Kind.MAP)[0] if off_the_map(job.account).exists() else None


def on_the_map(account: SpotifyAccount) -> QuerySet[StoredVerdict]:
    return stored_verdicts.of(account).filter(x__isnull=False)


def off_the_map(account: SpotifyAccount) -> QuerySet[StoredVerdict]:
    """Songs that could be on the map and are not."""
    heard = AudioAnalysis.objects.filter(embedding__isnull=False).values("track")
    described = AudioFeatures.objects.filter(values__isnull=False).values("track")
    lost = StoredVerdict.objects.filter(account=account, x__isnull=True)
    return lost.filter(track__in=heard) | lost.filter(track__in=described)


def near(song: StoredVerdict, count: int) -> QuerySet[StoredVerdict]:
    """Its neighbours on the map, the nearest first; none for a song that is not on it."""
    others = StoredVerdict.objects.filter(account=song.account_id).exclude(pk=song.pk)
    if song.x is None or song.y is None:
        return others.none()
    box = others.filter(x__range=(song.x - NEAR, song.x + NEAR), y__range=(song.y - NEAR, song.y + NEAR))
    across, up = F("x") - song.x, F("y") - song.y
    return box.annotate(apart=across * across + up * up).order_by("apart", "pk")[:count]


def draw_batch(job: Job) -> bool:
    """Draw the map in one step of a minute at most, and store the places that changed. Safe to run twice."""
    from classifier import atlas

    assert job.account is not None, "a map is of an account's library"
    account = job.account
    stored_verdicts.refresh(account)
    songs = StoredVerdict.objects.filter(account=account)
    tracks = list(songs.values_list("track", flat=True))
    jobs.tick(job, done=0, total=len(tracks))
    sound, features = _sound(tracks), _features(tracks)
    is_by_sound = 2 * len(sound.keys) >= len(features.keys)
    base, other = (sound, features) if is_by_sound else (features, sound)
    earlier = _earlier(account, job, is_by_sound=is_by_sound)
    known = sum(int(key) in earlier for key in base.keys)
    if earlier and known >= (1 - ANEW) * len(base.keys):
        places = atlas.joined((base, other), earlier)
    else:
        places = atlas.drawn(base, other, earlier)
    _store(account, places)
    outcome = {"placed": len(places), "by": "sound" if is_by_sound else "features"}
    jobs.tick(job, done=len(tracks), total=len(tracks), counts=job.counts | outcome)
    return True


def _earlier(account: SpotifyAccount, job: Job, *, is_by_sound: bool) -> dict[int, Place]:
    """Where songs lie already; nothing when that was drawn from the other evidence."""
    last = account.jobs.filter(kind=Job.Kind.MAP, state=Job.State.DONE).exclude(pk=job.pk).first()
    if last and last.counts.get("by") != ("sound" if is_by_sound else "features"):
        return {}
    placed = StoredVerdict.objects.filter(account=account, x__isnull=False, y__isnull=False)
    return {
        track: (x, y)
        for track, x, y in placed.values_list("track", "x", "y")
        if x is not None and y is not None
    }


def _sound(tracks: list[int]) -> "Vectors":
    """What was heard of each song, by the networks that heard most of them."""
    from classifier.atlas import Vectors

    rows = AudioAnalysis.objects.filter(track__in=tracks, embedding__isnull=False)
    by_encoder: dict[str, dict[int, bytes]] = {}
    for track, encoder, stored in rows.values_list("track", "encoder", "embedding").iterator():
        by_encoder.setdefault(encoder, {})[track] = bytes(stored or b"")
    found = max(by_encoder.values(), key=len, default={})
    width = max(map(len, found.values()), default=0)
    whole = {track: stored for track, stored in found.items() if len(stored) == width}
    vectors = np.frombuffer(b"".join(whole.values()), "<f2").reshape(len(whole), width // 2)
    return Vectors(np.array(list(whole), int), _compared(vectors.astype(np.float32)))


def _features(tracks: list[int]) -> "Vectors":
    """The features of each song that has them all, from the first source that has them."""
    from classifier.atlas import Vectors

    rows = AudioFeatures.objects.filter(track__in=tracks, values__isnull=False).order_by("source")
    found: dict[int, list[float]] = {}
    for track, values in rows.values_list("track", "values").iterator():
        if values and all(isinstance(values.get(name), int | float) for name in HEARD):
            found.setdefault(track, [float(values[name]) for name in HEARD])
    vectors = np.array(list(found.values()), np.float32).reshape(len(found), len(HEARD))
    return Vectors(np.array(list(found), int), _compared(vectors))


def _compared(vectors: np.ndarray) -> np.ndarray:
    from classifier.atlas import standardised

    return standardised(vectors) if len(vectors) else vectors


def _store(account: SpotifyAccount, places: dict[int, Place]) -> None:
    rows = list(StoredVerdict.objects.filter(account=account).only("pk", "track", "x", "y"))
    moved = [row for row in rows if (row.x, row.y) != places.get(row.track_id, (None, None))]
    for row in moved:
        row.x, row.y = places.get(row.track_id, (None, None))
    for at in range(0, len(moved), WRITE):
        with transaction.atomic():
            StoredVerdict.objects.bulk_update(moved[at : at + WRITE], ["x", "y"])


def table(rows: Iterable[tuple[int, float, float, str, str]], genres: list[str], parts: list[str]) -> bytes:
    """The map's points for a browser, column by column: n uint32; then for n songs, in the order of their ids, the id's
    distance from the one before uint32, x uint16, y uint16 (0 to 65535 across the square), place of the genre in
    `genres` and of the part in `parts` uint8. Little-endian; sorted ids compress well.
    """
    columns = list(zip(*sorted(rows), strict=True)) or [(), (), (), (), ()]
    ids, x, y, genre, part = columns
    return b"".join(
        (
            np.array([len(ids)], "<u4").tobytes(),
            np.diff(np.array(ids, np.int64), prepend=0).astype("<u4").tobytes(),
            *(np.round(np.array(axis, float) * 65535).astype("<u2").tobytes() for axis in (x, y)),
            np.array([genres.index(one) for one in genre], np.uint8).tobytes(),
            np.array([parts.index(one) for one in part], np.uint8).tobytes(),
        )
    )
