"""robustness: a net that hears, tried on sound as a codec, a narrow channel, noise, a room or a phone leaves it."""

import argparse
import json
from pathlib import Path

from classifier.commands import tables
from classifier.errors import AudioError, DataError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", help="a version directory of a net that hears or of a sound expert, or 'shipped'"
    )
    parser.add_argument("--data", type=Path, required=True, help="a folder genre/file of sound")
    parser.add_argument(
        "--split-lists", type=Path, help="take only the clips that its valid_*.txt and test_*.txt name"
    )
    parser.add_argument(
        "--fast", action="store_true", help="try the sound expert without the pretrained tagger"
    )
    parser.add_argument("--seed", type=tables.whole(0, tables.MAX_SEED), default=0)
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from classifier.sound.clips import listed_names
    from classifier.sound.degrade import robustness
    from classifier.sound.listener import load_listener

    listener = load_listener(options.model, accurate=not options.fast)
    filed = listener.filed(options.data)
    if options.split_lists:
        chosen = listed_names(options.split_lists, ("valid", "test"))
        filed = [(clip, place) for clip, place in filed if f"{clip.label}/{clip.path.stem}" in chosen]
    if not filed:
        raise DataError(f"The lists of {options.split_lists.name} name no clip of {options.data.name}.")
    clips = [clip for clip, _ in filed]
    try:
        waves = [listener.decode(clip.path) for clip in clips]
    except AudioError as error:
        raise DataError(f"{options.data.name}: {error}") from error
    truth = [place for _, place in filed]
    with tqdm(total=len(clips), unit="clip", delay=1) as bar:
        figures = robustness(waves, truth, listener.answer, seed=options.seed, on_clip=bar.update)
    if options.json:
        print(json.dumps({"clips": len(clips), "accuracy": figures}, indent=1))
        return
    print(f"{listener.name} on {len(clips)} clips of {options.data.name}:")
    tables.print_rows(("sound", "accuracy"), [(name, f"{value:.1%}") for name, value in figures.items()])
