"""What users said of songs by held-out artists, which no run learns from: whether a version does better by them.

The classifier is imported inside functions.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from classifier.errors import DataError
from organizer import ear
from organizer.models import Dataset, ModelVersion, Track
from organizer.training import answers, corrections
from organizer.training.answers import Answers
from organizer.training.scoring import rows_of, scores, wide
from organizer.training.testsets import Part

if TYPE_CHECKING:
    from classifier.dataset import Dataset as Tracks

Kind = ModelVersion.Kind
LEAST = 5  # songs
NONE = "There are too few corrections of songs by held-out artists to measure by: {} of {} that it takes."
NETS = "A net of its own does not hear what libraries have stored, so corrections cannot judge it."


def held_out(versions: Sequence[ModelVersion | None], kind: Kind) -> Part | None:
    """The words of held-out artists; for sound, those on songs that were heard, with their embeddings. None: for nets."""
    from classifier.splits import split

    if _has_nets(versions):
        return None
    try:
        tracks = corrections.read()
    except DataError:
        return None
    tracks = tracks.take(split(tracks, "artist").test)
    row = Dataset(name=corrections.NAME, kind=Dataset.Kind.CORRECTIONS)
    if kind == Kind.TABLES:
        return Part(row, "", True, tracks=tracks) if len(tracks) else None
    return _heard(row, tracks)


def _has_nets(versions: Sequence[ModelVersion | None]) -> bool:
    return any(version is not None and version.kind == Kind.NET for version in versions)


def _heard(row: Dataset, tracks: "Tracks") -> Part | None:
    import numpy as np

    from classifier.sound.opinion import unpacked

    pks = dict(Track.objects.filter(uri__in=tracks.track_ids).values_list("uri", "pk"))
    stored = ear.embeddings_of(pks.values())
    kept = [i for i, uri in enumerate(tracks.track_ids) if pks.get(uri) in stored]
    if not kept:
        return None
    embeddings = unpacked([stored[pks[tracks.track_ids[i]]] for i in kept])
    return Part(row, "", True, tracks=tracks.take(np.array(kept)), embeddings=embeddings)


def compared(
    versions: Sequence[ModelVersion | None], found: Sequence[Answers | None], said: Part | None
) -> dict[str, Any]:
    """Figures of every version on the words, what is in use first; or a sentence where nothing can be said."""
    if _has_nets(versions):
        return {"sentence": NETS}
    taken = [one for one in found if one is not None]
    if said is None or len(said) < LEAST:
        return {"sentence": NONE.format(len(said) if said else 0, LEAST)}
    for version in versions:
        if answers.knows_words(version, corrections.NAME):
            return {"sentence": f"“{version}” may have learned from these very corrections."}
    judged = rows_of([said])
    return scores(wide(taken, judged), judged)
