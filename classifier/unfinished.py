"""Where a training keeps what it needs to go on after it was killed; one process at a time, gone when it is over."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from classifier.errors import ModelError
from classifier.fit import Cancelled


@contextmanager
def checkpoints_of(out_dir: Path, key: str) -> Iterator[Path]:
    """The directory for checkpoints of the training `key` that is to write `out_dir`.

    It outlives the process however that ends, except by `Cancelled`; what has written its version calls `discard`.

    Raises
    ------
    ModelError
        `out_dir` exists or cannot be written, or the same training is under way in another process.
    """
    if out_dir.exists():
        raise ModelError(f"There already is a model version at {out_dir.name}.")
    checkpoints = _unfinished(out_dir) / key
    try:
        checkpoints.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"The model version cannot be written: {error.strerror}.") from error
    with _alone(checkpoints):
        try:
            yield checkpoints
        except Cancelled:
            discard(out_dir)
            raise


@contextmanager
def _alone(checkpoints: Path) -> Iterator[None]:
    """Only one process at a time trains the same; the lock ends with the process, however it ends."""
    with open(checkpoints / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ModelError("The same training is under way already; wait for it, or stop it.") from error
        yield


def _unfinished(out_dir: Path) -> Path:
    return out_dir.with_name(f".{out_dir.name}.unfinished")


def discard(out_dir: Path) -> None:
    """Throw away what a training of `out_dir` that will not be taken up again has left behind."""
    shutil.rmtree(_unfinished(out_dir), ignore_errors=True)
