"""predict: genres for the tracks of a table or for sound files, as CSV."""

import argparse
import csv
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifier.commands import tables
from classifier.errors import DataError
from classifier.labels import FAMILIES
from classifier.taxonomy import family_log_probs

if TYPE_CHECKING:
    from classifier.predict import Predictor, Result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="shipped", help="a version directory; default: the shipped one")
    parser.add_argument(
        "--input",
        required=True,
        help="a table, taken as one person's library, of which any feature column may be missing; or a sound file, or a "
        "folder of them",
    )
    parser.add_argument("--sound", help="a sound version's directory; default: the shipped one")
    parser.add_argument("--fast", action="store_true", help="hear without the pretrained tagger")
    parser.add_argument("--output", required=True, type=Path, help="the CSV file to write")
    parser.add_argument("--genres", help="choose among these only, separated by commas")
    parser.add_argument("--no-artists", action="store_true", help="judge by features alone")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from classifier.data import read_unlabelled
    from classifier.predict import Predictor

    predictor = Predictor.load(tables.version_path(options.model))
    _check_output(options.output, Path(options.input))
    if is_sound(options.input):
        _write(options.output, predictor, _heard(predictor, options))
        return
    data = read_unlabelled(options.input, features=predictor.feature_names)
    artists = ((),) * len(data) if options.no_artists else data.artists
    genres = tables.names(options.genres)
    results = predictor.predict_rows(data.track_ids, data.x, artists, genres=genres, one_library=True)
    _write(options.output, predictor, results)


def is_sound(source: str) -> bool:
    """Whether to listen: to a folder, or to a file that is named like a sound."""
    from classifier.folders import SUFFIXES

    return os.path.isdir(source) or Path(source).suffix.lower() in SUFFIXES


def _heard(predictor: "Predictor", options: argparse.Namespace) -> "list[Result]":
    from tqdm import tqdm

    from classifier.predict import Example
    from classifier.sound.expert import SoundExpert
    from classifier.sound.files import hear, sound_files

    source = Path(options.input)
    files = sound_files(source)
    path = Path(options.sound) if options.sound else None
    expert = SoundExpert.load(path, accurate=not options.fast)
    heard = hear(tqdm(files, unit="file", delay=1), source, expert, describe=predictor.wants_descriptors)
    for name, reason in heard.refused:
        print(f"{name}: {reason}", file=sys.stderr)
    if not heard.names:
        raise DataError(f"No file of {source.name} can be used.")
    examples = [
        Example(name, described or None, sound=sound)
        for name, described, sound in zip(heard.names, heard.described, heard.sound, strict=True)
    ]
    return predictor.predict(examples, genres=tables.names(options.genres))


def _check_output(path: Path, source: Path) -> None:
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise DataError(f"{str(path)!r} cannot be written: give --output a file in a directory that exists.")
    if path.exists() and source.exists() and path.samefile(source):
        raise DataError(f"{path.name} is the table to read; give --output another name.")


def _write(path: Path, predictor: "Predictor", results: "list[Result]") -> None:
    """track_id, genre, confidence, sure, one p_<genre> column for each family and genre of the version, other.

    A family's probability is that of all its sub-genres, so where a version tells sub-genres apart the families alone
    add up to one.
    """
    genres = list(dict.fromkeys((*FAMILIES, *predictor.labels)))
    several = ["genres"] if predictor.several.at_most > 1 else []
    columns = ["track_id", "genre", "confidence", "sure", *(f"p_{one}" for one in genres), *several, "other"]
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with open(unfinished, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(_row(one, genres, predictor.level) for one in results)
        os.replace(unfinished, path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise DataError(f"{str(path)!r} cannot be written: {error.strerror or error}.") from error


def _row(result: "Result", genres: list[str], level: str) -> dict[str, Any]:
    log_probs = result.log_probs
    if level == "sub-genre":
        log_probs = family_log_probs(log_probs) | {
            one: p for one, p in log_probs.items() if one not in FAMILIES
        }
    return {
        "track_id": result.track_id,
        "genre": result.genre,
        "confidence": f"{result.confidence:.6f}",
        "sure": "true" if result.sure else "false",
        "genres": ";".join(result.genres),
        "other": f"{result.other:.6f}",
        **{f"p_{one}": f"{math.exp(log_probs.get(one, -math.inf)):.6f}" for one in genres},
    }
