"""Made clips whose genres can be told apart: where their bands are loud, and how fast they pulse."""

from pathlib import Path

import numpy as np
import soundfile as sf

from classifier.dataset import Provenance
from classifier.sound.clips import Clips
from classifier.sound.nets import BANDS

GENRES = ("bell", "drum", "hiss")


def mel(n: int, columns: int = 200, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(seed)
    made, names = np.zeros((n, BANDS, columns), np.uint8), []
    for i in range(n):
        kind = i % len(GENRES)
        loud = np.exp(-(((np.arange(BANDS) - 20 - 40 * kind) / 20) ** 2))[:, None]
        pulse = 0.7 + 0.3 * np.sin(np.arange(columns) * (0.2 + 0.6 * kind) + rng.random() * 6)
        made[i] = np.clip(60 + 150 * loud * pulse + rng.normal(0, 20, (BANDS, columns)), 0, 255)
        names.append(f"{GENRES[kind]}.{i // len(GENRES):05}")
    return made, names


def clips(n: int = 90, columns: int = 200, seed: int = 0) -> Clips:
    made, names = mel(n, columns, seed)
    labels = [name.split(".")[0] for name in names]
    keys = tuple(f"{label}/{name}" for label, name in zip(labels, names, strict=True))
    return Clips(made, keys, tuple(labels), Provenance("made", "0" * 64, n))


def mel_file(folder: Path, n: int = 90) -> Path:
    made, names = mel(n)
    path = folder / "made.npz"
    np.savez(path, mel=made, name=np.array(names))
    return path


def sound_folder(folder: Path, n: int = 24, seconds: float = 4.0) -> Path:
    """genre/file.wav: a low tone, a pulsing one and noise."""
    rng = np.random.default_rng(0)
    time = np.arange(int(22_050 * seconds)) / 22_050
    for i in range(n):
        kind = GENRES[i % len(GENRES)]
        sound = 0.01 * rng.normal(size=len(time))
        if kind == "bell":
            sound += 0.4 * np.sin(2 * np.pi * 300 * time)
        elif kind == "drum":
            sound += 0.4 * np.sin(2 * np.pi * 90 * time) * (np.sin(2 * np.pi * 2 * time) > 0)
        else:
            sound += 0.2 * rng.normal(size=len(time))
        (folder / kind).mkdir(parents=True, exist_ok=True)
        sf.write(folder / kind / f"{kind}.{i:05}.wav", sound.astype(np.float32), 22_050)
    return folder


def lists(folder: Path, names: list[str]) -> Path:
    """train, valid and test lists: every fifth clip of a genre for validation, every fifth for testing."""
    folder.mkdir(exist_ok=True)
    for part, places in {"train": (0, 1, 2), "valid": (3,), "test": (4,)}.items():
        chosen = [name for i, name in enumerate(names) if i // len(GENRES) % 5 in places]
        (folder / f"{part}_filtered.txt").write_text("".join(f"{name}.wav\n" for name in chosen))
    return folder
