"""Whatever answers to sound, alike: a version of a net that hears, or a sound expert; and the clips to try it on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifier import audio, registry
from classifier.errors import DataError
from classifier.folders import Clip, list_clips
from classifier.labels import detect_mapping, families_of
from classifier.sound import CLIP_SECONDS, opinion
from classifier.sound.answer import answer_of, load_net
from classifier.sound.expert import SoundExpert
from classifier.taxonomy import FAMILIES

NEVER = -30.0  # log-probability of a family that was never taught


@dataclass(frozen=True)
class Listener:
    """`decode` reads a file as this listener hears it, `answer` turns such waves into log-probabilities [n, K] of `labels`."""

    name: str
    labels: tuple[str, ...]
    decode: Callable[[Path], np.ndarray]
    answer: Callable[[Sequence[np.ndarray]], np.ndarray]

    def filed(self, folder: Path) -> list[tuple[Clip, int]]:
        """The clips of a folder genre/file with the place of their label; those of other genres are left out.

        A listener that answers with families takes the folders' names for labels of families. DataError where no clip
        is left.
        """
        clips = list_clips(folder)
        own: dict[str, str | None] = {clip.label: clip.label for clip in clips}
        if set(self.labels) <= set(FAMILIES):
            own = families_of(own, detect_mapping(own) or "families")
        place = {label: k for k, label in enumerate(self.labels)}
        filed = [(clip, place[label]) for clip in clips if (label := own[clip.label]) and label in place]
        if not filed:
            raise DataError(f"{folder.name} holds no clip of the genres of {self.name} to try it on.")
        return filed


def _whole_clip(path: Path) -> np.ndarray:
    return audio.decode(path, window_s=CLIP_SECONDS)


def load_listener(model: str, *, accurate: bool = True) -> Listener:
    """'shipped' or the directory of a net or a sound expert; ModelError says why it cannot be used."""
    path = opinion.shipped_path() if model == "shipped" else Path(model)
    if registry.read_description(path).get("kind") == registry.SOUND:
        net, meta = load_net(path)
        return Listener(path.name, tuple(meta["labels"]), _whole_clip, answer_of(net))
    expert = SoundExpert.load(path, accurate=accurate)

    def answer(waves: Sequence[np.ndarray]) -> np.ndarray:
        return np.nan_to_num(expert.log_probabilities(expert.embed(waves)), nan=NEVER)

    return Listener(model if model == "shipped" else path.name, expert.labels, expert.decode, answer)
