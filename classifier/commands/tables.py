"""What several commands share: which tables to read, how, and how to print figures."""

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from classifier.dataset import Dataset
from classifier.errors import DataError
from classifier.labels import FEATURE_SETS, MAPPINGS
from classifier.registry import shipped_path

MAX_SEED = 2**32 - 1
SPLITS = ("by-artist", "by-album", "by-fold", "random", "stratified")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that say what to read."""
    parser.add_argument(
        "--data",
        required=True,
        help="labelled tables (CSV or Parquet) or folders genre/file, separated by commas; for nets that hear one "
        "folder or file of spectrograms (.npz)",
    )
    add_label_arguments(parser)
    parser.add_argument(
        "--labels",
        choices=("family", "sub-genre", "own"),
        default="family",
        help="own: the tables' labels as they are",
    )
    parser.add_argument(
        "--features",
        default="default",
        help=f"names separated by commas, or a set: {', '.join(FEATURE_SETS)}",
    )
    parser.add_argument("--genres", help="tell only these apart, separated by commas")
    parser.add_argument(
        "--every-row", action="store_true", help="keep a track's rows apart instead of merging them"
    )
    parser.add_argument(
        "--split-lists",
        type=Path,
        help="for clips of sound: a folder with train_*.txt, valid_*.txt and test_*.txt, a genre/file a line",
    )
    parser.add_argument("--licence", default="not stated", help="licences of the tables, separated by commas")


def add_label_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that say where a table's labels are and what they mean."""
    parser.add_argument("--label-column", help="the column with the labels; default: the first known name")
    parser.add_argument(
        "--mapping", choices=tuple(MAPPINGS), help="whose labels these are; default: detected"
    )
    parser.add_argument("--skip-bad-rows", action="store_true", help="leave bad rows out instead of stopping")


def read_labelled(model: Path, options: argparse.Namespace) -> Dataset:
    """The table of `--data` as the version `model` wants it."""
    from classifier.judge import read_for

    return read_for(
        model,
        options.data,
        label_column=options.label_column,
        mapping=options.mapping,
        on_bad_row="skip" if options.skip_bad_rows else "stop",
    )


def add_balance(parser: argparse.ArgumentParser, genre: float) -> None:
    """How much what is rare counts."""
    text = "0: every track counts the same; 1: every {} does"
    parser.add_argument("--genre-balance", type=share, default=genre, help=text.format("genre"))
    parser.add_argument("--artist-balance", type=share, default=0.0, help=text.format("primary artist"))


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """A type for argparse: whole numbers within bounds."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low or (high is not None and value > high):
            span = f"from {low} to {high}" if high is not None else f"of {low} or more"
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number {span}")
        return value

    return parse


def share(text: str) -> float:
    """A type for argparse: a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number from 0 to 1")
    return value


def names(text: str | None) -> tuple[str, ...] | None:
    """A list separated by commas; None where there is none."""
    return tuple(part.strip() for part in text.split(",") if part.strip()) or None if text else None


def features(text: str) -> tuple[str, ...] | None:
    """A feature set's columns, or the columns named; None: what the table was made with."""
    if text == "default":
        return None
    found = FEATURE_SETS.get(text) or names(text)
    if not found:
        raise DataError(f"--features names no column and no set of {', '.join(FEATURE_SETS)}.")
    return tuple(dict.fromkeys(found))


def read_all(options: argparse.Namespace) -> list[Dataset]:
    """Every table of `--data`, telling what became of its rows."""
    paths = [path.strip() for path in options.data.split(",")]
    if not all(paths):
        raise DataError("--data names no table, or has a comma too many.")
    licences = [text.strip() for text in options.licence.split(",")]
    licences = (licences + licences[-1:] * len(paths))[: len(paths)]
    datasets = [read_one(path, options, licence) for path, licence in zip(paths, licences, strict=True)]
    if len({data.feature_names for data in datasets}) > 1:
        raise DataError("--data mixes tables with folders of sound files, which have other features.")
    for data in datasets:
        print(f"{data.provenance[0].name}: {' '.join(data.report.sentences() if data.report else ())}")
    return datasets


def read_one(path: str, options: argparse.Namespace, licence: str = "not stated") -> Dataset:
    on_bad_row: Literal["stop", "skip"] = "skip" if options.skip_bad_rows else "stop"
    if os.path.isdir(path):  # unlike Path's, it answers for names that no system would take
        return _read_folder(Path(path), options, on_bad_row, licence)
    from classifier.data import read_table

    return read_table(
        path,
        label_column=options.label_column,
        mapping=options.mapping,
        level=options.labels,
        features=features(options.features),
        repeat=options.every_row,
        on_bad_row=on_bad_row,
        licence=licence,
    )


def _read_folder(
    folder: Path, options: argparse.Namespace, on_bad_row: Literal["stop", "skip"], licence: str
) -> Dataset:
    from tqdm import tqdm

    from classifier.folders import read_folder

    with tqdm(unit="clip", desc=folder.name, delay=1) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return read_folder(
            folder,
            mapping=options.mapping,
            level=options.labels,
            on_bad_row=on_bad_row,
            licence=licence,
            on_clip=show,
        )


@contextmanager
def training_bar() -> Iterator[Callable[[Any], None]]:
    """A progress bar over a whole training; what it gives is to be told of every `Progress`."""
    from tqdm import tqdm

    # None before something is told: tqdm's `delay` does not end the line of a bar that was refreshed early.
    bar: Any = None

    def show(progress: Any) -> None:
        nonlocal bar
        bar = bar or tqdm(total=1.0, bar_format="{l_bar}{bar}| {elapsed}<{remaining} {postfix}")
        bar.update(progress.done - bar.n)
        accuracy = "" if progress.valid_accuracy is None else f", validation {progress.valid_accuracy:.1%}"
        loss = f", loss {progress.train_loss:.3f}" if progress.has_epochs else ""
        bar.set_postfix_str(f"{progress.stage}{loss}{accuracy}")

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()


def version_path(model: str) -> Path:
    """A version directory, or the one that comes with the program."""
    return shipped_path() if model == "shipped" else Path(model)


def print_reports(reports: Mapping[str, Mapping[str, Any]]) -> None:
    """One line per report."""
    for name, one in reports.items():
        if not one["tracks"]:
            continue
        line = f"  {name:38} {one['tracks']:7,} tracks  accuracy {one['accuracy']:.1%}  macro-F1 {one['macro_f1']:.1%}"
        line += f"  calibration error {one['calibration_error']:.3f}"
        if one.get("sure_accuracy") is not None:
            line += f"  sure {one['sure_share']:.1%}, of these right {one['sure_accuracy']:.1%}"
        print(line)


def print_rows(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table in columns: the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    for row in (header, *rows):
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        print("  ".join(cells).rstrip())
