"""Ways from a clip's bytes to genres: ours, the common one, the plain port of the tagger, and the least work there is."""

import io
from collections.abc import Callable, Sequence

import librosa
import numpy as np
import soundfile as sf
import torch
from scipy import fft
from torch.nn import functional

from classifier import audio, decoders, features
from classifier.sound import CLIP_SECONDS, checkpoint, opinion, tagger
from classifier.sound.expert import FAST_SECONDS, SoundExpert, load_cnn
from tests.classifier.sound import reference_musicnn

Way = Callable[[Sequence[bytes]], np.ndarray]
HANN = np.hanning(features.N_FFT + 1)[:-1].astype(np.float32)


def build(name: str) -> Way:
    """The way of that name, with its networks loaded; ModelError where it needs the tagger and that is not installed."""
    return {
        "floor": lambda: lambda clips: _least(clips, sparse=False),
        "floor, fewer FFTs": lambda: lambda clips: _least(clips, sparse=True),
        "common": lambda: _common(SoundExpert.load(accurate=False)),
        "fast": lambda: _ours(accurate=False, window_s=CLIP_SECONDS),
        "fast, 15 s": lambda: _ours(accurate=False, window_s=15.0),
        "fast, 12.5 s": lambda: _ours(accurate=False, window_s=FAST_SECONDS),
        "accurate": lambda: _ours(accurate=True, window_s=CLIP_SECONDS),
        "accurate, 15 s": lambda: _ours(accurate=True, window_s=15.0),
        "plain port": _plain_port,
    }[name]()


def _ours(*, accurate: bool, window_s: float) -> Way:
    expert = SoundExpert.load(accurate=accurate)

    def hear(clips: Sequence[bytes]) -> np.ndarray:
        waves = [audio.decode(clip, window_s=window_s) for clip in clips]
        return expert.log_probabilities(expert.embed(waves))

    return hear


def _least(clips: Sequence[bytes], *, sparse: bool) -> np.ndarray:
    """Decode and transform, nothing else: every second sample of one channel, so that even resampling costs nothing.

    All frames of the log-mel, or with `sparse` only those that our network looks at.
    """
    for clip in clips:
        with sf.SoundFile(io.BytesIO(clip)) as file:
            blocks = [block[::2, 0] for block in file.blocks(decoders.BLOCK, dtype="float32", always_2d=True)]
        wave = np.concatenate(blocks)
        frames = np.lib.stride_tricks.sliding_window_view(wave, features.N_FFT)[:: features.HOP]
        if sparse:
            wanted = features.sparse_frames(len(wave))
            frames = frames[wanted[wanted < len(frames)]]
        for start in range(0, len(frames), 64):
            fft.rfft(frames[start : start + 64] * HANN, axis=1)
    return np.zeros((len(clips), 0))


def _common(expert: SoundExpert) -> Way:
    """As most programs do it: librosa for the sound and the spectrogram, then the network as trained on the batch."""
    cnn = load_cnn(None, len(expert.opinion.cnn.labels)).eval()

    def hear(clips: Sequence[bytes]) -> np.ndarray:
        together = torch.from_numpy(np.stack([_mel_by_librosa(clip) for clip in clips]))
        embeddings = np.full((len(clips), opinion.WIDTH), np.nan, np.float32)
        with torch.inference_mode():
            opinion.part(embeddings, "mel_cnn")[:] = cnn.embed(together).numpy()
        return expert.log_probabilities(embeddings)

    return hear


def _mel_by_librosa(clip: bytes) -> np.ndarray:
    wave, sr_hz = librosa.load(io.BytesIO(clip), sr=audio.SR_HZ)
    level = librosa.power_to_db(librosa.feature.melspectrogram(y=wave, sr=sr_hz), ref=np.max)
    return level[:, features.sparse_frames(len(wave))]


def _plain_port() -> Way:
    """The tagger layer by layer, normalisation and empty filters included, on ten patches of librosa's spectrogram."""
    read = checkpoint.read(f"{tagger._folder('MSD_musicnn')}/")
    weights = {name: array.copy() for name, array in read.items()}  # torch wants to be able to write

    def hear(clips: Sequence[bytes]) -> np.ndarray:
        rows = []
        for clip in clips:
            wave, sr_hz = librosa.load(io.BytesIO(clip), sr=tagger.TAGGER_SR_HZ)
            mel = librosa.feature.melspectrogram(
                y=wave, sr=sr_hz, n_fft=tagger.N_FFT, hop_length=tagger.HOP, n_mels=tagger.N_MELS
            )
            patches = torch.from_numpy(tagger.spread(np.log10(1 + 10_000 * mel.T), 10).astype(np.float32))
            with torch.inference_mode():
                tags, _ = reference_musicnn.forward(weights, patches)
            rows.append(functional.logsigmoid(tags.mean(0)).numpy())
        return np.stack(rows)

    return hear
