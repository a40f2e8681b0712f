"""A worker as a forked process that is killed (SIGKILL, by its own hand) at a moment chosen beforehand.

Moments are counted: one before each request is sent, one after its answer has come and before anybody knows of it,
and, where asked for, one before each statement that changes the database.
"""

import os
import signal
from collections.abc import Callable
from typing import Any

from django.db import connection, connections
from requests.adapters import HTTPAdapter

from organizer import network, tasks
from organizer.models import Job

CHANGES = ("INSERT", "UPDATE", "DELETE")


class _Moments:
    """Counts what passes in this process, and ends it at the `last` moment."""

    def __init__(self, last: int) -> None:
        self.last, self.count = last, 0

    def pass_one(self) -> None:
        self.count += 1
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def sending(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self.pass_one()
            answer = send(*arguments, **options)
            self.pass_one()
            return answer

        return counted

    def storing(self, execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        if sql.lstrip().startswith(CHANGES):
            self.pass_one()
        return execute(sql, *arguments)


def outlived(act: Callable[[], None], *, last: int, sees_database: bool = False) -> bool:
    """Run `act` in a process that ends at moment `last`; whether it came to its own end before that."""
    connections.close_all()  # a connection must not be shared with a child
    child = os.fork()
    if child == 0:
        _live(act, _Moments(last), sees_database)
    _, status = os.waitpid(child, 0)
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0, (
        "the worker failed; see its traceback above"
    )
    return os.WIFEXITED(status)


def _live(act: Callable[[], None], moments: _Moments, sees_database: bool) -> None:
    code = 1
    try:
        network.reset()
        HTTPAdapter.send = moments.sending(HTTPAdapter.send)  # type: ignore[method-assign]
        if sees_database:
            connection.execute_wrappers.append(moments.storing)
        act()
        connections.close_all()
        code = 0
    finally:
        if code:
            import traceback

            traceback.print_exc()
        os._exit(code)


def batches(job_id: int) -> None:
    """What a worker does with a job while nothing asks it to wait."""
    job = tasks.work(job_id)
    while job and job.state == Job.State.RUNNING:
        job = tasks.work(job_id, job.lease_token)
