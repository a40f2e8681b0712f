"""Tables of every bad kind through the real command line: one sentence, exit code 2, nothing written."""

import datetime
import os
import re

import numpy as np
import pyarrow as pa
import pytest

from classifier import tables
from classifier.__main__ import main
from classifier.data import read_table
from tests.classifier.refusals import ROWS, TEXT, rows_with, train_refused, written
from tests.classifier.synthetic import table


def _dry(tmp_path, capsys, content, *more) -> str:
    path = written(tmp_path, content)
    assert main(["train", "--data", str(path), "--out", str(tmp_path / "v"), "--dry-run", *more]) == 0
    return capsys.readouterr().out


def swallowing() -> str:
    """A quotation mark left open in row 3 ends at the next one, in row 9."""
    lines = TEXT.split("\n")
    for place in (3, 9):
        lines[place] = re.sub(r",(\S+ band)", r',"\1', lines[place])
    return "\n".join(lines)


def _columns(**changed) -> pa.Table:
    return pa.table({name: pa.array(ROWS[name].tolist()) for name in ROWS.columns} | changed)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("energy", "loud", "'loud' is not a number from 0 to 1 (share)"),
        ("energy", "inf", "inf is outside 0 to 1 (share)"),
        ("energy", "nan", "the cell is empty; leave out the row, or the column"),
        ("energy", "1_0", "'1_0' is not a number from 0 to 1 (share)"),
        ("energy", "True", "'True' is not a number from 0 to 1 (share)"),
        ("energy", "0,5", "'0,5' is not a number; write a decimal point and no separators of thousands"),
        ("energy", 85, "85 is outside 0 to 1 (share); divide percentages by 100"),
        ("duration_ms", "215,000", "'215,000' is not a number; write a decimal point and no separators of thousands"),
        ("duration_ms", 215.3, "215.3 is outside 1,000 to 86,400,000 (ms); multiply seconds by 1,000"),
        ("duration_ms", 10**400, "inf is outside 1,000 to 86,400,000 (ms)"),
        ("duration_ms", "3:45", "'3:45' is not a number from 1,000 to 86,400,000 (ms)"),
        ("loudness", 14, "14 is outside -60 to 10 (dB); loudness is below 0 for nearly all music"),
        ("tempo", -1, "-1 is outside 0 to 300 (beats per minute)"),
        ("key", "8A", "'8A' is not a number from -1 to 11 (pitch class)"),
        ("mode", 0.5, "0.5 is not a whole number"),
        ("explicit", "maybe", "'maybe' is not a number from 0 to 1 (0 no, 1 yes)"),
        ("track_genre", " ", "the label is empty"),
        ("track_genre", "NaN", "the label is empty"),
    ],
)  # fmt: skip
def test_a_bad_cell_stops_the_import_or_is_left_out_and_named(tmp_path, capsys, column, value, reason):
    rows = rows_with(column, value)
    place = f"row 5, column {column}: {reason}."
    assert train_refused(tmp_path, capsys, rows) == f"table.csv, {place}"
    report = _dry(tmp_path, capsys, rows, "--skip-bad-rows")
    assert f"149 tracks. 1 bad rows were skipped; the first is {place}" in report


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n \n\n", "is empty"),
        (ROWS.iloc[:0], "has a header but no rows"),
        (ROWS[["track_id", "track_genre"]], "has none of the feature columns: danceability"),
        (ROWS.drop(columns="track_genre"), "no label column: looked for one of track_genre"),
        (TEXT.partition("\n")[2], "no label column"),
        ("# made by hand\n" + TEXT, "found # made by hand."),
        (TEXT.replace("danceability", "Energy", 1), "has the column 'energy' twice; rename or remove one"),
        (ROWS.assign(track_genre="rock"), "at least two genres; all tracks are rock"),
        (ROWS.iloc[:3], "at least 100 labelled tracks; there are 3"),
        (b"PK\x03\x04" + bytes(99), "is an Excel workbook"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), "is an old Excel workbook"),
        (b"ARROW1\0\0" + bytes(99), "is a Feather file"),
        (b' [{"energy": 1}]', "is JSON"),
        (TEXT.encode("utf-16-le"), "is not a text table"),
        (TEXT.encode("utf-32"), "is not a text table"),
        (TEXT.replace("hip-hop band 2", "Beyoncé", 1).encode("cp1252"), "not UTF-8 text; save the table as CSV"),
        (TEXT.replace("rock band", '"rock band', 1), "row 4: one of its cells holds whole rows"),
        (TEXT.removesuffix("\n") + ',"', "a quotation mark in row "),
        ('"' + TEXT, "a quotation mark in the header is never closed"),
        (swallowing(), "row 3: one of its cells holds whole rows; look for a quotation mark left open"),
        (swallowing().replace("\n", "\n\n", 1), "row 3: one of its cells holds whole rows"),
        ("energy,genre\n0.5," + "x" * 200_000, "look for a quotation mark left open"),
        (ROWS.to_csv(index=False, sep="\t", decimal=","), "write a decimal point"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_usable_table_is_refused(tmp_path, capsys, content, words):
    assert words in train_refused(tmp_path, capsys, content)


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("\n", "\r"),
        "\n\n" + TEXT.replace("\n", "\n\n") + ",,,,,,,,,,\n",
        ROWS.to_csv(index=False, sep=";"),
        ROWS.to_csv(index=False, sep=";", decimal=","),
        ROWS.assign(lyrics="La, la, la.\nLa, la, la, la, la!\n\n“La”, la.").to_csv(index=False),
        "sep=;\n" + ROWS.to_csv(index=False, sep=";"),
        ROWS.to_csv(),
        TEXT.replace("\n", ",\n"),
        TEXT.replace("\n", ",,\n").replace(",,\n", "\n", 1),
        ROWS.assign(artists=ROWS.artists + "\nof two lines"),
        ROWS.assign(track_genre="  " + ROWS.track_genre.str.upper() + " "),
        ROWS.assign(key=ROWS.key.replace({1: "C#", 3: "Eb", 11: "b"})),
        ROWS.assign(mode=ROWS["mode"].replace({0: "Minor", 1: "Major"})),
        ROWS.assign(explicit=ROWS.explicit.replace({0: "FALSE", 1: "True"})),
    ],
)
def test_other_ways_of_writing_the_same_table_are_read(tmp_path, content):
    plain = read_table(table(tmp_path, ROWS, "plain.csv"))
    read = read_table(written(tmp_path, content))
    np.testing.assert_array_equal(read.x, plain.x)
    assert read.labels == plain.labels


def test_small_numbers_with_a_decimal_comma_are_read(tmp_path):
    content = ROWS.assign(energy=4.3e-05).to_csv(index=False, sep=";", decimal=",")
    assert "4,3e-05" in content
    read = read_table(written(tmp_path, content))
    np.testing.assert_allclose(read.x[:, read.feature_names.index("energy")], 4.3e-05, rtol=1e-6)


def test_rows_of_another_length_are_refused_or_left_out(tmp_path, capsys):
    text = TEXT.replace("t0-3,", "t0-3", 1)
    reason = "row 4: has 10 fields where the header has 11."
    assert train_refused(tmp_path, capsys, text) == f"table.csv, {reason}"
    assert f"the first is {reason}" in _dry(tmp_path, capsys, text, "--skip-bad-rows")


def test_where_every_row_is_bad_skipping_still_names_the_first(tmp_path, capsys):
    rows = ROWS.assign(energy=ROWS.energy * 90 + 5)
    assert "row 1, column energy" in train_refused(tmp_path, capsys, rows, "--skip-bad-rows")


def test_a_genre_of_one_row_is_left_out_and_counted(tmp_path, capsys):
    assert "left out: reggae (1)" in _dry(tmp_path, capsys, rows_with("track_genre", "reggae"))


def test_twenty_of_many_unknown_labels_are_spelled_out(tmp_path, capsys):
    rows = ROWS.assign(track_genre=[f"zork{i}" for i in range(150)])
    sentence = train_refused(tmp_path, capsys, rows)
    assert sentence.startswith(
        "table.csv, column track_genre: 150 label(s) have no genre assigned: 'zork0', "
    )
    assert "and 130 more; correct them" in sentence


@pytest.mark.parametrize(
    "artists",
    [
        pa.array([["ABBA", None, "B; C"]] * 150),
        pa.array([[{"name": "ABBA"}, {"name": "B; C"}]] * 150),
        pa.array(["['ABBA', 'B; C']"] * 150),
        pa.array([b"['ABBA', \"B; C\"]"] * 150),
    ],
)
def test_lists_of_artists_are_read(tmp_path, artists):
    read = read_table(written(tmp_path, _columns(artists=artists)))
    assert set(read.artists) == {("ABBA", "B; C")}


def test_odd_but_clear_columns_of_parquet_are_read(tmp_path):
    odd = _columns(
        track_genre=pa.array(ROWS.track_genre).dictionary_encode(),
        energy=pa.array(ROWS.energy.round(3)).cast(pa.decimal128(20, 3)),
        explicit=pa.array(ROWS.explicit == 1),
        junk=pa.array([[{"a": [1]}]] * 150),
    )
    read = read_table(written(tmp_path, odd))
    np.testing.assert_allclose(read.columns(["energy"])[:, 0], ROWS.energy.round(3), rtol=1e-6)
    np.testing.assert_array_equal(read.columns(["explicit"])[:, 0], ROWS.explicit)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"track_genre": pa.array([["rock", "pop"]] * 150)}, "column track_genre: holds lists or records"),
        ({"energy": pa.array([[0.5]] * 150)}, "column energy: holds lists or records"),
        ({"energy": pa.array([datetime.datetime(2020, 1, 1)] * 150)}, "'2020-01-01 00:00:00' is not a number"),
        ({"key": pa.array([None] + [1] * 149, pa.int64())}, "row 1, column key: the cell is empty"),
        ({"duration_ms": pa.array([2**64 - 1] * 150, pa.uint64())}, "1.844674407e+19 is outside 1,000"),
        ({"track_id": pa.array([b"\xff"] * 150)}, "column track_id: holds bytes that are not UTF-8 text"),
    ],
)  # fmt: skip
def test_columns_of_other_kinds_are_refused(tmp_path, capsys, changed, words):
    assert words in train_refused(tmp_path, capsys, _columns(**changed))


def test_a_table_of_too_many_rows_is_refused_without_reading_it_all(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 120)
    sentence = "table.csv has more than 120 rows; split it into several tables."
    assert train_refused(tmp_path, capsys, TEXT + "not, read, any, more") == sentence
    assert train_refused(tmp_path, capsys, _columns()) == sentence


def test_a_table_of_too_many_bytes_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tables, "MAX_BYTES", 2**20)
    assert "is larger than 1 MB" in train_refused(tmp_path, capsys, "x" * (2**20 + 1))
    heavy = _columns(album=pa.array(["a" * 20_000] * 150))
    assert "unpacks to more than 1 MB" in train_refused(tmp_path, capsys, heavy)


def test_a_pipe_is_read(tmp_path):
    reading, writing = os.pipe()
    with open(writing, "wb") as pipe:
        pipe.write(TEXT[:2000].rpartition("\n")[0].encode())
    with open(reading, "rb") as pipe:
        assert len(read_table(pipe, name="pipe")) > 5
