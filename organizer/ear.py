"""The door to the classifier's ears: previews' bytes → embeddings, embeddings → what they say of a song's family.

torch and the decoders are imported inside functions, so that only the worker that listens ever loads them.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING

from django.conf import settings

from classifier.errors import AudioError
from organizer.models import AudioAnalysis, Track

if TYPE_CHECKING:
    import numpy as np

    from classifier.sound.expert import SoundExpert
    from classifier.sound.opinion import Opinion
    from classifier.spectrogram import Caption


@lru_cache(maxsize=1)
def sound_expert() -> "SoundExpert":
    """Loaded once per process; without the tagger's package the fast networks alone hear."""
    from classifier.sound.expert import SoundExpert
    from classifier.sound.tagger import is_installed

    return SoundExpert.load(accurate=is_installed() and settings.LISTENING == "accurate")


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
        return "Previews were judged by the small network alone, because the music tagger is not installed."

    def many(self, clips: Sequence[bytes]) -> list[bytes | AudioError]:
        """An embedding for each clip, or what is wrong with it.

        Each processor takes its share, from bytes to embeddings: decoders and networks work outside of Python's lock,
        and one network for all would leave the other processors idle.
        """
        processors, expert = os.cpu_count() or 1, sound_expert()
        size = max(1, -(-len(clips) // processors))
        shares = [clips[start : start + size] for start in range(0, len(clips), size)]
        with ThreadPoolExecutor(processors) as pool:
            heard = pool.map(_embedded, repeat(expert), shares)
            return [one for share in heard for one in share]


def _embedded(expert: "SoundExpert", clips: Sequence[bytes]) -> list[bytes | AudioError]:
    from classifier.sound.opinion import packed

    sounds = [_decoded(clip) for clip in clips]
    waves = [sound for sound in sounds if not isinstance(sound, AudioError)]
    embeddings = iter(packed(expert.embed(waves)))
    return [sound if isinstance(sound, AudioError) else next(embeddings) for sound in sounds]


def _decoded(clip: bytes) -> "np.ndarray | AudioError":
    from classifier import audio
    from classifier.sound import CLIP_SECONDS

    try:
        return audio.decode(clip, window_s=CLIP_SECONDS)
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
    from classifier import audio, features, spectrogram
    from classifier.sound import CLIP_SECONDS

    wave, expert = audio.decode(sound, window_s=CLIP_SECONDS), sound_expert()
    embeddings = expert.embed([wave])
    (spoken,) = expert.opinion.spoken(embeddings)
    level = features.log_mel(wave)
    return Attended(spoken, expert.encoder, embeddings[0], spectrogram.caption(level), spectrogram.png(level))


def said_of(tracks: list[Track]) -> dict[int, dict[str, float]]:
    """What the sound expert makes of each track's embedding: family → log-probability; the accurate one's first."""
    from classifier.sound.opinion import unpacked

    rows = AudioAnalysis.objects.filter(track__in=tracks, embedding__isnull=False)
    stored = {
        encoder: dict(rows.filter(encoder=encoder).values_list("track_id", "embedding"))
        for encoder in opinion().encoders
    }
    heard: dict[int, dict[str, float]] = {}
    for embeddings in reversed(stored.values()):
        heard |= dict(
            zip(embeddings, opinion().spoken(unpacked(list(map(bytes, embeddings.values())))), strict=True)
        )
    return heard


@lru_cache(maxsize=1)
def opinion() -> "Opinion":
    from classifier.sound.opinion import Opinion

    return Opinion.load()
