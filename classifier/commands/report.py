"""report: one HTML page with the figures and pictures of a version."""

import argparse
from pathlib import Path

from classifier.commands import tables


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a version directory, or 'shipped'")
    parser.add_argument(
        "--data", help="a labelled table to draw the tracks from; default: those kept with the version"
    )
    tables.add_label_arguments(parser)
    parser.add_argument("--out", type=Path, help="the page to write; default: report.html in the directory")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from classifier.judge import evaluation_arrays
    from classifier.report import write

    path = tables.version_path(options.model)
    # The program's own folder is no place for pages.
    out = options.out or (Path("shipped-report.html") if options.model == "shipped" else None)
    evaluation = evaluation_arrays(path, tables.read_labelled(path, options)) if options.data else None
    print(f"Wrote {write(path, out, evaluation=evaluation)}.")
