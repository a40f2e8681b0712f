"""The full check of a table as a job: what it says of its rows, what it refuses, and that a kill costs little."""

import io
from pathlib import Path
from typing import Any

import pytest

from classifier.errors import DataError
from organizer import tasks
from organizer.models import Dataset, Job, TrainingRun
from organizer.training import checking, datasets, telling
from tests.organizer.checking import checked, media, uploaded
from tests.tables import write_table

HEADER = "track_id,artists,genre,tempo,energy\n"


@pytest.fixture(autouse=True)
def places(db: None, tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT, settings.DATASET_DIRS = tmp_path / "media", [tmp_path / "server"]
    settings.MEDIA_ROOT.mkdir()
    settings.DATASET_DIRS[0].mkdir()


def test_a_table_is_read_row_by_row_and_counted(tmp_path: Path) -> None:
    path = write_table(tmp_path / "table.csv", rows=300)
    path.write_text(path.read_text() + "id0,Again,rock,0.5,0.5,-8,0.5,120\nid900,X,rock,7,0.5,-8,0.5,120\n")
    row = checked(uploaded(path.read_bytes()))
    report = row.report
    assert (row.state, row.rows, report["tracks"], report["duplicates"]) == ("ready", 302, 300, 1)
    assert report["bad"] == [
        {
            "row": 302,
            "column": "danceability",
            "reason": "7 is outside 0 to 1 (share); divide percentages by 100",
        }
    ]
    assert report["labels"] == {"rock": 101, "jazz": 100, "edm": 100}
    assert row.label_map == {"rock": "rock", "jazz": "jazz-blues", "edm": "electronic"}
    assert "key" in report["missing"]
    assert len(row.sha256) == 64


def test_features_are_drawn_as_bars_that_hold_every_known_value(tmp_path: Path) -> None:
    row = checked(uploaded(write_table(tmp_path / "table.csv", rows=300).read_bytes()))
    tempo = next(one for one in row.report["features"] if one["name"] == "tempo")
    assert sum(tempo["counts"]) == 300
    assert tempo["low"] < tempo["quartiles"][1] < tempo["high"]


def test_a_column_with_a_label_for_every_row_is_refused() -> None:
    lines = "".join(f"t{n},A,label {n},120,0.5\n" for n in range(1_501))
    assert "1,501 different labels" in checked(uploaded((HEADER + lines).encode())).report["problem"]


def test_spellings_of_one_label_are_one_label() -> None:
    cells = ["Hip-Hop", "hip hop", "hip hop", "rock"]
    lines = "".join(f"t{n},A,{cell},120,0.5\n" for n, cell in enumerate(cells))
    assert checked(uploaded((HEADER + lines).encode())).report["labels"] == {"hip hop": 3, "rock": 1}


def test_only_the_first_fifty_bad_rows_are_listed_but_all_are_counted() -> None:
    lines = "".join(f"t{n},A,rock,fast,0.5\n" for n in range(60)) + "t,A,rock,120,0.5\n"
    report = checked(uploaded((HEADER + lines).encode())).report
    assert (len(report["bad"]), report["bad_count"]) == (50, 60)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 a workbook", "Excel"),
        (b"\xd0\xcf\x11\xe0 old", "old Excel"),
        (b"\x1f\x8b zipped", "gzip"),
        (b"ARROW1", "Feather"),
        (b"<!doctype html><p>Sign in</p>", "web page"),
        (b"%PDF-1.7", "PDF"),
        (b'[{"genre": "rock"}]', "JSON"),
        (b"PAR1 and then nothing", "Parquet"),
        (b"genre,tempo\nrock,\xe4\xf6\xfc\n", "line 2: not UTF-8"),
        ("genre,tempo\nJazz für alle,120\n".encode("latin-1"), "line 2: not UTF-8"),
        (b"genre,tempo\nro\0ck,120\n", "not a text table"),
        (b"artist,tempo\nX,120\n", "no label column"),
        (b"genre,mood\nrock,fine\n", "none of the feature columns"),
        (b"genre,tempo,tempo\nrock,1,2\n", "the column 'tempo' twice"),
        (b"genre,tempo\n", "a header but no rows"),
        (b"genre,tempo\nrock,fast\n", "'fast' is not a number"),
        (b"genre,tempo\nrock,\n", "the cell is empty"),
        (b"genre,tempo\n,120\n", "the label is empty"),
        (b"genre,tempo\nrock,900\n", "outside 0 to 300"),
        (b"genre,tempo\nrock,1e999\n", "outside"),
        (b'genre,tempo\nrock,"120,5"\n', "decimal point"),
        (b"genre,key\nrock,1.5\n", "not a whole number"),
        (b"genre,tempo\nrock\n", "1 fields where the header has 2"),
        (b"genre,tempo\n" + b'"' + b"x" * 200_000 + b"\n", "not readable as CSV"),
    ],
)
def test_a_table_of_which_nothing_can_be_used_leaves_only_its_report(
    content: bytes, why: str, settings: Any
) -> None:
    row = checked(uploaded(content))
    assert row.state == Dataset.State.REFUSED
    assert why in row.report["problem"]
    assert not row.file
    assert media(settings) == []


def parquet(**columns: list[Any]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (parquet(genre=["ro\0ck"], tempo=[120.0]), "NUL"),
        (parquet(**{"mo\0od": ["x"], "tempo": [120.0]}), "no label column"),
        (parquet(genre=[b"\xff"], tempo=[120.0]), "not UTF-8 text"),
        (parquet(genre=[["rock"]], tempo=[120.0]), "lists or records"),
        (parquet(genre=["r" * 2_000_000], tempo=[120.0]), "more than 131,072 bytes"),
        (parquet(genre=["r" * 300], tempo=[120.0]), "more than 200 characters"),
        (parquet(genre=["rock"], tempo=[120.0])[:-20], "damaged or incomplete Parquet"),
    ],
)
def test_parquet_with_cells_that_no_report_can_hold_is_refused(content: bytes, why: str) -> None:
    row = checked(uploaded(content))
    assert row.state == Dataset.State.REFUSED
    assert why in row.report["problem"]


def test_tables_in_utf_16_are_read() -> None:
    content = (HEADER + "t1,Zoë,rock,120,0.5\n").encode("utf-16")
    row = checked(uploaded(content))
    assert (row.state, row.report["artists"]) == ("ready", 1)


def test_one_refused_table_does_not_keep_the_next_from_being_checked(tmp_path: Path) -> None:
    bad = uploaded(b"nothing", name="bad")
    good = uploaded(write_table(tmp_path / "table.csv", rows=60).read_bytes(), name="good")
    assert checked(good).state == Dataset.State.READY
    bad.refresh_from_db()
    assert bad.state == Dataset.State.REFUSED


def test_the_same_file_twice_is_said(tmp_path: Path) -> None:
    content = write_table(tmp_path / "table.csv", rows=60).read_bytes()
    first, second = checked(uploaded(content, name="first")), checked(uploaded(content, name="second"))
    assert "It is the very same file as “second”: use only one of them." in telling.sentences(first)
    Dataset.objects.filter(pk=first.pk).update(name="renamed")
    assert any("the very same file as “renamed”" in one for one in telling.sentences(second))
    first.delete()
    assert not any("very same" in one for one in telling.sentences(second))


def test_what_was_added_as_a_check_ended_is_checked_by_another_job(tmp_path: Path, monkeypatch: Any) -> None:
    batch = checking.check_batch
    row: list[Dataset] = []

    def late(job: Job) -> bool:
        done = batch(job)
        row.append(uploaded(write_table(tmp_path / "table.csv", rows=60).read_bytes()))
        assert checking.start().pk == job.pk
        return done

    monkeypatch.setitem(tasks.PHASES, "check", tasks.Phase(late, tasks.TRAIN))
    tasks.work(checking.start().pk)
    assert Job.objects.active().get().kind == Job.Kind.CHECK


def test_a_data_set_that_a_run_refers_to_cannot_be_deleted(tmp_path: Path, settings: Any) -> None:
    row = checked(uploaded(write_table(tmp_path / "table.csv", rows=60).read_bytes()))
    run = TrainingRun.objects.create()
    run.datasets.add(row)
    with pytest.raises(DataError, match=f"#{run.pk}"):
        datasets.delete(row)
    run.delete()
    datasets.delete(row)
    assert not Dataset.objects.exists()
    assert media(settings) == []
