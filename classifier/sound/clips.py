"""Clips to learn from: a file of spectrograms or a folder genre/file of sound, and how they are parted."""

import hashlib
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from classifier import audio, features
from classifier.data import Level, OnBadRow, genres_of
from classifier.dataset import BadRow, Provenance
from classifier.errors import AudioError, DataError
from classifier.folders import list_clips
from classifier.labels import LabelMap, detect_mapping, some_of
from classifier.sound import CLIP_SECONDS
from classifier.sound.nets import BANDS, COLUMNS
from classifier.splits import Split

VALID_SHARE, TEST_SHARE = 0.1, 0.2
LISTS = ("train", "valid", "test")
# Of the clips that lists name so many may be absent; GTZAN's lists name one that many copies lack.
ABSENT_SHARE = 0.05


@dataclass(frozen=True)
class Clips:
    """Clips as spectrograms: mel uint8 [n, 128, 387], byte b meaning b / 255 * 80 - 80 dB below the loudest cell."""

    mel: np.ndarray
    names: tuple[str, ...]  # "genre/file" without the ending
    labels: tuple[str, ...]
    provenance: Provenance
    bad: tuple[BadRow, ...] = ()
    left_out: Mapping[str, int] | None = None  # labels that name none of the genres -> clips
    further: tuple[Provenance, ...] = ()  # of the other sets that these clips were joined from
    owner: tuple[int, ...] = ()  # of each clip, which of `origins` it is from; empty: all from the first

    def __len__(self) -> int:
        return len(self.names)

    @property
    def origins(self) -> tuple[Provenance, ...]:
        return (self.provenance, *self.further)

    def origin(self, row: int) -> Provenance:
        """Where the clip at `row` is from."""
        return self.origins[self.owner[row] if self.owner else 0]

    @property
    def genres(self) -> tuple[str, ...]:
        """The labels that occur, by name."""
        return tuple(sorted(set(self.labels)))

    @property
    def truth(self) -> np.ndarray:
        """bool [n, K] in the order of `genres`."""
        return np.array(self.labels)[:, None] == np.array(self.genres)

    def take(self, rows: Sequence[int] | np.ndarray) -> "Clips":
        return replace(
            self,
            mel=self.mel[rows],
            names=tuple(self.names[i] for i in rows),
            labels=tuple(self.labels[i] for i in rows),
            owner=tuple(self.owner[i] for i in rows) if self.owner else (),
        )

    def only(self, genres: Sequence[str] | None) -> "Clips":
        """The clips of some genres; DataError for a genre that does not occur."""
        if genres is None:
            return self
        strangers = [genre for genre in genres if genre not in self.genres]
        if strangers:
            raise DataError(
                f"No clip is filed under {', '.join(strangers)}; there are {', '.join(self.genres)}."
            )
        return self.take([i for i, label in enumerate(self.labels) if label in genres])

    def sentences(self) -> list[str]:
        """What became of the clips, as sentences for a person."""
        lines = [f"{len(self):,} clips of {len(self.genres)} genres."]
        if self.bad:
            lines.append(f"{len(self.bad):,} unusable files were skipped; the first is {self.bad[0].column}.")
        if self.left_out:
            clips = sum(self.left_out.values())
            lines.append(f"{clips:,} clips carry labels that name no genre: {some_of(self.left_out)}.")
        return lines


def columns_of(frames: int) -> np.ndarray:
    """Which of a spectrogram's frames (hop 512 at 22,050 Hz) the nets see: every 3.34th, 77.5 ms apart; int [T]."""
    columns = np.round(3.33658 * np.arange(COLUMNS) + 1.206).astype(int)
    return columns[columns < frames]


def hear(wave: np.ndarray) -> np.ndarray:
    """Mono sound float32 [n] at 22,050 Hz -> its spectrogram at those frames, bytes [128, T] with T <= 387."""
    level = features.log_mel(wave)
    return as_bytes(level[:, columns_of(level.shape[1])])


def as_bytes(level: np.ndarray) -> np.ndarray:
    """dB from -80 to 0 as bytes from 0 to 255."""
    return np.round((level + features.TOP_DB) * (255 / features.TOP_DB)).astype(np.uint8)


def read_clips(
    path: Path,
    *,
    level: Level = "own",
    mapping: str | LabelMap | None = None,
    on_bad_row: OnBadRow = "stop",
    licence: str = "not stated",
    on_clip: Callable[[int, int], object] = lambda done, total: None,
) -> Clips:
    """Clips of a mel file (.npz with "mel" uint8 [n, 128, T] and "name", "genre.number") or of a folder genre/file.

    A folder's files are decoded to at most 30 s; shorter ones are repeated until they fill the 387 columns.

    Raises
    ------
    DataError
        What is missing or wrong, and where.
    """
    path = path.absolute()
    if path.is_dir():
        found = _read_folder(path, on_bad_row, licence, on_clip)
    else:
        found = _read_mel_file(path, licence)
    known = mapping or detect_mapping(found.labels)
    genres = genres_of(set(found.labels), level, known, path.name)
    kept = [i for i, label in enumerate(found.labels) if genres[label]]
    named = replace(found, labels=tuple(genres[label] or label for label in found.labels)).take(kept)
    return replace(named, left_out=dict(Counter(label for label in found.labels if not genres[label])))


def _read_mel_file(path: Path, licence: str) -> Clips:
    try:
        content = path.read_bytes()
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            missing = [key for key in ("mel", "name") if key not in file]
            if missing:
                raise DataError(f"{path.name} lacks {' and '.join(missing)}; it holds {some_of(file)}.")
            mel, names = file["mel"], file["name"]
    except OSError as error:
        raise DataError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    except (ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path.name} is no file of spectrograms (.npz), or it is damaged.") from error
    _check(path.name, mel, names)
    plain = [str(name) for name in names]
    labels = tuple(name.split(".")[0] for name in plain)
    keys = tuple(f"{label}/{name}" for label, name in zip(labels, plain, strict=True))
    origin = Provenance(path.name, hashlib.sha256(content).hexdigest(), len(keys), licence)
    return Clips(_filled(mel), keys, labels, origin)


def _check(file: str, mel: np.ndarray, names: np.ndarray) -> None:
    if mel.dtype != np.uint8 or mel.ndim != 3 or mel.shape[1] != BANDS or not mel.size:
        raise DataError(
            f"mel of {file} is {mel.dtype} of shape {list(mel.shape)}; uint8 [clips, {BANDS}, columns] is needed."
        )
    if names.shape != mel.shape[:1]:
        raise DataError(f"{file} has {mel.shape[0]:,} spectrograms but {names.size:,} names.")
    twice = [name for name, count in Counter(map(str, names)).items() if count > 1]
    if twice:
        raise DataError(f"{file} holds {some_of(twice)} more than once.")


def _filled(mel: np.ndarray) -> np.ndarray:
    """mel [..., T] repeated from its start, or cut, to [..., 387]."""
    times = -(-COLUMNS // mel.shape[-1])
    return np.concatenate([mel] * times, axis=-1)[..., :COLUMNS]


def _read_folder(
    folder: Path, on_bad_row: OnBadRow, licence: str, on_clip: Callable[[int, int], object]
) -> Clips:
    listed = list_clips(folder)
    heard: dict[str, np.ndarray] = {}
    bad: list[BadRow] = []
    digest = hashlib.sha256()
    for i, clip in enumerate(listed):
        name = f"{clip.label}/{clip.path.name}"
        try:
            with clip.path.open("rb") as file:
                content = file.read(audio.MAX_BYTES + 1)  # one byte too many is refused
            digest.update(content)
            heard[name] = _filled(hear(audio.decode(content, max_seconds=CLIP_SECONDS)))
        except (AudioError, OSError) as error:
            if on_bad_row == "stop":
                raise DataError(f"{name}: {error}") from error
            bad.append(BadRow(i + 1, name, str(error).rstrip(".")))
        on_clip(i + 1, len(listed))
    if not heard:
        raise DataError(f"{folder.name} holds no usable sound file.")
    names = tuple(str(Path(name).with_suffix("")) for name in heard)
    origin = Provenance(folder.name, digest.hexdigest(), len(listed), licence)
    return Clips(
        np.stack(list(heard.values())), names, tuple(name.split("/")[0] for name in heard), origin, tuple(bad)
    )


def split_random(clips: Clips, seed: int) -> Split:
    """A fifth for testing, a tenth for validation, the rest to train on; artists are shared between them."""
    order = np.random.default_rng(seed).permutation(len(clips))
    test, valid = round(len(clips) * TEST_SHARE), round(len(clips) * (TEST_SHARE + VALID_SHARE))
    return Split(order[valid:], order[test:valid], order[:test])


def split_by_lists(clips: Clips, folder: Path) -> Split:
    """The parts that three lists of a folder name, train_*.txt, valid_*.txt and test_*.txt, one genre/file a line.

    Clips in none of the lists take no part.

    Raises
    ------
    DataError
        A list is missing, names many clips that are not there, or a clip that another list names.
    """
    listed = {part: _read_list(folder, part) for part in LISTS}
    counted = Counter(name for names in listed.values() for name in names)
    twice = [name for name, count in counted.items() if count > 1]
    if twice:
        raise DataError(f"The lists of {folder.name} name {some_of(twice)} more than once.")
    place = {name: i for i, name in enumerate(clips.names)}
    labels = {name.split("/")[0] for name in clips.names}
    wanted = [
        name for name in counted if name.split("/")[0] in labels
    ]  # only these genres may have been chosen
    absent = [name for name in wanted if name not in place]
    if not wanted or len(absent) > ABSENT_SHARE * len(wanted):
        raise DataError(
            f"The lists of {folder.name} name {len(absent) or len(counted):,} clips that {clips.provenance.name} "
            f"does not hold, such as {some_of(absent or counted)}."
        )
    return Split(*(np.array([place[name] for name in listed[part] if name in place], int) for part in LISTS))


def listed_names(folder: Path, parts: Sequence[str]) -> set[str]:
    """The genre/file of every clip that the lists of these parts name; raises DataError as `split_by_lists` does."""
    return {name for part in parts for name in _read_list(folder, part)}


def _read_list(folder: Path, part: str) -> list[str]:
    found = sorted(folder.glob(f"{part}_*.txt"))
    if len(found) != 1:
        raise DataError(f"{folder.name} holds {len(found)} lists {part}_*.txt; one is needed.")
    try:
        lines = found[0].read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{found[0].name} cannot be read as a list of clips.") from error
    return [str(Path(line.strip()).with_suffix("")) for line in lines if line.strip()]
