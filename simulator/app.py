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


def build(catalogue: Catalogue, options: Options, log_path: Path | None = None) -> Starlette:
    """The whole simulator as one ASGI application."""
    faults, log = Faults(), RequestLog(log_path)
    routes: list[BaseRoute] = [
        Route("/healthz", healthz),
        Mount("/spotify/v1", routes=WEB_API),
        *(Mount(f"/{name}", routes=found) for name, found in SERVICES.items()),
        Mount("/control/api", routes=control.ROUTES),
        Mount("/control", routes=control_page.ROUTES),
    ]
    app = Starlette(routes=routes, exception_handlers={ApiError: answer_api_error})
    app.state.world = World(catalogue, options)
    app.state.faults = faults
    app.state.log = log
    app.add_middleware(Gateway, services=frozenset({"spotify", *SERVICES}), faults=faults, log=log)
    return app
