"""report: one HTML page with the figures and pictures of a version."""

import argparse
from pathlib import Path

from classifier.commands import tables


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a version directory, or 'shipped'")
    parser.add_argument("--out", type=Path, help="the page to write; default: report.html in the directory")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from classifier.report import write

    print(f"Wrote {write(tables.version_path(options.model), options.out)}.")
