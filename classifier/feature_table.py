"""A folder of sound files as a feature table, described by several processes, resumable after a kill."""

import csv
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from classifier import audio
from classifier.dataset import BadRow
from classifier.descriptor_names import DESCRIPTORS
from classifier.descriptors import describe_fully
from classifier.errors import AudioError, DataError
from classifier.folders import Clip

HEADER = ("track_id", "genre", *DESCRIPTORS)
QUEUED = 4  # clips handed out in advance, for each process

Described = dict[str, float] | str  # the numbers, or why there are none


@dataclass(frozen=True)
class Made:
    """What became of the clips: rows in the table, of which `resumed` were there before, and the bad files."""

    rows: int
    resumed: int
    bad: tuple[BadRow, ...]


def make_table(
    clips: Sequence[Clip],
    output: Path,
    *,
    jobs: int = 1,
    skip_bad: bool = False,
    on_clip: Callable[[int], object] = lambda done: None,
) -> Made:
    """Describe every clip into the CSV or Parquet file `output`: track_id, genre (the clip's folder), 216 descriptors.

    Rows go to `output`.part as they are made, and `output` appears when all are. Safe to kill: run again, it keeps
    the rows that are complete in the .part file and describes the other clips.

    Raises
    ------
    DataError
        The table cannot be written, or a file is no usable sound and `skip_bad` is not set: it is named.
    """
    part = output.with_name(f"{output.name}.part")
    bad: list[BadRow] = []
    try:
        known = _complete_rows(part, {clip.id for clip in clips})
        missing = [clip for clip in clips if clip.id not in known]
        on_clip(len(known))
        with _journal(part, list(known.values())) as add:
            for done, (clip, described) in enumerate(_described(missing, jobs), start=1):
                if isinstance(described, dict):
                    add((clip.id, clip.label, *(described[name] for name in DESCRIPTORS)))
                elif not skip_bad:
                    raise DataError(f"{clip.id}: {described}")
                else:
                    bad.append(BadRow(clips.index(clip) + 1, clip.id, described.rstrip(".")))
                on_clip(len(known) + done)
        if len(bad) == len(clips):
            raise DataError(
                f"None of the {len(clips):,} files is usable sound. The first: {bad[0].sentence()}"
            )
        _finish(part, output, clips)
    except (OSError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{str(output)!r} cannot be written: {reason}.") from error
    return Made(len(clips) - len(bad), len(known), tuple(sorted(bad, key=lambda one: one.row)))


def _complete_rows(part: Path, wanted: set[str]) -> dict[str, list[str]]:
    """The rows of an earlier run by track id. A last line without its end was being written when it was killed."""
    if not part.exists():
        return {}
    rows: list[list[str]] = []
    with part.open(encoding="utf-8", errors="replace", newline="") as file:
        lines = (line for line in file if line.endswith("\n"))
        with suppress(csv.Error):  # rubbish after a power cut; what was read before it counts
            rows.extend(csv.reader(lines))
    if rows[:1] != [list(HEADER)]:
        return {}
    return {row[0]: row for row in rows[1:] if len(row) == len(HEADER) and row[0] in wanted}


@contextmanager
def _journal(part: Path, known: list[list[str]]) -> Iterator[Callable[[Sequence[object]], None]]:
    """A function that adds one row to the file and sees it written; the known rows are there already."""
    fresh = part.with_name(f"{part.name}.new")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([HEADER, *known])
        file.flush()
        os.replace(fresh, part)

        def add(row: Sequence[object]) -> None:
            writer.writerow(row)
            file.flush()

        yield add


def _finish(part: Path, output: Path, clips: Sequence[Clip]) -> None:
    """The rows in the order of the clips, whichever was described first."""
    rows = _complete_rows(part, {clip.id for clip in clips})
    with _journal(part, [rows[clip.id] for clip in clips if clip.id in rows]):
        pass
    if output.suffix.lower() != ".parquet":
        os.replace(part, output)
        return
    types = {name: pa.string() for name in HEADER[:2]} | {name: pa.float64() for name in DESCRIPTORS}
    table = pa_csv.read_csv(
        part,
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(column_types=types),
    )
    fresh = part.with_name(f"{part.name}.new")
    pq.write_table(table, fresh)
    os.replace(fresh, output)
    part.unlink()


def _described(clips: Sequence[Clip], jobs: int) -> Iterator[tuple[Clip, Described]]:
    """Each clip with what was found, as it is found: in this process, or in `jobs` others."""
    if jobs == 1:
        yield from ((clip, _describe(clip.path)) for clip in clips)
        return
    waiting = deque(clips)
    while waiting:
        running: dict[Future[Described], Clip] = {}
        with _pool(jobs) as pool:
            try:
                yield from _by_pool(pool, waiting, running, QUEUED * jobs)
            except BrokenProcessPool:  # a decoder crashed: on one of those that were running
                yield from ((clip, _alone(clip)) for clip in list(running.values()))


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_prepare_process)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _by_pool(
    pool: ProcessPoolExecutor, waiting: deque[Clip], running: dict[Future[Described], Clip], queued: int
) -> Iterator[tuple[Clip, Described]]:
    while waiting or running:
        while waiting and len(running) < queued:
            running[pool.submit(_describe, waiting[0].path)] = waiting[0]
            waiting.popleft()
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            described = future.result()
            yield running.pop(future), described


def _alone(clip: Clip) -> Described:
    """What a process of its own finds: if that dies, it was this clip."""
    with _pool(1) as pool:
        try:
            return pool.submit(_describe, clip.path).result()
        except BrokenProcessPool:
            return "A decoder crashed on this file."


def _describe(path: Path) -> Described:
    try:
        return describe_fully(audio.decode(path))
    except (AudioError, OSError) as error:
        return str(error)


def _prepare_process() -> None:
    """Leave Ctrl-C to the parent, die with it, and keep the decoders' own remarks off the progress bar."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)


def _die_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
