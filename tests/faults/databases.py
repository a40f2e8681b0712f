"""Databases of their own for tests whose other half runs in separate processes: what is stored is really stored."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dj_database_url
from django.core.management import call_command
from django.db import connections

WHERE = ("NAME", "HOST", "PORT", "USER", "PASSWORD")


@contextmanager
def pointed_at(url: str) -> Iterator[None]:
    """Have Django, in this process, work on the database of `url`."""
    shared, wanted = connections["default"], dj_database_url.parse(url)
    before = {name: shared.settings_dict[name] for name in WHERE}
    shared.settings_dict.update({name: wanted[name] for name in WHERE})
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        shared.settings_dict.update(before)
        connections["default"] = shared


def create(directory: Path, name: str, *, template: str = "") -> str:
    """Make a database, empty or as a copy, on the server that the settings name; its url."""
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    if connections["default"].vendor == "postgresql":
        source = f' TEMPLATE "{template.rpartition("/")[2]}"' if template else ""
        with connections["default"]._nodb_cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"{source}')
        return f"{server}/{name}"
    path = directory / f"{name}.sqlite3"
    if template:
        shutil.copy(template.removeprefix("sqlite:///"), path)
    return f"sqlite:///{path}"


def create_migrated(directory: Path, name: str) -> str:
    url = create(directory, name)
    with pointed_at(url):
        call_command("migrate", verbosity=0)
    return url
