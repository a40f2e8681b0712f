"""Web API endpoints that a new development-mode app no longer has."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.web import ApiError
from simulator.webapi import caller_of


async def gone(request: Request) -> Response:
    caller_of(request)
    raise ApiError(403, "Forbidden")


async def unknown(request: Request) -> Response:
    raise ApiError(404, "Service not found")


GONE_PATHS = (
    "/audio-features", "/audio-features/{id}", "/audio-analysis/{id}", "/recommendations",
    "/recommendations/available-genre-seeds", "/browse/{rest:path}", "/markets", "/tracks", "/albums",
    "/artists", "/episodes", "/shows", "/audiobooks", "/chapters", "/artists/{id}/top-tracks",
    "/artists/{id}/related-artists", "/users/{id}", "/users/{id}/playlists", "/playlists/{id}/tracks",
    "/playlists/{id}/followers", "/playlists/{id}/followers/contains", "/me/tracks", "/me/albums",
    "/me/episodes", "/me/shows", "/me/audiobooks", "/me/following", "/me/{kind}/contains",
)  # fmt: skip
ALL_METHODS = ["GET", "POST", "PUT", "DELETE"]
ROUTES = [
    *(Route(path, gone, methods=ALL_METHODS) for path in GONE_PATHS),
    Route("/{rest:path}", unknown, methods=ALL_METHODS),
]
