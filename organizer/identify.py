"""Naming a sound that a user brings: what genre it is by its sound, and which of their own songs sound like it.

The page stores the sound, a task on the worker that listens hears it and drops it; only numbers and a picture stay.
"""

import math
from dataclasses import asdict
from datetime import timedelta

import numpy as np
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from classifier.errors import AudioError, ModelError
from organizer import classify, ear
from organizer.models import AudioAnalysis, Identification, SpotifyAccount, Track

MAX_BYTES = 20_000_000
KEPT = 10  # past ones an account keeps
NEAREST = 8
ATTEMPTS = 2
LOST_AFTER = timedelta(minutes=1)
STALE_AFTER = timedelta(minutes=10)
ENOUGH_TO_STANDARDISE = 10  # songs; the spread of fewer means little
# A unit of a network that never speaks in a library has no spread there: dividing by it would let rounding decide.
# With both of these, 10 seconds of a library's song through a browser's codec are .93 alike to the song, without .18.
LEAST_SPREAD, MOST_SPREADS = 0.01, 4.0
BLOCK = 4096  # songs compared at a time
State = Identification.State


def start(account: SpotifyAccount, name: str, sound: bytes) -> tuple[Identification, bool]:
    """The account's waiting identification, and whether this call made it: a second click joins the first."""
    try:
        with transaction.atomic():
            made = Identification.objects.create(account=account, name=name[:100], sound=sound)
    except IntegrityError:
        waiting = Identification.objects.waiting().filter(account=account).first()
        return (waiting, False) if waiting else start(account, name, sound)
    kept = account.identifications.values_list("pk", flat=True)[:KEPT]
    account.identifications.exclude(pk__in=list(kept)).delete()
    return made, True


def hear(identification_id: int) -> None:
    """Hear one sound and store what came of it. Safe to run twice: only a waiting one is heard, and ends once."""
    waiting = Identification.objects.waiting().filter(pk=identification_id)
    owner = SpotifyAccount.objects.filter(identifications=identification_id).first()
    with translation.override(owner.spoken_language if owner else settings.LANGUAGE_CODE):
        _hear(waiting)


def _hear(waiting: QuerySet[Identification]) -> None:
    if not waiting.filter(attempts__lt=ATTEMPTS).update(attempts=F("attempts") + 1):
        _end(
            waiting, state=State.FAILED, error=_("Listening to this sound failed twice, so it was given up.")
        )
        return
    row = waiting.select_related("account").first()
    if row is None or row.sound is None:
        return
    try:
        heard = ear.attend(bytes(row.sound))
        result = classify.by_sound_alone(heard.spoken)
        nearest, compared = _nearest(row.account, heard.encoder, heard.embedding)
    except (AudioError, ModelError) as error:
        _end(waiting, state=State.FAILED, error=_told(error)[:300])
        return
    _end(
        waiting,
        state=State.DONE,
        seconds=heard.caption.seconds,
        genres={genre: round(math.exp(log_p), 4) for genre, log_p in result.log_probs.items()},
        is_sure=result.sure,
        other=round(result.other, 4),
        picture=asdict(heard.caption),
        spectrogram=heard.png,
        nearest=nearest,
        compared=compared,
    )


def _told(error: AudioError | ModelError) -> str:
    """The classifier's sentence; it knows English only."""
    return _(error.form) % error.values if isinstance(error, AudioError) else str(error)


def _end(waiting: QuerySet[Identification], **values: object) -> None:
    ended = waiting.update(sound=None, **values)
    if ended and connection.vendor == "sqlite":  # whose log of writes would keep the sound for a while
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def lost() -> list[Identification]:
    """Those whose message may have gone astray; those that nobody hears at all are given up."""
    waiting = Identification.objects.waiting()
    for row in (
        waiting.filter(created_at__lt=timezone.now() - STALE_AFTER)
        .select_related("account")
        .defer("sound", "spectrogram")
    ):
        with translation.override(row.account.spoken_language):
            sentence = _("The worker that listens did not come in ten minutes. Please try again later.")
            _end(waiting.filter(pk=row.pk), state=State.FAILED, error=sentence)
    return list(waiting.filter(created_at__lt=timezone.now() - LOST_AFTER).only("pk"))


def has_songs_to_compare(account: SpotifyAccount) -> bool:
    return _heard_songs(account).exists()


def _heard_songs(account: SpotifyAccount) -> QuerySet[AudioAnalysis]:
    liked = Track.objects.liked_by(account).values("pk")
    return AudioAnalysis.objects.filter(track__in=liked, embedding__isnull=False)


def _nearest(
    account: SpotifyAccount, encoder: str, embedding: np.ndarray
) -> tuple[list[tuple[int, float]], int]:
    """The songs most alike in sound with their cosine similarity, and how many were compared; embedding [E]."""
    rows = _heard_songs(account).filter(encoder=encoder).values_list("track_id", "embedding")
    songs = [
        (track_id, bytes(stored)) for track_id, stored in rows if stored and len(stored) == 2 * len(embedding)
    ]
    if not songs:
        return [], 0
    library = np.frombuffer(b"".join(stored for _, stored in songs), "<f2").reshape(len(songs), -1)
    there = np.isfinite(embedding) & np.isfinite(library[0])  # the fast networks leave the others' part empty
    alike = similarity(library[:, there], embedding[there])
    best = np.argsort(-alike, kind="stable")[:NEAREST]
    return [(songs[place][0], round(float(alike[place]), 4)) for place in best], len(songs)


def similarity(library: np.ndarray, embedding: np.ndarray) -> np.ndarray:
    """Cosine similarity [n] of each row of library [n, E] to embedding [E], both standardised by the library's spread.

    Without that, what all music has in common would make everything alike. Libraries of fewer than ten songs are
    compared as they are.
    """
    blocks = [library[at : at + BLOCK].astype(np.float32) for at in range(0, len(library), BLOCK)]
    if len(library) < ENOUGH_TO_STANDARDISE:
        return np.concatenate([_unit(block) for block in blocks]) @ _unit(embedding[None])[0]
    mean = library.mean(0, dtype=np.float64).astype(np.float32)
    spread = np.maximum(library.std(0, dtype=np.float64), LEAST_SPREAD).astype(np.float32)

    def standard(rows: np.ndarray) -> np.ndarray:
        return _unit(((rows - mean) / spread).clip(-MOST_SPREADS, MOST_SPREADS))

    return np.concatenate([standard(block) for block in blocks]) @ standard(embedding[None])[0]


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
