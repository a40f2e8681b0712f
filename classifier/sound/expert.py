"""The sound expert: waves to embeddings by networks, embeddings to families by an `Opinion`."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from classifier import audio, features
from classifier.errors import ModelError
from classifier.sound import CLIP_SECONDS, opinion
from classifier.sound.nets import MelCNN, fused
from classifier.sound.opinion import Opinion
from classifier.sound.tagger import Tagger

# Three chunks that overlap. On the 197 validation clips of GTZAN's fault-filtered lists three nets lost .7 points by it
# on average; windows of 12.4 to 15 s in other places around the middle lost 0 to 2, of which nothing tells them apart.
FAST_SECONDS = 12.5


def load_cnn(path: Path | None, n_labels: int) -> MelCNN:
    """The network of a sound version's directory as it was trained; ModelError where it does not fit."""
    _, arrays = opinion.read(path)
    cnn = MelCNN(n_labels)
    try:
        cnn.load_state_dict({k[4:]: torch.from_numpy(a) for k, a in arrays.items() if k.startswith("cnn.")})
    except RuntimeError as error:
        raise ModelError("The sound expert is damaged: its network does not fit.") from error
    return cnn


class SoundExpert:
    """Loaded once per process. With the tagger it is accurate, without it fast."""

    def __init__(self, judge: Opinion, cnn: MelCNN, tagger: Tagger | None) -> None:
        self.opinion = judge
        self.labels = judge.labels
        self.encoder = judge.encoder(accurate=tagger is not None)
        self._window_s = CLIP_SECONDS if tagger else FAST_SECONDS
        self._cnn = fused(cnn)
        self._tagger = tagger

    @classmethod
    def load(cls, path: Path | None = None, *, accurate: bool = True) -> "SoundExpert":
        """A sound version's directory, the shipped one without a path.

        Raises
        ------
        ModelError
            The version is damaged, or `accurate` and the tagger is not installed.
        """
        judge = Opinion.load(path)
        return cls(judge, load_cnn(path, len(judge.cnn.labels)), Tagger.load() if accurate else None)

    def decode(self, source: bytes | Path) -> np.ndarray:
        """The wave that `embed` wants, of the middle that this expert listens to; AudioError where it is no usable sound."""
        return audio.decode(source, window_s=self._window_s)

    @torch.inference_mode()
    def embed(self, waves: Sequence[np.ndarray]) -> np.ndarray:
        """Mono float32 waves [n] at 22,050 Hz -> float32 [n, WIDTH], see `opinion.PARTS`; NaN where a part is missing."""
        result = np.full((len(waves), opinion.WIDTH), np.nan, np.float32)
        if not waves:
            return result
        opinion.part(result, "mel_cnn")[:] = self._by_cnn(waves)
        if self._tagger:
            tagged = self._tagger(waves)
            opinion.part(result, "tags_mean")[:] = [one.tags.mean(0) for one in tagged]
            opinion.part(result, "tags_std")[:] = [one.tags.std(0) for one in tagged]
            opinion.part(result, "penultimate")[:] = [one.penultimate.mean(0) for one in tagged]
        return result

    def _by_cnn(self, waves: Sequence[np.ndarray]) -> np.ndarray:
        """MelCNN's layer for each wave [n, 128]; clips of one length go through it together."""
        mels = [features.log_mel(wave, features.sparse_frames(len(wave))) for wave in waves]
        same: dict[int, list[int]] = defaultdict(list)
        for i, mel in enumerate(mels):
            same[mel.shape[1]].append(i)
        result = np.empty((len(mels), opinion.PARTS["mel_cnn"]), np.float32)
        for places in same.values():
            together = torch.from_numpy(np.stack([mels[i] for i in places]))
            result[places] = self._cnn.embed(together).numpy()
        return result

    def log_probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """[n, WIDTH] -> [n, K] in `labels`' order; NaN for families that nothing which heard the clip was taught."""
        return self.opinion.log_probabilities(embeddings)
