"""python -m tests.bench: how fast this machine is, part by part and end to end."""

import argparse
import json
from pathlib import Path

from tests import services
from tests.bench import corrections, end_to_end, figures, likes, load, pages, sound, training

PARTS = ("figures", "sound", "library", "likes", "pages", "load", "corrections", "training")
LISTENING = ("fast", "accurate")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--songs", type=int, default=2000, help="size of the library that goes end to end")
    parser.add_argument("--likes", type=int, default=50_000, help="size of the library that is only read")
    parser.add_argument("--liked", type=int, default=pages.SONGS, help="size of the library behind the pages")
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"))
    parser.add_argument("--clips", type=Path, help="a folder of sound to hear, instead of made clips")
    parser.add_argument(
        "--tables",
        type=Path,
        help="a folder of public tables, without which corrections and training are left out",
    )
    parser.add_argument("--family", action="append", help="what trains; of corrections, the first")
    parser.add_argument("--kill", action="store_true", help="kill the process that trains, once")
    parser.add_argument(
        "--heard", action="store_true", help="of corrected songs only what hearing gives is known"
    )
    parser.add_argument("--genre", action="append", help="corrected in turn, besides what is found least")
    parser.add_argument(
        "--second-user", action="store_true", help="the library of somebody who corrects nothing is there too"
    )
    parser.add_argument("--seeds", type=int, default=corrections.SEEDS)
    parser.add_argument("--only", choices=PARTS, help="default: all")
    parser.add_argument("--listening", action="append", choices=LISTENING, help="default: both")
    options = parser.parse_args()
    if options.only in ("corrections", "training") and not options.tables:
        parser.error(f"--only {options.only} needs --tables FOLDER")
    found = {}
    if options.only in (None, "figures"):
        _figures()
    if options.only in (None, "likes"):
        _django()
        found["likes"] = likes.measure(options.likes)
    if options.only in (None, "pages"):
        _database()
        found["pages"] = pages.measure(options.liked)
    if options.only in (None, "load"):
        _database()
        found["load"] = load.measure()
    if options.only in (None, "corrections") and options.tables:
        _database()
        found["corrections"] = corrections.measure(
            options.tables,
            (options.family or ["mlp"])[0],
            options.seeds,
            genres=options.genre or (),
            heard=options.heard,
            second=options.second_user,
        )
    if options.only in (None, "training") and options.tables:
        _database()
        families = options.family or training.FAMILIES
        found["training"] = training.measure(options.tables, families, kill=options.kill)
    if options.only in (None, "sound"):
        found["sound"] = sound.measure(options.clips)
    if options.only in (None, "library"):
        for listening in options.listening or LISTENING:
            found[f"library, {listening}"] = end_to_end.measure(options.songs, listening)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=1) + "\n")
    print(f"The figures are in {options.json} too.")


def _figures() -> None:
    _database()
    figures.measure()


def _database() -> None:
    _django()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _django() -> None:
    """Django on servers of its own, once."""
    from django.apps import apps

    if apps.ready:
        return
    services.start()
    import django

    django.setup()


if __name__ == "__main__":
    main()
