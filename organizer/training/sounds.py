"""Sound files of a data set → spectrograms and embeddings, part by part, so that a killed check goes on where it was.

The classifier is imported inside functions.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifier.errors import AudioError, DataError
from organizer.models import Dataset
from organizer.training import datasets
from organizer.training.archives import MOST_FILES, Sound

if TYPE_CHECKING:
    import numpy as np

PART = 10  # clips that are heard between two checkpoints
PARTS = "parts"


@dataclass(frozen=True)
class Bad:
    """A file that cannot be used, by its place among the data set's, and why in one sentence."""

    place: int
    title: str
    reason: str


@dataclass(frozen=True)
class Heard:
    """What hearing all files of a data set came to."""

    labels: dict[str, int]  # label → clips
    bad: tuple[Bad, ...]
    digest: str  # of all files' bytes, in order


def list_folder(folder: Path) -> tuple[list[Sound], list[Path]]:
    """The sounds genre/file of a folder on the server, and where they lie; links that lead elsewhere are passed over."""
    from classifier.folders import list_clips, readable

    clips = [clip for clip in list_clips(folder) if datasets.is_allowed(clip.path)]
    if not clips:
        raise DataError(f"{folder.name} holds no sound files of its own, only links to elsewhere.")
    if len(clips) > MOST_FILES:
        raise DataError(f"{folder.name} holds {len(clips):,} sound files; at most {MOST_FILES:,} are taken.")
    return [Sound(clip.label, readable(clip.path.name)) for clip in clips], [clip.path for clip in clips]


def part_file(dataset: Dataset, start: int) -> Path:
    return dataset.folder / PARTS / f"{start:05d}.npz"


def hear_part(dataset: Dataset, start: int, paths: Sequence[Path | None]) -> None:
    """Decode and embed some files and keep what came of them; None stands for a file that could not be unpacked."""
    import numpy as np

    from classifier.sound.opinion import WIDTH
    from organizer.ear import sound_expert

    mels, waves, places, bad, digest = [], [], [], {}, sha256()
    for place, path in enumerate(paths, start):
        try:
            content = _content(path)
            digest.update(content)
            mel, wave = _heard(content)
        except (AudioError, OSError) as error:
            bad[place] = str(error)
            continue
        mels.append(mel)
        waves.append(wave)
        places.append(place)
    embeddings = sound_expert().embed(waves) if waves else np.empty((0, WIDTH), np.float32)
    _save(
        part_file(dataset, start),
        mel=np.stack(mels) if mels else np.empty((0, 128, 387), np.uint8),
        places=np.array(places, np.int64),
        embeddings=embeddings.astype(np.float16),
        bad=np.array(json.dumps(bad)),
        digest=np.array(digest.hexdigest()),
    )


def _content(path: Path | None) -> bytes:
    from classifier.audio import MAX_BYTES

    if path is None:
        raise AudioError("The zip is damaged at this file.")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)  # one byte too many is refused


def _heard(content: bytes) -> "tuple[np.ndarray, np.ndarray]":
    """The spectrogram uint8 [128, 387], as classifier.sound.clips makes it, and the wave that the expert embeds."""
    import numpy as np

    from classifier import audio
    from classifier.sound import CLIP_SECONDS
    from classifier.sound.clips import hear
    from classifier.sound.nets import COLUMNS
    from organizer.ear import sound_expert

    mel = hear(audio.decode(content, max_seconds=CLIP_SECONDS))
    repeated = np.tile(mel, (1, -(-COLUMNS // mel.shape[1])))[:, :COLUMNS]
    return repeated, sound_expert().decode(content)


def _save(path: Path, **arrays: Any) -> None:
    import numpy as np

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, **arrays)
    os.replace(part, path)


def join(dataset: Dataset, sounds: Sequence[Sound], files: Sequence[str]) -> Heard:
    """One file of all parts, which stay; DataError when no clip can be used."""
    import numpy as np

    paths = [part_file(dataset, start) for start in range(0, len(sounds), PART)]
    parts = [_small(path) for path in paths]
    places = np.concatenate([part["places"] for part in parts])
    bad = [Bad(place, sounds[place].title, reason) for part in parts for place, reason in part["bad"].items()]
    if not len(places):
        several = f"None of the {len(sounds):,} sound files can be used; the first"
        one = "The only sound file cannot be used"
        raise DataError(f"{several if len(sounds) > 1 else one}: {bad[0].reason}")
    names = _names([sounds[place] for place in places])
    _save(
        dataset.folder / datasets.CLIPS,
        mel=_joined(paths, len(places)),
        names=np.array(names),
        files=np.array([files[place] for place in places]),
        embeddings=np.concatenate([part["embeddings"] for part in parts]),
    )
    labels: dict[str, int] = {}
    for place in places:
        labels[sounds[place].label] = labels.get(sounds[place].label, 0) + 1
    digest = sha256("".join(part["digest"] for part in parts).encode()).hexdigest()
    return Heard(labels, tuple(bad), digest)


def bad_of(dataset: Dataset, sounds: Sequence[Sound]) -> list[Bad]:
    """The unusable files among those heard so far."""
    paths = [part_file(dataset, start) for start in range(0, len(sounds), PART)]
    found = [_small(path)["bad"] for path in paths if path.exists()]
    return [Bad(place, sounds[place].title, reason) for bad in found for place, reason in bad.items()]


def _small(path: Path) -> dict[str, Any]:
    """A part without its spectrograms."""
    import numpy as np

    with np.load(path, allow_pickle=False) as file:
        bad = {int(place): reason for place, reason in json.loads(str(file["bad"])).items()}
        return {
            "places": file["places"],
            "embeddings": file["embeddings"],
            "bad": bad,
            "digest": str(file["digest"]),
        }


def _joined(paths: Sequence[Path], count: int) -> "np.ndarray":
    """The parts' spectrograms as uint8 [count, 128, 387], never twice in memory."""
    import numpy as np

    mel, at = np.empty((count, 128, 387), np.uint8), 0
    for path in paths:
        with np.load(path, allow_pickle=False) as file:
            found = file["mel"]
        mel[at : at + len(found)] = found
        at += len(found)
    return mel


def _names(sounds: Sequence[Sound]) -> list[str]:
    """genre/file without the ending, as long as that tells the files apart."""
    short = [str(Path(sound.title).with_suffix("")) for sound in sounds]
    return [
        name if short.count(name) == 1 else sound.title for name, sound in zip(short, sounds, strict=True)
    ]
