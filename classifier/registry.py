"""A model version is a directory: weights, artist table and meta.json. Imports no torch."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
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
    """Write a version so that `path` either is complete or does not exist.

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
        _fill(unfinished, version)
        for file in unfinished.iterdir():
            file.chmod(0o644)  # the worker that trains and the one that predicts may be different users
        unfinished.chmod(0o755)
        os.rename(unfinished, path)
    except OSError as error:
        raise ModelError(f"The model version cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _fill(folder: Path, version: Version) -> None:
    files = {WEIGHTS: version.weights, ARTISTS: version.artists, EVALUATION: version.evaluation}
    for name, arrays in files.items():
        if arrays is not None:
            save_file({key: np.ascontiguousarray(a) for key, a in arrays.items()}, folder / name)
    text = json.dumps(dict(version.meta), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / META).write_text(text + "\n", encoding="utf-8")


def read_meta(path: Path) -> dict[str, Any]:
    """A version's description alone, without its weights.

    Raises
    ------
    ModelError
        Not a version, damaged, or of another format.
    """
    try:
        meta = json.loads((path / META).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path.name} is not a model version: it has no {META}.") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"The model version {path.name} is damaged: {META} cannot be read.") from error
    if not isinstance(meta, dict) or meta.get("format") not in (1, FORMAT):
        found = meta.get("format") if isinstance(meta, dict) else None
        raise ModelError(
            f"The model version {path.name} has format {found}; this program reads format {FORMAT}."
        )
    if meta["format"] == 1:
        meta = _from_format_1(meta)
    missing = [name for name in _REQUIRED if name not in meta]
    if missing:
        raise ModelError(f"The model version {path.name} is damaged: {META} lacks {', '.join(missing)}.")
    try:
        named = [str(feature["name"]) for feature in meta["features"]]
    except (TypeError, KeyError):
        named = []
    if not named:
        raise ModelError(f"The model version {path.name} is damaged: {META} does not name its features.")
    return meta


def _from_format_1(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Format 1 knew one model family and wrote its shape at the top."""
    model = {"family": "mlp", "net": meta.get("net"), "members": meta.get("members")}
    return {**meta, "model": model}


def read_evaluation(path: Path) -> dict[str, np.ndarray] | None:
    """The test tracks kept with a version, None where there are none; raises ModelError where they are damaged."""
    return _arrays(path / EVALUATION) if (path / EVALUATION).exists() else None


def read(path: Path) -> Version:
    """A whole version without its test tracks; raises ModelError as `read_meta` does, and where a file is missing or damaged."""
    meta = read_meta(path)
    return Version(meta, _arrays(path / WEIGHTS), _arrays(path / ARTISTS))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"The model version {path.parent.name} is damaged: {path.name} cannot be read."
        ) from error
