"""Keeps the world in a file: reads it at the start, writes it soon after every change and at the end."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator import saved
from simulator.world import World

PAUSE_S = 0.9  # between two writes: with the write itself, about a second can be lost
READING = ("GET", "HEAD", "OPTIONS")


class StateFile:
    """Only this process may write the file; the event loop's thread calls everything but `_write`."""

    def __init__(self, path: Path, world: World) -> None:
        self._path, self._world = path, world
        self._identity = saved.identity(world)
        self._changed, self._closing = asyncio.Event(), asyncio.Event()

    def restore(self) -> None:
        """Bring the saved state back; one of another world or a damaged one is set aside. OSError if unreadable."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not self._path.exists():
            return
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            if not isinstance(found, dict):
                raise saved.Damaged("It is no JSON object.")
            if found.get("belongs_to") != self._identity:
                self._set_aside("belongs to another catalogue, seed or number of liked songs")
                return
            saved.put_back(self._world, found)
        except (ValueError, saved.Damaged):
            self._set_aside("is damaged")

    def _set_aside(self, why: str) -> None:
        old = self._path.with_name(f"{self._path.name}.old")
        self._path.replace(old)
        print(f"The state in {self._path} {why}: it is now {old.name}, and all begins anew.", file=sys.stderr)

    def note_change(self) -> None:
        self._changed.set()

    @contextlib.asynccontextmanager
    async def kept(self, app: Starlette) -> AsyncIterator[None]:
        """For the life of the application: saves after changes, and once more at the end."""
        saving = asyncio.create_task(self._save_after_changes())
        try:
            yield
        finally:
            self._closing.set()
            self._changed.set()
            await saving
            await self._save()

    async def _save_after_changes(self) -> None:
        while not self._closing.is_set():
            await self._changed.wait()
            await self._save()
            with contextlib.suppress(TimeoutError):  # the usual end of a pause
                await asyncio.wait_for(self._closing.wait(), PAUSE_S)

    async def _save(self) -> None:
        self._changed.clear()
        taken = {"belongs_to": self._identity, **saved.take(self._world)}
        try:
            await asyncio.to_thread(self._write, taken)
        except OSError as error:
            print(f"The state cannot be saved in {self._path}: {error.strerror}.", file=sys.stderr)

    def _write(self, taken: saved.Json) -> None:
        draft = self._path.with_name(f"{self._path.name}.new")
        descriptor = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(saved.as_text(taken))
        draft.replace(self._path)


class NoticeChanges:
    """Whatever does not only read may have changed the world."""

    def __init__(self, app: ASGIApp, *, state_file: StateFile) -> None:
        self.app = app
        self.state_file = state_file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        finally:
            if scope["type"] == "http" and scope["method"] not in READING:
                self.state_file.note_change()
