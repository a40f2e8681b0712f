"""manage.py models does what the admin's pages do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError

from organizer import tasks
from organizer.models import Impact, ModelVersion, SpotifyAccount
from organizer.training import datasets, versions
from tests.organizer.promoting import WHY, command, described, reclassified
from tests.organizer.versions import expert, table, trained


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: Any) -> None:
    monkeypatch.setattr(tasks, "enqueue", lambda job, **_: None)


@pytest.fixture
def pair(library: SpotifyAccount, media: Path, tmp_path: Path) -> tuple[ModelVersion, ModelVersion]:
    """One in use, and a candidate that learned from fewer songs."""
    tracks = datasets.read(table(tmp_path))
    first = trained(media, "first", [tracks])
    versions.promote(first, reason=WHY)
    return first, trained(media, "second", [tracks.take(np.arange(300))])


def test_the_command_does_the_same(pair: Any, library: SpotifyAccount, media: Path) -> None:
    described(library, 1)
    reclassified()
    listed = command("list")
    assert "first: tables, in use, accuracy" in listed
    assert "second: tables, candidate" in listed
    assert "comes with the program" in listed
    with pytest.raises(CommandError, match="not been compared"):
        command("promote", "second")
    assert "rows by" in command("compare", "second")
    assert "songs change genre" in command("impact", "second")
    assert "“second” is in use" in command("promote", "second", "--reason", WHY)
    assert "“first” is in use" in command("rollback")
    expert(media, "ears")
    command("promote", "ears", "--reason", WHY)
    assert "comes with the program” is in use" in command("rollback", "--kind", "sound")


def test_the_command_says_what_cannot_be_done(pair: Any) -> None:
    with pytest.raises(CommandError, match="no model version “nobody”; there are"):
        command("promote", "nobody")
    with pytest.raises(CommandError, match="no earlier version"):
        command("rollback", "--kind", "sound")
    with pytest.raises(CommandError, match="besides the one"):
        command("compare", "first")
    with pytest.raises(CommandError, match="“first” is in use already."):
        command("impact", "first")
    assert not Impact.objects.exists()
