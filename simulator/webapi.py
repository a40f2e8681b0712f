"""The Web API as a new development-mode app sees it: profile, liked songs, single objects, search, library."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator import identifiers
from simulator.catalog import Track
from simulator.objects import (
    album_json,
    artist_json,
    full_artist_json,
    page_json,
    saved_json,
    track_json,
    user_json,
)  # fmt: skip
from simulator.people import User
from simulator.web import ApiError, origin, whole, world_of
from simulator.world import World

ANY_OFFSET = range(0, 1_000_001)


@dataclass(frozen=True)
class Caller:
    """Who asks, on behalf of whom (nobody: an app for itself), and with which rights."""

    request: Request
    world: World
    on_behalf_of: User | None
    scopes: frozenset[str]

    @property
    def user(self) -> User:
        if self.on_behalf_of is None:
            raise ApiError(401, "Valid user authentication required")
        return self.on_behalf_of

    @property
    def api(self) -> str:
        return f"{origin(self.request)}/spotify/v1"

    def require(self, scope: str) -> None:
        if scope not in self.scopes:
            raise ApiError(403, "Insufficient client scope")

    def page(self, found: list[Any], shape: Callable[[Any], Any], path: str, **extra: str) -> dict[str, Any]:
        """The asked-for slice of what was found, each item in its JSON shape."""
        limit = whole(self.request, "limit", 20, range(1, 51))
        offset = whole(self.request, "offset", 0, ANY_OFFSET)
        items = [shape(item) for item in found[offset : offset + limit]]
        url = self.api + path
        return page_json(items, url=url, limit=limit, offset=offset, total=len(found), extra=extra)


Handler = Callable[[Caller], Awaitable[Response]]


def authorised(handler: Handler, *scopes: str) -> Callable[[Request], Awaitable[Response]]:
    """Turns a handler of callers into an endpoint that checks the bearer token and its scopes first."""

    async def endpoint(request: Request) -> Response:
        caller = caller_of(request)
        for scope in scopes:
            caller.require(scope)
        return await handler(caller)

    return endpoint


def caller_of(request: Request) -> Caller:
    world = world_of(request)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise ApiError(401, "No token provided")
    access = world.tokens.accesses.get(token)
    if access is None:
        raise ApiError(401, "Invalid access token")
    if access.expires_at <= world.now():
        raise ApiError(401, "The access token expired")
    return Caller(request, world, world.users.get(access.grant.user_id), access.grant.scopes)


async def me(caller: Caller) -> Response:
    return JSONResponse(user_json(caller.user, caller.api))


async def saved_tracks(caller: Caller) -> Response:
    body = caller.page(
        caller.user.likes, lambda like: saved_json(caller.world, like, caller.api), "/me/tracks"
    )
    return JSONResponse(body)


async def one_track(caller: Caller) -> Response:
    track = caller.world.catalogue.get(_id_in_path(caller))
    if track is None:
        raise ApiError(404, "Resource not found")
    return JSONResponse(track_json(caller.world, track, caller.api))


async def one_artist(caller: Caller) -> Response:
    name = caller.world.catalogue.artist_names.get(_id_in_path(caller))
    if name is None:
        raise ApiError(404, "Resource not found")
    return JSONResponse(full_artist_json(name, caller.api))


async def one_album(caller: Caller) -> Response:
    tracks = _album_tracks(caller)
    album = album_json(tracks[0], caller.api, len(tracks))
    shaped = [_without_album(caller, track) for track in tracks[:50]]
    url = f"{caller.api}/albums/{tracks[0].album_id}/tracks"
    page = page_json(shaped, url=url, limit=50, offset=0, total=len(tracks), extra={})
    return JSONResponse({**album, "copyrights": [], "external_ids": {}, "genres": [], "tracks": page})


async def album_tracks(caller: Caller) -> Response:
    tracks = _album_tracks(caller)
    path = f"/albums/{tracks[0].album_id}/tracks"
    return JSONResponse(caller.page(tracks, lambda track: _without_album(caller, track), path))


def _album_tracks(caller: Caller) -> list[Track]:
    tracks = caller.world.catalogue.by_album_id.get(_id_in_path(caller))
    if not tracks:
        raise ApiError(404, "Resource not found")
    return tracks


def _without_album(caller: Caller, track: Track) -> dict[str, Any]:
    shaped = track_json(caller.world, track, caller.api)
    return {name: value for name, value in shaped.items() if name not in ("album", "external_ids")}


def _id_in_path(caller: Caller) -> str:
    identifier: str = caller.request.path_params["id"]
    if not identifier.replace("-", "").replace("_", "").isalnum():
        raise ApiError(400, "Invalid base62 id")
    return identifier


async def search(caller: Caller) -> Response:
    query, kinds = (caller.request.query_params.get(name, "") for name in ("q", "type"))
    if not query.strip():
        raise ApiError(400, "No search query")
    if not kinds:
        raise ApiError(400, "Missing parameter type")
    limit = whole(caller.request, "limit", 5, range(1, 11))
    offset = whole(caller.request, "offset", 0, range(0, 1001))
    body = {}
    for kind in kinds.split(","):
        found = _searched(caller, query, kind)
        url = f"{caller.api}/search"
        body[kind + "s"] = page_json(
            found[offset : offset + limit], url=url, limit=limit, offset=offset,
            total=len(found), extra={"query": query, "type": kind},
        )  # fmt: skip
    return JSONResponse(body)


def _searched(caller: Caller, query: str, kind: str) -> list[dict[str, Any]]:
    catalogue = caller.world.catalogue
    if kind == "track":
        return [track_json(caller.world, track, caller.api) for track in _tracks_for(caller.world, query)]
    if kind == "artist":
        names = {name: None for track in catalogue.search(query) for name in track.artists}
        return [artist_json(name, caller.api) for name in names]
    return []


def _tracks_for(world: World, query: str) -> list[Track]:
    if query.startswith("isrc:"):
        track = world.catalogue.by_isrc.get(query.removeprefix("isrc:").strip().upper())
        return [track] if track else []
    plain = query.replace("track:", " ").replace("artist:", " ")
    return [track for track in world.catalogue.search(plain) if not track.is_local]


async def artist_albums(caller: Caller) -> Response:
    name = caller.world.catalogue.artist_names.get(_id_in_path(caller))
    if name is None:
        raise ApiError(404, "Resource not found")
    albums = [
        tracks for tracks in caller.world.catalogue.by_album_id.values() if tracks[0].artists[0] == name
    ]
    path = f"/artists/{identifiers.base62('artist', name)}/albums"
    return JSONResponse(
        caller.page(albums, lambda tracks: album_json(tracks[0], caller.api, len(tracks)), path)
    )


ROUTES = [
    Route("/me", authorised(me), methods=["GET"]),
    Route("/me/", authorised(me), methods=["GET"]),
    Route("/me/tracks", authorised(saved_tracks, "user-library-read"), methods=["GET"]),
    Route("/tracks/{id}", authorised(one_track), methods=["GET"]),
    Route("/artists/{id}", authorised(one_artist), methods=["GET"]),
    Route("/artists/{id}/albums", authorised(artist_albums), methods=["GET"]),
    Route("/albums/{id}", authorised(one_album), methods=["GET"]),
    Route("/albums/{id}/tracks", authorised(album_tracks), methods=["GET"]),
    Route("/search", authorised(search), methods=["GET"]),
]
