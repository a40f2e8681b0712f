"""Tables to be refused, and the one sentence that a refused command prints."""

import pyarrow as pa
import pyarrow.parquet as pq

from classifier.__main__ import USAGE_ERROR, main
from tests.classifier.synthetic import frame, table

ROWS = frame(150)
TEXT = ROWS.to_csv(index=False)


def rows_with(column, value, row=4):
    rows = ROWS.astype(object)
    rows.loc[row, column] = value
    return rows


def written(tmp_path, content, name="table.csv"):
    path = tmp_path / name
    if isinstance(content, pa.Table):
        pq.write_table(content, path)
    elif isinstance(content, str | bytes):
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    else:
        table(tmp_path, content, name)
    return path


def refused(capsys, *arguments) -> str:
    """The one sentence that a refused command prints."""
    assert main([str(one) for one in arguments]) == USAGE_ERROR
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.endswith(".")
    return sentence


def train_refused(tmp_path, capsys, content, *more) -> str:
    path = written(tmp_path, content)
    before = set(tmp_path.iterdir())
    sentence = refused(capsys, "train", "--data", path, "--out", tmp_path / "v", "--epochs", 1, *more)
    assert set(tmp_path.iterdir()) == before
    return sentence
