"""Where the time goes, stage by stage, in milliseconds of processor time a clip."""

import io
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import soundfile as sf
import soxr
import torch

from classifier import audio, decoders, features
from classifier.sound import CLIP_SECONDS, tagger
from classifier.sound.expert import SoundExpert


class Stages:
    """Processor time by stage; the first round warms up and is not counted."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self.spent_s[name] += time.process_time() - began

    def per_clip_ms(self, clips: int) -> dict[str, float]:
        return {name: round(1000 * spent / clips, 2) for name, spent in self.spent_s.items()}


def profile(clips: Sequence[bytes], rounds: int = 3) -> dict[str, dict[str, float]]:
    """Stages of the fast and, where the tagger is installed, of the accurate way."""
    accurate = tagger.is_installed()
    expert = SoundExpert.load(accurate=accurate)
    kept: dict[str, Stages] = {}
    for number in range(rounds + 1):
        if number <= 1:
            kept = {"fast": Stages(), "accurate, besides": Stages()}
        for clip in clips:
            wave = _fast(kept["fast"], clip, expert)
            if accurate:
                _tagged(kept["accurate, besides"], wave, expert)
    return {name: stages.per_clip_ms(rounds * len(clips)) for name, stages in kept.items() if stages.spent_s}


def _fast(stage: Stages, clip: bytes, expert: SoundExpert) -> np.ndarray:
    with stage("decode"), sf.SoundFile(io.BytesIO(clip)) as file:
        for _ in file.blocks(decoders.BLOCK, dtype="float32", always_2d=True):
            pass
    with stage("decode and down-mix"):
        sound = decoders.read(io.BytesIO(clip), decoders.Stretch(CLIP_SECONDS, from_middle=True))
    with stage("resample"):
        wave = soxr.resample(sound.mono, sound.sr_hz, audio.SR_HZ, quality="HQ")
    with stage("FFT"):
        power = np.concatenate(list(features.power_batches(wave, features.sparse_frames(len(wave)))))
    with stage("mel and dB"):
        mel = features.below_loudest(features.mel_power(power))
    with stage("network"), torch.inference_mode():
        expert._cnn.embed(torch.from_numpy(mel[None]))
    return wave


def _tagged(stage: Stages, wave: np.ndarray, expert: SoundExpert) -> None:
    with stage("resample again"):
        soxr.resample(wave, audio.SR_HZ, tagger.TAGGER_SR_HZ, quality="HQ")
    with stage("resample again, FFT and mel"):
        mel = tagger.restored(tagger.log_mel(wave))
    with stage("tagger"), torch.inference_mode():
        expert._tagger._net(torch.from_numpy(tagger.spread(mel, tagger.PATCHES)))
