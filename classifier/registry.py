"""A model version is a directory: weights, artist table and meta.json. Imports no torch."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from classifier.errors import ModelError

FORMAT = 2
META, WEIGHTS, ARTISTS = "meta.json", "weights.safetensors", "artists.safetensors"
EVALUATION = (
    "evaluation.safetensors"  # test tracks for the report; may be deleted, and is not in the shipped version
)
COMBINATIONS = ("features", "artist", "features+artist")  # not from fusion, which needs scipy
SOUND = "sound"  # the kind of a version that answers to sound; those that answer to features name none
GREATEST = 1e300  # above it a number of a description is no measurement
_REQUIRED = ("format", "name", "labels", "features", "model", "fusion", "artists", "threshold")


@dataclass(frozen=True)
class Version:
    """What a version directory holds; arrays by name."""

    meta: Mapping[str, Any]
    weights: Mapping[str, np.ndarray]
    artists: Mapping[str, np.ndarray]
    evaluation: Mapping[str, np.ndarray] | None = None


def shipped_path() -> Path:
    """The version that comes with the program."""
    return Path(__file__).parent / "pretrained"


def write(version: Version, path: Path) -> None:
    """Write a version so that `path` either is complete or does not exist; raises ModelError as `write_files` does."""
    arrays = {WEIGHTS: version.weights, ARTISTS: version.artists, EVALUATION: version.evaluation}
    write_files(path, version.meta, {name: one for name, one in arrays.items() if one is not None})


def write_files(path: Path, meta: Mapping[str, Any], files: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    """Write a directory of a description and files of arrays so that `path` either is complete or does not exist.

    Raises
    ------
    ModelError
        `path` exists already or cannot be written.
    """
    if path.exists():
        raise ModelError(f"There already is a model version at {path.name}.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    except OSError as error:
        raise ModelError(f"The model version cannot be written: {error.strerror}.") from error
    try:
        _fill(unfinished, meta, files)
        for file in unfinished.iterdir():
            file.chmod(0o644)  # the worker that trains and the one that predicts may be different users
        unfinished.chmod(0o755)
        os.rename(unfinished, path)
    except OSError as error:
        raise ModelError(f"The model version cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _fill(folder: Path, meta: Mapping[str, Any], files: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    for name, arrays in files.items():
        save_file({key: np.ascontiguousarray(a) for key, a in arrays.items()}, folder / name)
    text = json.dumps(dict(meta), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / META).write_text(text + "\n", encoding="utf-8")


def read_description(path: Path) -> dict[str, Any]:
    """Whatever kind of version `path` is: its description; raises ModelError as `read_meta` does."""
    try:
        meta = json.loads((path / META).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path.name} is not a model version: it has no {META}.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"The model version {path.name} is damaged: {META} cannot be read.") from error
    if not isinstance(meta, dict) or meta.get("format") not in (1, FORMAT):
        found = meta.get("format") if isinstance(meta, dict) else None
        raise ModelError(
            f"The model version {path.name} has format {found}; this program reads format {FORMAT}."
        )
    return meta


def read_meta(path: Path) -> dict[str, Any]:
    """A version's description alone, without its weights.

    Raises
    ------
    ModelError
        Not a version, damaged, of another format, or one that hears instead of reading features.
    """
    meta = read_description(path)
    if meta.get("kind") == SOUND:
        raise ModelError(f"The model version {path.name} answers to sound, not to tables.")
    if meta["format"] == 1:
        meta = _from_format_1(meta)
    missing = [name for name in _REQUIRED if name not in meta]
    if missing:
        raise ModelError(f"The model version {path.name} is damaged: {META} lacks {', '.join(missing)}.")
    wrong = _wrong(meta)
    if wrong:
        raise ModelError(f"The model version {path.name} is damaged: {META} has no usable {wrong}.")
    return meta


def _wrong(meta: Mapping[str, Any]) -> str | None:
    """The first part of a version's description that cannot be what this program wrote, None where all can."""
    library = meta.get("library", {"unknown": {}, "known": {}})
    checks: dict[str, Callable[[], bool]] = {
        "labels": lambda: _are_names(meta["labels"], least=2),
        "names of features": lambda: _are_names([one["name"] for one in meta["features"]], least=1),
        "threshold": lambda: _is_number(meta["threshold"]),
        "prior": lambda: (
            len(meta["fusion"]["prior"]) == len(meta["labels"])
            and all(_is_number(one) and one > 0 for one in meta["fusion"]["prior"])
        ),
        "weights of the evidence": lambda: all(
            _are_weights(meta["fusion"]["weights"][names], names.split("+")) for names in COMBINATIONS
        ),
        "figures of the artists": lambda: (
            all(_is_number(meta["artists"][name]) for name in ("smoothing", "featured"))
            and meta["artists"]["smoothing"] > 0
        ),
        "number of networks": lambda: all(map(_is_count, _members(meta))),
        "number of genres a track": lambda: (
            _is_count(meta.get("several", {}).get("at_most", 1))
            and _is_number(meta.get("several", {}).get("least", 1))
        ),
        "figures of the library": lambda: (
            all(_is_number(value) for name in ("unknown", "known") for value in library[name].values())
            and all(_is_number(value) for name, value in library.items() if name not in ("unknown", "known"))
        ),
    }
    return next((what for what, holds in checks.items() if not _is_true(holds)), None)


def _is_true(holds: Callable[[], bool]) -> bool:
    """False also where a part that is looked at is missing or of another kind."""
    try:
        return holds()
    except (AttributeError, LookupError, TypeError):
        return False


def _is_number(value: Any) -> bool:
    # Compared with a bound because a whole number of any length may stand in JSON, and becomes no float.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < GREATEST


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and _is_number(value) and value >= 1


def _are_names(values: Any, least: int) -> bool:
    are_texts = isinstance(values, list) and all(isinstance(one, str) for one in values)
    return are_texts and len(set(values)) == len(values) >= least


def _are_weights(one: Mapping[str, Any], names: Sequence[str]) -> bool:
    evidence = [one["evidence"][name] for name in names]
    return all(map(_is_number, evidence)) and _is_number(one["temperature"]) and one["temperature"] > 0


def _members(meta: Mapping[str, Any]) -> list[Any]:
    """How many networks each part says it consists of; parts that are no networks say nothing."""
    parts = (meta["model"], meta["model"].get("networks", {}), meta.get("outlet", {}))
    return [part["members"] for part in parts if part.get("members") is not None]


def _from_format_1(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Format 1 knew one model family and wrote its shape at the top."""
    model = {"family": "mlp", "net": meta.get("net"), "members": meta.get("members")}
    return {**meta, "model": model}


def read_evaluation(path: Path) -> dict[str, np.ndarray] | None:
    """The test tracks kept with a version, None where there are none; raises ModelError where they are damaged."""
    return read_arrays(path / EVALUATION) if (path / EVALUATION).exists() else None


def read(path: Path) -> Version:
    """A whole version without its test tracks; raises ModelError as `read_meta` does, and where a file is missing or damaged."""
    meta = read_meta(path)
    return Version(meta, read_arrays(path / WEIGHTS), read_arrays(path / ARTISTS))


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """One of a version's files of arrays; ModelError where it is missing or damaged."""
    try:
        return load_file(path)
    # Types that numpy does not have, as bfloat16, are none of a version's.
    except (OSError, SafetensorError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"The model version {path.parent.name} is damaged: {path.name} cannot be read."
        ) from error
