"""train expert: the sound expert, from clips as the pretrained tagger hears them and a trained net "cnn"."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.commands import tables
from classifier.dataset import Provenance
from classifier.errors import DataError

if TYPE_CHECKING:
    from classifier.sound.taggrams import Taggrams

NAME = "expert"


def train(options: argparse.Namespace) -> None:
    """`--data` lists files of taggrams (.npz) and folders genre/file of sound; `--cnn` is a version of the net."""
    if options.cnn is None:
        raise DataError("train expert needs --cnn, the directory of a trained cnn.")
    from classifier.sound.build import build_expert, load_cnn_version

    load_cnn_version(options.cnn)  # refused before anything is listened to
    paths = [Path(text) for text in tables.names(options.data) or ()]
    parts = [_read(path) for path in paths]
    for clips, origin in parts:
        print(f"{origin.name}: {len(clips.names):,} clips of {', '.join(sorted(set(clips.labels)))}.")
    if options.dry_run:
        print("Nothing was trained.")
        return
    meta = build_expert(parts, options.cnn, options.out, name=options.name, seed=options.seed)
    figures = meta["metrics"]["tagger_head_cross_validated"]
    print(
        f"Wrote {options.out.name} with {len(meta['heads']['tagger'])} families. The head on the tags alone, cross-"
        f"validated: top 1 {figures['accuracy']:.1%}, top 2 {figures['top_2']:.1%} of {figures['clips']:,} clips."
    )


def _read(path: Path) -> tuple["Taggrams", Provenance]:
    from classifier.sound import taggrams

    if not path.is_dir():
        clips, origin = taggrams.read(path)
        return clips.in_families(), origin
    from tqdm import tqdm

    from classifier.sound.tagger import Tagger

    tagger = Tagger.load()
    with tqdm(unit="clip", delay=1, desc=path.name) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        clips, origin = taggrams.from_folder(path, tagger, show)
    return clips.in_families(), origin
