"""Closing a connection without an answer, which the server interface has no word for."""

import asyncio

from starlette.types import Receive, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_open: dict[tuple[str, int], asyncio.Transport] = {}


class ClosableProtocol(H11Protocol):
    """Uvicorn's own protocol, remembering the transport of each client while it is connected."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client:
            _open[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.client:
            _open.pop(self.client, None)


async def close_connection(scope: Scope, receive: Receive) -> None:
    """Drops the client's connection and returns once the server has noticed."""
    transport = _open.get(tuple(scope["client"]))
    if transport is None:
        return
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
