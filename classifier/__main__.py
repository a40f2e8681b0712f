"""Command line: python -m classifier train | evaluate | predict | compare | robustness | report | describe."""

import argparse
import sys
from collections.abc import Sequence

from classifier.commands import compare, describe, evaluate, expert, predict, report, robustness, train
from classifier.errors import DataError, ModelError

USAGE_ERROR, INTERRUPTED = 2, 130
RESUMABLE = (["train"], ["describe"])
COMMANDS = {
    "train": (train, "train a model version on labelled tables"),
    "evaluate": (evaluate, "judge a model version on a labelled table"),
    "predict": (predict, "genres for the tracks of a table"),
    "compare": (compare, "several model families on the same splits"),
    "robustness": (robustness, "how right a net that hears stays under noise, echo and narrow channels"),
    "report": (report, "one HTML page with a version's figures and pictures"),
    "describe": (describe, "a folder of sound files as a feature table"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a refused table or model is one sentence on stderr and exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m classifier", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    parsers = {name: commands.add_parser(name, help=text) for name, (_, text) in COMMANDS.items()}
    for name, (module, _) in COMMANDS.items():
        module.add_arguments(parsers[name])
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = parser.parse_args(train.with_config(parsers["train"], given))
        options.run(options)
    except (DataError, ModelError) as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    except (KeyboardInterrupt, RuntimeError) as error:
        if not _interrupted(error):
            raise
        resumes = (
            " The same command started again goes on where it was."
            if given[:1] in RESUMABLE and expert.NAME not in given
            else ""
        )
        print(f"Stopped.{resumes}", file=sys.stderr)
        return INTERRUPTED
    return 0


def _interrupted(error: BaseException) -> bool:
    """Ctrl-C while a library is imported: Python 3.11 wraps what is raised as a class names its parts (__set_name__)."""
    return isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, KeyboardInterrupt)


if __name__ == "__main__":
    sys.exit(main())
