"""train: a model version from labelled tables or sound. A run that was killed goes on when it is started again."""

import argparse
import os
import tomllib
from pathlib import Path
from typing import Any

from classifier.commands import expert, sound, tables
from classifier.errors import DataError, ModelError
from classifier.model_names import MODELS, SOUND_MODELS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "config",
        nargs="?",
        help="a model's name, or a TOML file with any of the options below, e.g. seed = 1",
    )
    tables.add_arguments(parser)
    parser.add_argument(
        "--out", required=True, type=Path, help="directory of the new version; must not exist"
    )
    parser.add_argument("--name", help="the version's name; default: the directory's")
    parser.add_argument("--model", choices=(*MODELS, *SOUND_MODELS, expert.NAME), default="mlp")
    parser.add_argument("--seed", type=tables.whole(0, tables.MAX_SEED), default=0)
    parser.add_argument(
        "--epochs", type=tables.whole(1), help="at most so many passes over the tracks (networks)"
    )
    parser.add_argument("--members", type=tables.whole(1), help="networks to average")
    tables.add_balance(parser, genre=0.5)
    parser.add_argument("--split", choices=tables.SPLITS, default="by-artist")
    parser.add_argument(
        "--genres-per-track", type=tables.whole(1), default=1, help="name up to so many genres for a track"
    )
    parser.add_argument(
        "--learning-curve", action="store_true", help="also measure learning from fewer tracks"
    )
    parser.add_argument(
        "--no-refit", action="store_true", help="keep the held-out artists out of the version"
    )
    parser.add_argument("--cnn", type=Path, help="train expert: the directory of a trained cnn")
    parser.add_argument("--dry-run", action="store_true", help="only read and check the tables")
    parser.set_defaults(run=run)


def with_config(parser: argparse.ArgumentParser, arguments: list[str]) -> list[str]:
    """`train MODEL …` and `train FILE …` as flags: those of the file first, so that those given by hand win.

    Raises
    ------
    DataError
        The file cannot be read or holds an option that does not exist.
    """
    if len(arguments) < 2 or arguments[0] != "train" or arguments[1].startswith("-"):
        return arguments
    if arguments[1] in (*MODELS, *SOUND_MODELS, expert.NAME):
        return ["train", "--model", *arguments[1:]]
    path = Path(arguments[1])
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise DataError(f"{path.name} cannot be read as TOML: {error}.") from error
    known = {flag for action in parser._actions for flag in action.option_strings}
    unknown = [name for name in given if _flag(name) not in known]
    if unknown:
        raise DataError(f"{path.name} holds options that do not exist: {', '.join(unknown)}.")
    flags = [flag for name, value in given.items() for flag in _flags(name, value)]
    return ["train", *flags, *arguments[2:]]


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _flags(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [_flag(name)] if value else []
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return [f"{_flag(name)}={text}"]  # in one word, so that a text may begin with a hyphen


def run(options: argparse.Namespace) -> None:
    if options.config:
        raise DataError(
            f"A model's name or a configuration file comes first: train {options.config} --data …."
        )
    if not options.dry_run:
        _check_out(options.out)
    if options.model == expert.NAME:
        expert.train(options)
        return
    if options.model in SOUND_MODELS:
        sound.train(options)
        return
    sound.refuse_options(options)
    datasets = tables.read_all(options)
    from classifier.task import build_task

    print("\n".join(build_task(datasets, tables.names(options.genres)).sentences()))
    if options.dry_run:
        print("Nothing was trained.")
        return
    _train(datasets, options)


def _check_out(out: Path) -> None:
    """Whether a version can be written to `out`, before hours are spent on it."""
    if out.exists():
        raise ModelError(f"There already is a file or directory {str(out)!r}; give --out another name.")
    parent = next(parent for parent in out.absolute().parents if parent.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise ModelError(
            f"No version can be written to {str(out)!r}: {parent} is not a directory to write to."
        )


def _train(datasets: list[Any], options: argparse.Namespace) -> None:
    from classifier.train import train_version

    with tables.training_bar() as show:
        try:
            version = train_version(datasets, options.out, _config(options), name=options.name, progress=show)
        except OSError as error:
            raise ModelError(f"{str(options.out)!r} cannot be written: {error.strerror or error}.") from error
    print(
        f"Wrote {version.path.name} with {len(version.labels)} genres. On held-out tracks, split {options.split}:"
    )
    metrics = version.metrics
    combinations = [name for name in ("features", "artist", "features+artist") if name in metrics]
    tables.print_reports({name: metrics[name] for name in combinations})
    others = metrics["other_tables"]
    tables.print_reports({f"{name}, other table": others[name] for name in combinations if "artist" in name})
    tables.print_reports(metrics["baselines"])


def _config(options: argparse.Namespace) -> Any:
    from classifier.models import Learner
    from classifier.networks import changed
    from classifier.task import Balance
    from classifier.train import TrainConfig

    net = Learner.named(options.model).net
    return TrainConfig(
        model=options.model,
        net=changed(net, epochs=options.epochs, members=options.members) if net else None,
        seed=options.seed,
        genres=tables.names(options.genres),
        balance=Balance(options.genre_balance, options.artist_balance),
        split=options.split.removeprefix("by-"),
        refit=not options.no_refit,
        genres_per_track=options.genres_per_track,
        learning_curve=options.learning_curve,
    )
