from collections.abc import Iterator
from typing import Any

import pytest

from organizer import network
from tests.faults import databases
from tests.faults.program import Processes, until
from tests.gates import open_gates
from tests.simulator_process import SimulatorProcess


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any) -> str:
    with django_db_blocker.unblock():
        return databases.create_migrated(tmp_path_factory.mktemp("template"), "faults")


@pytest.fixture(scope="module")
def database(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    migrated: str,
    django_db_blocker: Any,
) -> Iterator[str]:
    """The url of a database that other processes share with this module's tests."""
    name = request.module.__name__.rpartition(".")[2]
    with django_db_blocker.unblock():
        url = databases.create(tmp_path_factory.mktemp("database"), f"faults_{name}", template=migrated)
        with databases.pointed_at(url):
            yield url


@pytest.fixture(scope="module")
def program(
    database: str, simulator_process: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Processes]:
    """Room for this module's processes; none runs yet."""
    directory = tmp_path_factory.mktemp("program")
    with Processes(directory, database_url=database, simulator_url=simulator_process.url) as processes:
        yield processes


@pytest.fixture
def world(
    program: Processes, simulator_process: SimulatorProcess, settings: Any
) -> Iterator[SimulatorProcess]:
    """The simulator as new, shared by this process and the others; nobody is linked."""
    simulator_process.reset()
    simulator_process.point(settings)
    settings.MEDIA_ROOT = program.directory / "media"
    network.reset()
    forget_everybody()
    open_gates()
    yield simulator_process
    forget_everybody()
    network.reset()


def forget_everybody() -> None:
    """A worker that lives stores what it was at, until it finds that its job is gone."""
    until(_could_forget, 30, "somebody goes on storing what is to be forgotten")


def _could_forget() -> bool:
    from django.contrib.auth.models import User
    from django.db import IntegrityError

    from organizer.models import Artist, Job, Track

    try:
        for model in (Job, User, Track, Artist):
            model.objects.all().delete()
    except IntegrityError:  # a row came to what was being deleted
        return False
    return True
