"""Random months with Cratewise: after each write nothing is lost, doubled or touched that is not ours."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.faults.sequences import many

pytestmark = pytest.mark.faults
COUNT = int(os.environ.get("SEQUENCES", "500"))
LENGTH = 6


@pytest.mark.timeout(900)
def test_random_sequences(migrated: str, tmp_path: Path, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        playing = [
            many.start(share, tmp_path, template=migrated, length=LENGTH) for share in many.shares(1, COUNT)
        ]
    failures = [one.said for one in playing if not one.is_fine]
    assert not failures, "\n".join(failures)
