"""A job on SQLite whose disk fills up in a phase, and gets room again: python -m tests.faults.small_disk PHASE URL

Prints what the job said meanwhile. SQLite's own limit of pages stands in for the end of the disk: it gives the same
error (“database or disk is full”) in the same places, on every system and without special rights.
"""

import sys
from typing import Any

import django

SONGS, ROUNDS = 130, 4
ENDLESS = 1_073_741_823  # pages, SQLite's default


class Disk:
    """How many pages every connection may fill."""

    def __init__(self) -> None:
        from django.db.backends.signals import connection_created

        self.pages = ENDLESS
        connection_created.connect(self._limit)

    def _limit(self, connection: Any, **_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA max_page_count = {self.pages}")

    def _set(self, pages: int) -> None:
        from django.db import connection

        self.pages = pages
        connection.close()
        connection.ensure_connection()

    def fill(self) -> None:
        """Not a page more than there are."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("PRAGMA page_count")
            self._set(cursor.fetchone()[0])

    def free(self) -> None:
        self._set(ENDLESS)


def main(phase: str, simulator_url: str) -> None:
    django.setup()
    from django.core.management import call_command

    from tests.simulator_process import SimulatorProcess

    call_command("migrate", verbosity=0)
    world = SimulatorProcess()
    world.url = simulator_url
    disk = Disk()
    print(_play(phase, world, disk))


def _play(phase: str, world: Any, disk: Disk) -> str:
    from tests.faults.phases import begin, check, link
    from tests.faults.rounds import go_on

    account = link("cleo", world)
    job = begin(phase, account, world, songs=SONGS)
    disk.fill()
    said = _said_on_a_full_disk(job)
    disk.free()
    check(phase, go_on(job, world), account, world)
    return said


def _said_on_a_full_disk(job: Any) -> str:
    """Rounds in vain; what the job's page shows, or that it could not even be stored."""
    from django.db import OperationalError

    from organizer.models import Job
    from tests.faults.rounds import one_round

    said = "nothing: not even that could be stored"
    for _ in range(ROUNDS):
        try:
            row = one_round(job)
        except OperationalError as error:  # what the task's own guard catches in a worker
            assert "full" in str(error), error
            row = Job.objects.get(pk=job.pk)
        assert row.state != Job.State.DONE, "the disk was not full"
        said = row.error or row.wait_reason or said
    return said


if __name__ == "__main__":
    main(*sys.argv[1:])
