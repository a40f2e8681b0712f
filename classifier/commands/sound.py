"""What `train` and `compare` do for nets that hear: they read clips, and part them by lists or at random."""

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classifier.commands import tables
from classifier.errors import DataError, ModelError
from classifier.model_names import SOUND_MODELS


def hear(models: Sequence[str]) -> bool:
    """Whether these are nets that hear; DataError where only some of them do."""
    hearing = [name for name in models if name in SOUND_MODELS]
    if hearing and len(hearing) < len(models):
        raise DataError(
            f"{', '.join(hearing)} learn from sound and cannot be compared with models of tables."
        )
    return bool(hearing)


def refuse_options(options: argparse.Namespace) -> None:
    """DataError for options that only nets that hear know."""
    if options.split_lists:
        raise DataError(f"--split-lists is for models that learn from sound: {', '.join(SOUND_MODELS)}.")


def train(options: argparse.Namespace) -> None:
    """A version of a net that hears."""
    clips, parts = _read(options, options.seed)
    if options.dry_run:
        print("Nothing was trained.")
        return
    from classifier.sound.train import SoundConfig, train_sound

    config = SoundConfig(
        model=options.model,
        seed=options.seed,
        split="lists" if options.split_lists else "random",
        refit=not options.no_refit,
        epochs=options.epochs,
    )
    with tables.training_bar() as show:
        try:
            version = train_sound(clips, parts, options.out, config, name=options.name, progress=show)
        except OSError as error:
            raise ModelError(f"{str(options.out)!r} cannot be written: {error.strerror or error}.") from error
    print(f"Wrote {version.path.name} with {len(version.labels)} genres. On held-out clips, {_how(options)}:")
    tables.print_reports({options.model: version.metrics})


def compare(options: argparse.Namespace) -> None:
    """Nets that hear on the same clips, each with every seed."""
    from classifier.sound.compare import compare as compare_nets

    # What is said of the clips stays out of the JSON.
    with contextlib.redirect_stdout(sys.stderr if options.json else sys.stdout):
        clips, _ = _read(options, 0)
    figures = compare_nets(
        clips,
        tables.names(options.models) or (),
        seeds=options.seeds,
        lists=options.split_lists,
        fixed_epochs=options.fixed_epochs,
        on_fit=lambda line: print(line, file=sys.stderr, flush=True),
    )
    if options.json:
        print(json.dumps({"split": _how(options), "seeds": options.seeds, "models": figures}, indent=1))
        return
    print(f"{len(clips):,} clips, {len(clips.genres)} genres; {_how(options)}, seeds {options.seeds}:")
    rows = [
        (name, *(f"{100 * one[key][0]:.1f} ± {100 * one[key][1]:.1f}" for key in ("accuracy", "macro_f1")),
         f"{one['seconds'][0]:.0f}")
        for name, one in figures.items()
    ]  # fmt: skip
    tables.print_rows(("net", "accuracy", "macro-F1", "fit s"), rows)


def _how(options: argparse.Namespace) -> str:
    if options.split_lists:
        return f"split by the lists of {options.split_lists.name}"
    return "split random 70/10/20, artists shared"


def _read(options: argparse.Namespace, seed: int) -> tuple[Any, Any]:
    """The clips of `--data` and their parts."""
    if options.split not in ("by-artist", "random"):  # by-artist is what tables get where nothing is said
        raise DataError("Clips of sound are split at random or by --split-lists.")
    from tqdm import tqdm

    from classifier.sound.clips import read_clips
    from classifier.sound.train import check_parts, split_of

    with tqdm(unit="clip", delay=1) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        clips = read_clips(
            Path(options.data),
            level=options.labels,
            mapping=options.mapping,
            on_bad_row="skip" if options.skip_bad_rows else "stop",
            licence=options.licence,
            on_clip=show,
        ).only(tables.names(options.genres))
    print(f"{clips.provenance.name}: {' '.join(clips.sentences())}")
    parts = split_of(clips, options.split_lists, seed)
    check_parts(clips, parts)
    return clips, parts
