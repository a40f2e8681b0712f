import io

import numpy as np
import pytest

from classifier.data import read_table, read_unlabelled
from classifier.dataset import vector
from classifier.errors import DataError
from classifier.splits import artist_folds, cross_validation, split
from tests.classifier.synthetic import dataset, frame, table


def _refusal(rows, tmp_path) -> str:
    with pytest.raises(DataError) as refused:
        read_table(table(tmp_path, rows))
    return str(refused.value)


@pytest.mark.parametrize("name", ["table.csv", "table.parquet", "table.txt"])
def test_a_table_is_read_by_content(tmp_path, name):
    data = read_table(table(tmp_path, name=name))
    assert len(data) == 600
    assert data.x.dtype == np.float32
    assert data.report.mapping == "families"


def test_column_order_does_not_matter(tmp_path):
    rows = frame()
    shuffled = rows[rows.columns[::-1]]
    a = read_table(table(tmp_path, rows))
    b = read_table(table(tmp_path, shuffled, "other.csv"))
    assert np.array_equal(a.x, b.x, equal_nan=True)


def test_missing_columns_and_unknown_keys_become_nan(tmp_path):
    data = dataset(tmp_path, frame().assign(key=-1))
    assert np.isnan(data.x[:, data.feature_names.index("valence")]).all()
    assert np.isnan(data.x[:, data.feature_names.index("key")]).all()
    assert "valence" in data.report.missing_columns


def test_a_track_under_two_genres_keeps_both(tmp_path):
    rows = frame(50)
    other = rows.assign(track_genre="metal").iloc[:1]
    data = dataset(tmp_path, type(rows)(np.concatenate([rows, other]), columns=rows.columns))
    assert len(data) == 50
    assert data.labels[0] == (rows.track_genre[0], "metal")


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("energy", "loud", "'loud' is not a number"),
        ("energy", 1.5, "1.5 is outside 0 to 1"),
        ("tempo", "inf", "inf is outside"),
        ("tempo", "nan", "the cell is empty"),
        ("mode", 0.5, "not a whole number"),
        ("track_genre", "", "the label is empty"),
    ],
)
def test_a_bad_cell_is_named_with_file_row_and_column(tmp_path, column, value, words):
    rows = frame(30).astype(object)
    rows.loc[4, column] = value
    message = _refusal(rows, tmp_path)
    assert message.startswith(f"table.csv, row 5, column {column}: ")
    assert words in message


def test_bad_rows_can_be_skipped_and_are_reported(tmp_path):
    rows = frame(30).astype(object)
    rows.loc[4, "energy"] = 7
    data = read_table(table(tmp_path, rows), on_bad_row="skip")
    assert len(data) == 29
    assert [(bad.row, bad.column) for bad in data.report.bad_rows] == [(5, "energy")]
    assert any("1 bad rows were skipped" in line for line in data.report.sentences())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 excel", "Excel"),
        (b"\x1f\x8b zipped", "gzip"),
        (b"<!DOCTYPE html>", "web page"),
        (b"PAR1 but nothing else", "damaged or incomplete Parquet"),
        (b"energy,Energy,genre\n1,1,rock\n", "'Energy' twice"),
        (b"energy,tempo\n1,1\n", "no label column"),
        (b"name,genre\nx,rock\n", "none of the feature columns"),
        (b"energy,genre\n0.5,yodel\n", "'yodel'"),
        (b"energy,genre\n0.5,rock,more\n", "row 1.*3 fields"),
        (b"energy,genre\n", "a header but no rows"),
        (b"energy,genre\n0.5,r\xe4p\n", "line 2: not UTF-8"),
    ],
)
def test_an_unusable_file_is_refused_in_a_sentence(content, words):
    with pytest.raises(DataError, match=words) as refused:
        read_table(io.BytesIO(content), name="upload.csv")
    assert "upload.csv" in str(refused.value) or "label" in str(refused.value)


def test_utf16_and_semicolons_are_read():
    text = "energy;genre;artist\n0.5;rock;Motörhead\n"
    assert read_table(io.BytesIO(text.encode("utf-16"))).artists == (("Motörhead",),)


def test_an_artist_called_none_stays_an_artist():
    data = read_table(io.BytesIO(b"energy,genre,artists\n0.5,rock,None;NA\n"))
    assert data.artists == (("None", "NA"),)


def test_labels_without_a_family_are_left_out_and_counted():
    data = read_table(io.BytesIO(b"energy,track_genre\n0.5,rock\n0.4,chill\n"))
    assert len(data) == 1
    assert data.report.left_out == {"chill": 1}


def test_training_and_serving_place_the_same_values_the_same_way(tmp_path):
    rows = frame(20)[["tempo", "track_genre", "energy", "key", "loudness"]]
    trained = dataset(tmp_path, rows)
    named = rows.iloc[7].drop("track_genre").to_dict()
    assert np.array_equal(vector(named), trained.x[7], equal_nan=True)
    shuffled = dict(reversed(named.items()))
    assert np.array_equal(vector(shuffled), trained.x[7], equal_nan=True)


def test_an_unlabelled_table_keeps_order_duplicates_and_blank_cells():
    data = read_unlabelled(io.BytesIO(b"track_id,energy,key\nb,0.5,\na,,3\nb,0.5,\n"))
    assert data.track_ids == ("b", "a", "b")
    assert np.isnan(data.x[1, data.feature_names.index("energy")])


def _parts(one):
    return one.train, one.valid, one.test


@pytest.mark.parametrize("kind", ["artist", "album", "fold", "random", "stratified"])
def test_every_track_is_in_one_part_of_a_split(tmp_path, kind):
    data = dataset(tmp_path)
    rows = np.concatenate(_parts(split(data, kind)))
    assert sorted(rows) == list(range(len(data)))


@pytest.mark.parametrize("kind", ["artist", "fold"])
def test_no_artist_is_in_two_parts_of_an_artist_split(tmp_path, kind):
    data = dataset(tmp_path)
    names = [{data.artists[i] for i in rows} for rows in _parts(split(data, kind))]
    assert not (names[0] & names[1] or names[0] & names[2] or names[1] & names[2])


def test_an_album_is_in_one_part_and_albums_of_one_name_are_told_apart_by_artist(tmp_path):
    rows = frame().assign(album_name=lambda one: [f"Hits {i % 3}" for i in range(len(one))])
    data = dataset(tmp_path, rows)
    albums = [{(data.artists[i], data.albums[i]) for i in part} for part in _parts(split(data, "album"))]
    assert not (albums[0] & albums[1] or albums[0] & albums[2] or albums[1] & albums[2])
    assert {album for _, album in albums[0]} & {album for _, album in albums[2]}


def test_the_random_split_has_the_asked_shares(tmp_path):
    assert [len(part) for part in _parts(split(dataset(tmp_path), "random"))] == [360, 120, 120]


def test_the_stratified_split_keeps_every_genres_share(tmp_path):
    rows = frame().sort_values("track_genre", kind="stable")
    data = dataset(tmp_path, rows)
    part = split(data, "stratified")
    for genre in ("rock", "hip-hop", "classical"):
        own = np.array([labels[0] == genre for labels in data.labels])
        assert own[part.test].sum() == pytest.approx(own.sum() / 5, abs=1)


def test_adding_tracks_moves_no_artist_to_another_part(tmp_path):
    few, many = dataset(tmp_path, frame(300)), dataset(tmp_path, frame(600))
    where = {}
    for number, rows in enumerate(_parts(split(few, "artist"))):
        where |= {few.artists[i]: number for i in rows}
    for number, rows in enumerate(_parts(split(many, "artist"))):
        assert all(where.get(many.artists[i], number) == number for i in rows)


@pytest.mark.parametrize("kind", ["artist", "random", "stratified"])
def test_cross_validation_tests_every_track_once(tmp_path, kind):
    data = dataset(tmp_path)
    parts = list(cross_validation(data, kind, 4))
    assert sorted(np.concatenate([one.test for one in parts])) == list(range(len(data)))
    assert all(len(set(one.test) & set(one.train) | set(one.test) & set(one.valid)) == 0 for one in parts)
    if kind == "artist":
        for one in parts:
            assert not {data.artists[i] for i in one.test} & {data.artists[i] for i in one.train}


def test_the_artist_fold_is_the_documented_hash():
    import hashlib

    data = read_table(io.BytesIO(b"energy,genre,artists\n0.5,rock, ABBA ;Other\n"))
    assert artist_folds(data)[0] == int(hashlib.sha1(b"artist:abba").hexdigest(), 16) % 5
