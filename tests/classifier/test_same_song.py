"""One song in a table and among corrections: taught once, as its user names it, and held out wherever it stands."""

from pathlib import Path

import numpy as np
import pytest

from classifier.data import combine, read_table
from classifier.dataset import Dataset
from classifier.same_song import outranked, song_id
from classifier.splits import split

IDS = [f"{number:022}" for number in range(200)]


def tracks(ids: list[str], artists: list[str], label: str, outside: Dataset | None = None) -> Dataset:
    names = tuple((name,) for name in artists)
    x = np.zeros((len(ids), 1), np.float32)
    return Dataset(x, ("energy",), ((label,),) * len(ids), names, tuple(ids), outside=outside)


def uris(rows: range) -> list[str]:
    return [f"spotify:track:{IDS[row]}" for row in rows]


@pytest.mark.parametrize(
    "written",
    [
        "{}",
        "spotify:track:{}",
        "https://open.spotify.com/track/{}?si=1",
        "https://open.spotify.com/intl-de/track/{}",
    ],
)
def test_a_track_has_one_id_however_it_is_written(written: str) -> None:
    assert song_id(written.format(IDS[7])) == IDS[7]


@pytest.mark.parametrize("other", ["17", "spotify:episode:" + IDS[1], "table.csv:3", IDS[1] + "x", ""])
def test_other_ids_stay_as_they_are(other: str) -> None:
    assert song_id(other) == other


def test_a_table_loses_the_songs_that_users_named_and_keeps_its_own_ids() -> None:
    table = tracks(IDS[:100], [f"Artist {row}" for row in range(100)], "pop")
    said = tracks(uris(range(40, 60)), [f"artist {row} " for row in range(40, 60)], "rock")
    (left,), kept = outranked([table], said)
    assert left.track_ids == (*IDS[:40], *IDS[60:100])
    assert kept.track_ids == said.track_ids


def test_what_a_table_files_under_no_genre_is_named_by_its_user_too() -> None:
    outside = tracks(IDS[100:110], ["Somebody"] * 10, "podcast")
    table = tracks(IDS[:100], ["Artist"] * 100, "pop", outside)
    (left,), _ = outranked([table], tracks(uris(range(105, 108)), ["Somebody"] * 3, "rock"))
    assert left.outside is not None
    assert left.outside.track_ids == (*IDS[100:105], *IDS[108:110])


def test_a_song_that_a_table_holds_out_under_another_artist_is_not_learned_from_words() -> None:
    table = tracks(IDS, [f"Artist {row}" for row in range(200)], "pop")
    said = tracks(uris(range(200)), [f"The Artist {row}" for row in range(200)], "rock")
    _, kept = outranked([table], said)
    held_out = {song_id(one.track_ids[row]) for one in (table, said) for row in split(one, "artist").test}
    parts = split(kept, "artist")
    learned = {song_id(kept.track_ids[row]) for row in (*parts.train, *parts.valid)}
    assert 0 < len(learned) < 200 - len(split(said, "artist").test)
    assert not learned & held_out


@pytest.mark.parametrize("spelled", ["SIGUR RÓS {}", " sigur  rós {}", "Sigur Ro\u0301s {}", "Ｓigur Rós {}"])
def test_an_artist_spelled_otherwise_is_held_out_all_the_same(spelled: str) -> None:
    one = tracks(IDS, [f"Sigur Rós {row}" for row in range(200)], "pop")
    other = tracks(IDS, [spelled.format(row) for row in range(200)], "pop")
    assert split(one, "artist").test.tolist() == split(other, "artist").test.tolist()


GLOBAL = [IDS[1], f"spotify:track:{IDS[2]}", "USRC17607839", "5b11f4ce-a62d-471e-81fc-a69a8278c7da"]


@pytest.mark.parametrize("local", [True, False])
def test_a_running_number_is_no_song_beyond_its_table(tmp_path: Path, local: bool) -> None:
    """Ids that mean a song everywhere make one track of two tables, with the genres of both; all others do not."""
    ids = ["0", "1", "2", "t-3"] if local else GLOBAL
    tables = []
    for name, genre in (("a", "rock"), ("b", "classical")):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "songs.csv"
        rows = [f"{one},{place / 10},{genre}" for place, one in enumerate(ids)]
        path.write_text("\n".join(["id,energy,genre", *rows]))
        tables.append(read_table(path))
    both = combine(tables)
    assert len(both) == (8 if local else 4)
    assert set(both.labels) == ({("rock",), ("classical",)} if local else {("rock", "classical")})


def test_the_same_file_twice_is_the_same_songs(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("id,energy,genre\n0,0.5,rock\n1,0.6,classical\n")
    assert len(combine([read_table(tmp_path / "a.csv"), read_table(tmp_path / "b.csv")])) == 2
