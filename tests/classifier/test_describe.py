import csv
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from classifier import feature_table
from classifier.__main__ import INTERRUPTED, main
from classifier.data import read_table
from classifier.descriptor_names import DESCRIPTORS
from classifier.feature_table import HEADER
from tests.classifier.audio_samples import encoded, music, tone
from tests.classifier.refusals import refused

CLIPS = ["Rock/0.wav", "Rock/1.flac", "hip hop/0.wav", "hip hop/1.flac"]


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "songs"
    for i, name in enumerate(CLIPS):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sound = music(3 + i / 4) if "Rock" in name else tone(3 + i / 4, 22_050, 1)
        path.write_bytes(encoded(sound, path.suffix[1:].upper(), 22_050))
    return root


def describe(folder, output, *more):
    return main(["describe", str(folder), "--output", str(output), "--jobs", "1", *more])


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_becomes_a_table_in_the_order_of_its_files(folder, tmp_path):
    assert describe(folder, tmp_path / "f.csv", "--jobs", "2") == 0
    table = rows(tmp_path / "f.csv")
    assert tuple(table[0]) == HEADER
    assert [row["track_id"] for row in table] == CLIPS
    assert [row["genre"] for row in table] == ["Rock", "Rock", "hip hop", "hip hop"]
    assert float(table[0]["tempo_bpm"]) == pytest.approx(120, rel=0.03)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.csv", "songs"]


def test_parquet_holds_the_same_as_csv(folder, tmp_path):
    assert describe(folder, tmp_path / "f.csv") == describe(folder, tmp_path / "f.parquet") == 0
    assert pd.read_parquet(tmp_path / "f.parquet").equals(pd.read_csv(tmp_path / "f.csv"))


def test_reading_for_training_takes_the_tables_own_columns(folder, tmp_path):
    describe(folder, tmp_path / "f.csv")
    data = read_table(tmp_path / "f.csv")
    assert data.feature_names == DESCRIPTORS
    assert data.labels == (("rock",), ("rock",), ("hip-hop",), ("hip-hop",))
    assert tuple(one.partition(":")[2] for one in data.track_ids) == tuple(CLIPS)


def test_a_flat_folder_is_filed_under_its_own_name(folder, tmp_path):
    assert describe(folder / "Rock", tmp_path / "f.csv") == 0
    assert {row["genre"] for row in rows(tmp_path / "f.csv")} == {"Rock"}


def test_a_bad_file_stops_the_command_or_is_listed(folder, tmp_path, capsys):
    (folder / "Rock" / "page.mp3").write_text("<html>Not found</html>")
    sentence = refused(capsys, "describe", folder, "--output", tmp_path / "f.csv", "--jobs", 1)
    assert sentence == "Rock/page.mp3: The file is a web page, not audio."
    assert describe(folder, tmp_path / "f.csv", "--skip-bad-rows") == 0
    told = capsys.readouterr().out
    assert "Described 4 files in f.csv, 2 of them by an earlier run." in told
    assert "  Rock/page.mp3: The file is a web page, not audio." in told


@pytest.mark.parametrize("damage", ["half a row", "rubbish", "another table"])
def test_a_damaged_unfinished_table_costs_only_what_is_damaged(folder, tmp_path, capsys, damage):
    describe(folder, tmp_path / "whole.csv")
    lines = (tmp_path / "whole.csv").read_bytes().splitlines(keepends=True)
    content = {
        "half a row": b"".join(lines[:3]) + lines[3][:-9],
        "rubbish": b"".join(lines[:3]) + b"\xff\x00\r\n" * 9,
        "another table": b"a,b\r\n1,2\r\n",
    }[damage]
    (tmp_path / "f.csv.part").write_bytes(content)
    capsys.readouterr()
    assert describe(folder, tmp_path / "f.csv") == 0
    assert ("2 of them by an earlier run" in capsys.readouterr().out) == (damage != "another table")
    assert (tmp_path / "f.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.long
def test_a_killed_run_goes_on_where_it_was(folder, tmp_path, capsys):
    for i in range(2, 60):
        os.link(folder / "Rock" / "0.wav", folder / "Rock" / f"{i:03}.wav")
    command = [
        sys.executable,
        "-m",
        "classifier",
        "describe",
        str(folder),
        "--output",
        str(tmp_path / "f.csv"),
    ]
    part = tmp_path / "f.csv.part"
    for stop in (signal.SIGKILL, signal.SIGINT):
        before = len(part.read_bytes().splitlines()) if part.exists() else 1
        process = subprocess.Popen(
            [*command, "--jobs", "2"],
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        while not part.exists() or len(part.read_bytes().splitlines()) < before + 3:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(stop)
        told = process.communicate()[1]
    assert process.returncode == INTERRUPTED
    assert told.splitlines()[-1] == "Stopped. The same command started again goes on where it was."
    assert describe(folder, tmp_path / "f.csv") == 0
    assert "of them by an earlier run" in capsys.readouterr().out
    assert len(rows(tmp_path / "f.csv")) == 62


def crash_on_one(path):
    if path.match("Rock/1.flac"):
        os.abort()
    return dict.fromkeys(DESCRIPTORS, 0.5)


def test_a_decoder_that_crashes_costs_one_file(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(feature_table, "_describe", crash_on_one)
    assert describe(folder, tmp_path / "f.csv", "--skip-bad-rows", "--jobs", "2") == 0
    assert "  Rock/1.flac: A decoder crashed on this file." in capsys.readouterr().out
    assert len(rows(tmp_path / "f.csv")) == 3


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("f.xlsx", "must end in .csv or .parquet"),
        ("no/f.csv", "cannot be written"),
        ("there.csv", "There already is"),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_any_work(folder, tmp_path, capsys, output, words):
    (tmp_path / "there.csv").write_text("kept")
    assert words in refused(capsys, "describe", folder, "--output", tmp_path / output)
    assert (tmp_path / "there.csv").read_text() == "kept"


def test_every_descriptor_is_a_column(folder, tmp_path):
    describe(folder, tmp_path / "f.csv")
    table = pd.read_csv(tmp_path / "f.csv")
    assert table[list(DESCRIPTORS)].notna().all(axis=None)
    assert table[list(DESCRIPTORS)].dtypes.eq("float64").all()
