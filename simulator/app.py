"""Puts the services together under their path prefixes."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from simulator import (
    accounts,
    control,
    control_page,
    covers,
    deezer,
    itunes,
    reccobeats,
    webapi,
    webapi_gone,
    webapi_library,
    webapi_playlists,
)  # fmt: skip
from simulator.catalog import Catalogue
from simulator.faults import Faults
from simulator.gateway import Gateway
from simulator.request_log import RequestLog
from simulator.state_file import NoticeChanges, StateFile
from simulator.web import ApiError, answer_api_error
from simulator.world import Options, World

WEB_API = [*webapi.ROUTES, *webapi_library.ROUTES, *webapi_playlists.ROUTES, *webapi_gone.ROUTES]
SERVICES: dict[str, list[Route]] = {
    "accounts": accounts.ROUTES,
    "deezer": deezer.ROUTES,
    "dzcdn": deezer.PREVIEW_ROUTES,
    "itunes": itunes.ROUTES,
    "itunes-preview": itunes.PREVIEW_ROUTES,
    "reccobeats": reccobeats.ROUTES,
    "scdn": covers.ROUTES,
}


async def healthz(request: Request) -> Response:
    return PlainTextResponse("ok")


def build(
    catalogue: Catalogue, options: Options, *, log_path: Path | None = None, state_path: Path | None = None
) -> Starlette:
    """The whole simulator as one ASGI application. OSError when a file cannot be used."""
    faults, log, world = Faults(), RequestLog(log_path), World(catalogue, options)
    state_file = StateFile(state_path, world) if state_path else None
    routes: list[BaseRoute] = [
        Route("/healthz", healthz),
        Mount("/spotify/v1", routes=WEB_API),
        *(Mount(f"/{name}", routes=found) for name, found in SERVICES.items()),
        Mount("/control/api", routes=control.ROUTES),
        Mount("/control", routes=control_page.ROUTES),
    ]
    lifespan = state_file.kept if state_file else None
    app = Starlette(routes=routes, exception_handlers={ApiError: answer_api_error}, lifespan=lifespan)
    app.state.world = world
    app.state.faults = faults
    app.state.log = log
    if state_file:
        state_file.restore()
        app.add_middleware(NoticeChanges, state_file=state_file)  # inside the gateway: faults may delay it
    app.add_middleware(Gateway, services=frozenset({"spotify", *SERVICES}), faults=faults, log=log)
    return app
