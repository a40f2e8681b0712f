"""evaluate: a model version judged on a labelled table, or one that hears on a folder of sound."""

import argparse
import json
import os
from pathlib import Path

from classifier.commands import tables
from classifier.errors import DataError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a version directory, or 'shipped'")
    parser.add_argument("--data", required=True, help="a labelled table, or a folder genre/file of sound")
    parser.add_argument(
        "--split",
        choices=("by-artist", "random", "all"),
        default="by-artist",
        help="by-artist: only tracks whose artists the version does not know; random: a fifth of the tracks",
    )
    tables.add_label_arguments(parser)
    parser.add_argument("--fast", action="store_true", help="hear without the pretrained tagger")
    parser.add_argument("--json", action="store_true", help="the whole report as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    if os.path.isdir(options.data):
        _listen(options)
        return
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


def _listen(options: argparse.Namespace) -> None:
    import numpy as np
    from tqdm import tqdm

    from classifier.errors import AudioError
    from classifier.evaluate import report
    from classifier.sound.listener import load_listener

    if options.split == "random":
        raise DataError("Clips of sound are judged all together; --split is for tables.")
    listener = load_listener(options.model, accurate=not options.fast)
    answers, places = [], []
    for clip, place in tqdm(listener.filed(Path(options.data)), unit="clip", delay=1):
        try:
            answers.append(listener.answer([listener.decode(clip.path)])[0])
            places.append(place)
        except AudioError as error:
            if not options.skip_bad_rows:
                raise DataError(f"{clip.label}/{clip.path.name}: {error}") from error
    if not places:
        raise DataError(f"No file of {Path(options.data).name} can be used.")
    first = np.array(places)
    truth = first[:, None] == np.arange(len(listener.labels))
    found = report(np.array(answers), truth, first, labels=listener.labels, groups=np.arange(len(first)))
    if options.json:
        print(json.dumps({"sound": found}, indent=1))
        return
    print(f"{listener.name} on {Path(options.data).name}, by sound alone:")
    tables.print_reports({"sound": found})
    print(f"  right family among the likeliest two: {found['top_k']['2']:.1%}")
