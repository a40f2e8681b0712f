"""robustness: a net that hears, tried on sound as a codec, a narrow channel, noise, a room or a phone leaves it."""

import argparse
import json
from pathlib import Path

from classifier.commands import tables
from classifier.errors import AudioError, DataError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a version directory of a net that hears")
    parser.add_argument("--data", type=Path, required=True, help="a folder genre/file of sound")
    parser.add_argument(
        "--split-lists", type=Path, help="take only the clips that its valid_*.txt and test_*.txt name"
    )
    parser.add_argument("--seed", type=tables.whole(0, tables.MAX_SEED), default=0)
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from classifier.audio import decode
    from classifier.folders import list_clips
    from classifier.sound.answer import answer_of, load_net
    from classifier.sound.clips import CLIP_SECONDS, listed_names
    from classifier.sound.degrade import robustness

    net, meta = load_net(options.model)
    chosen = listed_names(options.split_lists, ("valid", "test")) if options.split_lists else None
    clips = [clip for clip in list_clips(options.data) if clip.label in meta["labels"]]
    if chosen is not None:
        clips = [clip for clip in clips if f"{clip.label}/{clip.path.stem}" in chosen]
    if not clips:
        raise DataError(
            f"{options.data.name} holds no clip of the genres of {options.model.name} to try it on."
        )
    try:
        waves = [decode(clip.path.read_bytes(), max_seconds=CLIP_SECONDS) for clip in clips]
    except (AudioError, OSError) as error:
        raise DataError(f"{options.data.name}: {error}") from error
    truth = [meta["labels"].index(clip.label) for clip in clips]
    with tqdm(total=len(clips), unit="clip", delay=1) as bar:
        figures = robustness(waves, truth, answer_of(net), seed=options.seed, on_clip=bar.update)
    if options.json:
        print(json.dumps({"clips": len(clips), "accuracy": figures}, indent=1))
        return
    print(f"{options.model.name} on {len(clips)} clips of {options.data.name}:")
    tables.print_rows(("sound", "accuracy"), [(name, f"{value:.1%}") for name, value in figures.items()])
