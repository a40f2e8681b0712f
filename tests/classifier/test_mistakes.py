"""The list of the worst mistakes: whose they are, and that it says more than one thing."""

from pathlib import Path
from typing import Any

import numpy as np

from classifier.data import combine, read_table
from classifier.mistakes import worst
from tests.tables import write_table


def described(artists: list[str]) -> Any:
    return lambda row: {"id": str(row), "artists": [artists[row]] if artists[row] else []}


def found(artists: list[str]) -> list[str]:
    """Rows of which all are wrong, the first the surest."""
    n = len(artists)
    log_p = np.log(np.stack([np.linspace(0.99, 0.6, n), 1 - np.linspace(0.99, 0.6, n)], axis=1))
    truth = np.tile([False, True], (n, 1))
    return [one["id"] for one in worst(log_p, truth, ("rock", "pop"), described(artists))]


def test_at_most_two_of_an_artist_however_written() -> None:
    assert found(["Ada", "ADA", "ada", "Bo", "Ada", "Bo", "Bo"]) == ["0", "1", "3", "5"]


def test_clips_whose_artists_nobody_names_all_stay() -> None:
    assert found([""] * 4) == ["0", "1", "2", "3"]


def test_titles_are_read_and_stay_with_their_tracks(tmp_path: Path) -> None:
    lines = write_table(tmp_path / "table.csv", rows=30).read_text().splitlines()
    titled = [f"{line},{'track_name' if not place else f'Song {place}'}" for place, line in enumerate(lines)]
    (tmp_path / "titled.csv").write_text("\n".join(titled).replace("id", "other"))
    both = combine([read_table(tmp_path / name) for name in ("table.csv", "titled.csv")])
    assert set(both.titles[:30]) == {""}
    assert both.take(np.array([30, 59])).titles == ("Song 1", "Song 30")
