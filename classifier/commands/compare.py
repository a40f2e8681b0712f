"""compare: several model families on the same splits, in one table."""

import argparse
import contextlib
import json
import sys

from classifier.commands import sound, tables
from classifier.errors import DataError
from classifier.model_names import MODELS, SOUND_MODELS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    tables.add_arguments(parser)
    parser.add_argument(
        "--models",
        default=",".join(MODELS),
        help=f"families separated by commas, of {', '.join(MODELS)} (dummy and logistic always take part); or, of "
        f"those that hear, {', '.join(SOUND_MODELS)}",
    )
    parser.add_argument("--split", choices=tables.SPLITS, default="by-artist")
    parser.add_argument(
        "--folds",
        type=_folds,
        default=0,
        help="cross-validation in so many folds, 2 or more, instead of one test part",
    )
    parser.add_argument(
        "--seeds", type=_seeds, default=(0,), help="separated by commas: other splits and other starts"
    )
    parser.add_argument("--members", type=tables.whole(1), help="networks to average")
    tables.add_balance(parser, genre=0.0)
    parser.add_argument(
        "--fixed-epochs",
        action="store_true",
        help="nets that hear: learn from the validation clips too, and choose no epoch by them",
    )
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    parser.set_defaults(run=run)


def _folds(text: str) -> int:
    return 0 if text == "0" else tables.whole(2)(text)


def _seeds(text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(map(tables.whole(0, tables.MAX_SEED), text.split(","))))


def run(options: argparse.Namespace) -> None:
    if sound.hear(tables.names(options.models) or ()):
        sound.compare(options)
        return
    sound.refuse_options(options)
    from tqdm import tqdm

    from classifier.compare import Plan, compare
    from classifier.task import Balance, build_task

    if options.folds and options.split == "by-fold":
        raise DataError("--split by-fold has its own folds; leave --folds out, or split by-artist.")
    # What is said of the tables stays out of the JSON.
    with contextlib.redirect_stdout(sys.stderr if options.json else sys.stdout):
        datasets = tables.read_all(options)
    task = build_task(datasets, tables.names(options.genres))
    plan = Plan(
        models=tables.names(options.models) or tuple(MODELS),
        split=options.split.removeprefix("by-"),
        folds=options.folds,
        seeds=options.seeds,
        members=options.members,
        balance=Balance(options.genre_balance, options.artist_balance),
    )
    with tqdm(total=plan.fits, unit="fit", delay=1) as bar:
        figures = compare(task, plan, on_fit=lambda name: (bar.set_postfix_str(name), bar.update()))
    if options.json:
        print(
            json.dumps(
                {"split": options.split, "seeds": plan.seeds, "folds": plan.folds, "models": figures},
                indent=1,
            )
        )
        return
    print(
        f"{len(task.data):,} tracks, {len(task.labels)} genres; {plan.describe()}. Mean ± standard deviation, %:"
    )
    header = ("model", "accuracy", "strict", "top-5", "macro-F1", "calibration error", "fit s")
    rows = [
        (
            name,
            *(
                f"{100 * one[key][0]:.1f} ± {100 * one[key][1]:.1f}"
                for key in ("accuracy", "strict", "top_5", "macro_f1")
            ),
            f"{one['calibration_error'][0]:.3f}",
            f"{one['seconds'][0]:.1f}",
        )
        for name, one in figures.items()
    ]
    tables.print_rows(header, rows)
