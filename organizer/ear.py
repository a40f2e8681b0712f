"""The door to the classifier's ears: previews' bytes → embeddings, embeddings → what they say of a song's family.

torch and the decoders are imported inside functions, so that only the worker that listens ever loads them.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _

from classifier.errors import AudioError
from organizer import vitals
from organizer.models import AudioAnalysis, ModelVersion, Track

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from classifier.sound.expert import SoundExpert
    from classifier.sound.opinion import Opinion
    from classifier.spectrogram import Caption

FEATURE_SOURCE = "sound"  # of features that were heard, where no service has any


@dataclass(frozen=True)
class Sound:
    """What hearing one preview gave."""

    embedding: bytes  # as it is stored
    features: dict[str, float] | None = (
        None  # Spotify-like, where they were wanted and the extra is installed
    )


@lru_cache(maxsize=1)
def sound_expert() -> "SoundExpert":
    """Loaded once per process; without the tagger's package the fast networks alone hear."""
    from classifier.sound.expert import SoundExpert
    from classifier.sound.tagger import is_installed

    expert = SoundExpert.load(accurate=is_installed() and settings.LISTENING == "accurate")
    return vitals.held(f"ears ({expert.encoder})", expert)


class Ear:
    """Decode and embed; embeddings with the same `encoder` name mean the same thing."""

    @property
    def encoder(self) -> str:
        return sound_expert().encoder

    @property
    def shortcoming(self) -> str:
        """What the operator could do for better ears, in one sentence; empty where there is nothing."""
        from classifier.sound.tagger import is_installed

        if settings.LISTENING == "fast" or is_installed():
            return ""
        return _(
            "Previews were judged by the small network alone, because the music tagger is not installed."
        )

    def many(self, clips: Sequence[bytes], undescribed: Collection[int] = ()) -> list[Sound | AudioError]:
        """What each clip gives, or what is wrong with it; features only for the places in `undescribed`.

        Each processor takes its share, from bytes to embeddings: decoders and networks work outside of Python's lock,
        and one network for all would leave the other processors idle.
        """
        processors, expert = os.cpu_count() or 1, sound_expert()
        wanted = [(clip, place in undescribed) for place, clip in enumerate(clips)]
        size = max(1, -(-len(clips) // processors))
        shares = [wanted[start : start + size] for start in range(0, len(clips), size)]
        with ThreadPoolExecutor(processors) as pool:
            return [one for share in pool.map(_heard, repeat(expert), shares) for one in share]


def _heard(expert: "SoundExpert", clips: Sequence[tuple[bytes, bool]]) -> list[Sound | AudioError]:
    """Each clip's sound; features for those that want them."""
    from classifier.sound.opinion import packed

    decoded = [_decoded(expert, clip) for clip, _ in clips]
    waves = {place: wave for place, wave in enumerate(decoded) if not isinstance(wave, AudioError)}
    embeddings = dict(zip(waves, packed(expert.embed(list(waves.values()))), strict=True))
    features = _described({place: waves[place] for place in waves if clips[place][1]})
    return [
        wave if isinstance(wave, AudioError) else Sound(embeddings[place], features.get(place))
        for place, wave in enumerate(decoded)
    ]


def _described(waves: "Mapping[int, np.ndarray]") -> dict[int, dict[str, float]]:
    """Features by place, or none at all where the operator has not installed the extra."""
    from classifier.sound import spotify_like

    if not waves or not spotify_like.available():
        return {}
    return dict(zip(waves, spotify_like.features_of(list(waves.values())), strict=True))


def _decoded(expert: "SoundExpert", clip: bytes) -> "np.ndarray | AudioError":
    try:
        return expert.decode(clip)
    except AudioError as error:
        return error


@dataclass(frozen=True)
class Attended:
    """What one sound says of itself, to be judged and looked at."""

    spoken: dict[str, float]  # family → log-probability
    encoder: str
    embedding: "np.ndarray"  # float32 [E]
    caption: "Caption"
    png: bytes  # the mel spectrogram


def attend(sound: bytes) -> Attended:
    """Hear one sound alone and draw it; AudioError with a sentence when it cannot be heard."""
    from classifier import features, spectrogram

    expert = sound_expert()
    wave = expert.decode(sound)
    embeddings = expert.embed([wave])
    (spoken,) = opinion().spoken(embeddings)
    level = features.log_mel(wave)
    return Attended(spoken, expert.encoder, embeddings[0], spectrogram.caption(level), spectrogram.png(level))


def said_of(tracks: Sequence[Track], judge: "Opinion | None" = None) -> dict[int, dict[str, float]]:
    """What the sound expert makes of each track's embedding: family → log-probability; the accurate one's first.

    `judge`: another expert than the one in use.
    """
    from classifier.sound.opinion import unpacked

    judge = judge or opinion()
    stored = embeddings_of([track.pk for track in tracks])
    spoken = judge.spoken(unpacked(list(stored.values()))) if stored else []
    return dict(zip(stored, spoken, strict=True))


def embeddings_of(tracks: Collection[int]) -> dict[int, bytes]:
    """The stored embedding of each of these tracks (ids) that was heard, the accurate ears' before the fast ones'."""
    rows = AudioAnalysis.objects.filter(track__in=tracks, embedding__isnull=False)
    heard: dict[int, bytes] = {}
    for encoder in reversed(opinion_of(None).encoders):
        found = rows.filter(encoder=encoder).values_list("track_id", "embedding")
        heard |= {track: bytes(embedding or b"") for track, embedding in found}
    return heard


def opinion() -> "Opinion":
    """That of the sound expert in use: the champion, else the one that comes with the program."""
    return opinion_of(ModelVersion.objects.champion(ModelVersion.Kind.SOUND))


def opinion_of(version: ModelVersion | None) -> "Opinion":
    """A version's, the shipped one's without a version; loaded once per process. ModelError where it is damaged."""
    return _opinion(version.directory if version else None)


def opinion_afresh(version: ModelVersion) -> "Opinion":
    """The version's, read again from its files: whether they are still there and whole."""
    from classifier.sound.opinion import Opinion

    return Opinion.load(version.directory)


@lru_cache(maxsize=2)
def _opinion(path: "Path | None") -> "Opinion":
    from classifier.sound.opinion import Opinion

    return vitals.held(f"judgement of sounds ({path.name if path else 'shipped'})", Opinion.load(path))
