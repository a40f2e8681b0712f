import numpy as np
import pytest

from classifier.unmarked import SHARE, unmarked


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray]:
    """1,000 tracks that lack feature 3, and 100 of ours that have it but lack feature 0."""
    x = np.ones((1100, 4), np.float32)
    ours = np.arange(len(x)) >= 1000
    x[~ours, 3] = np.nan
    x[ours, 0] = np.nan
    return x, ours


def test_nothing_that_is_unknown_tells_which_rows_are_ours(rows: tuple[np.ndarray, np.ndarray]) -> None:
    x, ours = rows
    hidden = np.isnan(unmarked(x, ours, seed=0))
    assert hidden[:, 3].all()
    assert abs(hidden[~ours, 0].mean() - SHARE) < 0.05
    assert not hidden[:, 1:3].any()


def test_known_numbers_stay_as_they_are(rows: tuple[np.ndarray, np.ndarray]) -> None:
    x, ours = rows
    found = unmarked(x, ours, seed=0)
    assert (found[~np.isnan(found)] == 1).all() and found.dtype == np.float32
    assert not np.isnan(x[ours, 3]).any()  # the given rows are not touched


def test_rows_of_one_kind_alone_are_left_alone(rows: tuple[np.ndarray, np.ndarray]) -> None:
    x, _ = rows
    for all_of_them in (True, False):
        assert unmarked(x, np.full(len(x), all_of_them), seed=0) is x
