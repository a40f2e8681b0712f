"""Random months with Cratewise: after each write nothing is lost, doubled or touched that is not ours."""

from pathlib import Path
from typing import Any

import pytest

from tests.faults.sequences import many

pytestmark = pytest.mark.faults
FEW, MANY = 25, 500
LENGTH = 6


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("first", "last"), [(1, FEW), pytest.param(FEW + 1, MANY, marks=pytest.mark.long)], ids=["few", "many"]
)
def test_random_sequences(
    migrated: str, tmp_path: Path, django_db_blocker: Any, first: int, last: int
) -> None:
    with django_db_blocker.unblock():
        shares = many.shares(first, last - first + 1)
        playing = [many.start(share, tmp_path, template=migrated, length=LENGTH) for share in shares]
    failures = [one.said for one in playing if not one.is_fine]
    assert not failures, "\n".join(failures)
