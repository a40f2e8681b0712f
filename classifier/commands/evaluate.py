"""evaluate: a model version judged on a labelled table."""

import argparse
import json
from pathlib import Path

from classifier.commands import tables


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a version directory, or 'shipped'")
    parser.add_argument("--data", required=True, help="a labelled table")
    parser.add_argument(
        "--split",
        choices=("by-artist", "random", "all"),
        default="by-artist",
        help="by-artist: only tracks whose artists the version does not know; random: a fifth of the tracks",
    )
    tables.add_label_arguments(parser)
    parser.add_argument("--json", action="store_true", help="the whole report as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from classifier.judge import evaluate_version

    path = tables.version_path(options.model)
    data = tables.read_labelled(path, options)
    reports = evaluate_version(path, data, options.split)
    if options.json:
        print(json.dumps(reports, indent=1))
        return
    column = f", labels from {data.report.label_column}" if data.report else ""
    print(f"{options.model} on {Path(options.data).name}{column}, split {options.split}:")
    tables.print_reports(reports)
