"""Command line: python -m classifier train | evaluate | predict."""

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from classifier.dataset import Dataset
from classifier.errors import DataError, ModelError
from classifier.labels import FAMILIES
from classifier.registry import shipped_path

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a refused table or model is one sentence on stderr and exit code 2."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (DataError, ModelError) as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m classifier", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_train(commands.add_parser("train", help="train a model version on labelled tables"))
    _add_evaluate(commands.add_parser("evaluate", help="judge a model version on a labelled table"))
    _add_predict(commands.add_parser("predict", help="genres for the tracks of a table"))
    return parser


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", required=True, help="labelled tables (CSV or Parquet), separated by commas")
    parser.add_argument(
        "--out", required=True, type=Path, help="directory of the new version; must not exist"
    )
    parser.add_argument("--name", help="the version's name; default: the directory's")
    parser.add_argument("--licence", default="not stated", help="licences of the tables, separated by commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--members", type=int, default=1, help="networks to average")
    parser.add_argument("--split", choices=("artist", "fold", "random"), default="artist")
    parser.add_argument("--classic", action="store_true", help="the plain 256-128 network")
    parser.add_argument(
        "--no-refit", action="store_true", help="keep the held-out artists out of the version"
    )
    parser.add_argument("--skip-bad-rows", action="store_true", help="leave bad rows out instead of stopping")
    parser.add_argument("--dry-run", action="store_true", help="only read and check the tables")
    parser.set_defaults(run=_train)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a version directory, or 'shipped'")
    parser.add_argument("--data", required=True, help="a labelled table")
    parser.add_argument(
        "--split",
        choices=("by-artist", "random", "all"),
        default="by-artist",
        help="by-artist: only tracks whose artists the version does not know; random: a fifth of the tracks",
    )
    parser.add_argument("--json", action="store_true", help="the whole report as JSON")
    parser.set_defaults(run=_evaluate)


def _add_predict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help="a version directory, or 'shipped'")
    parser.add_argument("--input", required=True, help="a table; any feature column may be missing")
    parser.add_argument("--output", required=True, type=Path, help="the CSV file to write")
    parser.add_argument("--no-artists", action="store_true", help="judge by features alone")
    parser.set_defaults(run=_predict)


def _train(options: argparse.Namespace) -> None:
    from classifier.data import read_table

    paths = [path for path in options.data.split(",") if path]
    licences = [text.strip() for text in options.licence.split(",")]
    licences = (licences + licences[-1:] * len(paths))[: len(paths)]
    on_bad_row: Literal["stop", "skip"] = "skip" if options.skip_bad_rows else "stop"
    datasets = [
        read_table(path, licence=text, on_bad_row=on_bad_row)
        for path, text in zip(paths, licences, strict=True)
    ]
    for data in datasets:
        print(f"{data.provenance[0].name}: {' '.join(data.report.sentences() if data.report else ())}")
    if options.dry_run:
        _describe_task(datasets)
    else:
        _train_and_tell(datasets, options)


def _describe_task(datasets: Sequence[Dataset]) -> None:
    from classifier.task import build_task

    task = build_task(datasets)
    counts = dict(zip(task.labels, task.truth.sum(0).tolist(), strict=True))
    print(f"{len(task.data):,} tracks in {len(task.labels)} genres: {counts}. Nothing was trained.")


def _train_and_tell(datasets: Sequence[Dataset], options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from classifier.fit import FitConfig, Progress
    from classifier.train import TrainConfig, train_version

    config = TrainConfig(
        seed=options.seed,
        members=options.members,
        variant="classic" if options.classic else "embedded",
        fit=FitConfig(epochs=options.epochs),
        split=options.split,
        refit=not options.no_refit,
    )
    with tqdm(total=1.0, bar_format="{l_bar}{bar}| {elapsed}<{remaining} {postfix}") as bar:

        def show(progress: Progress) -> None:
            bar.update(progress.done - bar.n)
            accuracy = (
                "" if progress.valid_accuracy is None else f", validation {progress.valid_accuracy:.1%}"
            )
            bar.set_postfix_str(f"{progress.stage}, loss {progress.train_loss:.3f}{accuracy}")

        version = train_version(datasets, options.out, config, name=options.name, progress=show)
    print(f"Wrote {version.path.name} with {len(version.labels)} genres. On held-out test tracks:")
    groups = ("other_tables", "baselines")
    _table({key: one for key, one in version.metrics.items() if key not in groups})
    _table(
        {
            f"{key}, other table": one
            for key, one in version.metrics["other_tables"].items()
            if key != "features"
        }
    )
    _table(version.metrics["baselines"])


def _table(reports: dict[str, dict[str, Any]]) -> None:
    for name, one in reports.items():
        if not one["tracks"]:
            continue
        line = f"  {name:38} {one['tracks']:7,} tracks  accuracy {one['accuracy']:.1%}  macro-F1 {one['macro_f1']:.1%}"
        line += f"  calibration error {one['calibration_error']:.3f}"
        if one.get("sure_accuracy") is not None:
            line += f"  sure {one['sure_share']:.1%}, of these right {one['sure_accuracy']:.1%}"
        print(line)


def _path(model: str) -> Path:
    return shipped_path() if model == "shipped" else Path(model)


def _evaluate(options: argparse.Namespace) -> None:
    from classifier.data import read_table
    from classifier.judge import evaluate_version

    reports = evaluate_version(_path(options.model), read_table(options.data), options.split)
    if options.json:
        print(json.dumps(reports, indent=1))
        return
    print(f"{options.model} on {Path(options.data).name}, split {options.split}:")
    _table(reports)


def _predict(options: argparse.Namespace) -> None:
    from classifier.data import read_unlabelled
    from classifier.predict import Predictor

    data = read_unlabelled(options.input)
    predictor = Predictor.load(_path(options.model))
    artists = ((),) * len(data) if options.no_artists else data.artists
    results = predictor.predict_rows(data.track_ids, data.x, artists)
    absent = {f"p_{family}": 0.0 for family in FAMILIES if family not in predictor.labels}
    columns = ["track_id", "genre", "confidence", "sure", *(f"p_{family}" for family in FAMILIES)]
    with open(options.output, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for one in results:
            chances = {f"p_{family}": f"{np.exp(value):.6f}" for family, value in one.log_probs.items()}
            sure = "true" if one.sure else "false"
            confidence = f"{one.confidence:.6f}"
            row = {"track_id": one.track_id, "genre": one.genre, "confidence": confidence, "sure": sure}
            writer.writerow(row | absent | chances)


if __name__ == "__main__":
    sys.exit(main())
