"""describe: a folder of sound files as a feature table. A run that was killed goes on when it is started again."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.commands import tables
from classifier.errors import DataError

if TYPE_CHECKING:
    from classifier.feature_table import Made

SUFFIXES = (".csv", ".parquet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=Path, help="sound files in one sub-folder per genre, or all in the folder itself"
    )
    parser.add_argument("--output", required=True, type=Path, help="the CSV or Parquet file to write")
    parser.add_argument(
        "--jobs", type=tables.whole(1, 64), default=os.cpu_count() or 1, help="processes; default: one a core"
    )
    parser.add_argument(
        "--skip-bad-rows", action="store_true", help="list files that are no usable sound instead of stopping"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    _check_output(options.output)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # for the processes: one thread each, there is one a core
    from tqdm import tqdm

    from classifier.feature_table import make_table
    from classifier.folders import list_clips

    clips = list_clips(options.folder, flat=True)
    with tqdm(total=len(clips), unit="clip", desc=options.folder.absolute().name, delay=1) as bar:
        made = make_table(
            clips,
            options.output,
            jobs=options.jobs,
            skip_bad=options.skip_bad_rows,
            on_clip=lambda done: bar.update(done - bar.n),
        )
    _print(made, options.output)


def _check_output(path: Path) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"--output {path.name!r} must end in {' or '.join(SUFFIXES)}.")
    if not path.absolute().parent.is_dir():
        raise DataError(f"{str(path)!r} cannot be written: give --output a file in a directory that exists.")
    if path.exists():
        raise DataError(f"There already is a file or directory {str(path)!r}; give --output another name.")


def _print(made: "Made", output: Path) -> None:
    resumed = f", {made.resumed:,} of them by an earlier run" if made.resumed else ""
    print(f"Described {made.rows:,} files in {output.name}{resumed}.")
    if made.bad:
        print(f"{len(made.bad):,} files were left out:")
    for one in made.bad:
        print(f"  {one.column}: {one.reason}.")
