"""The Web API's playlists: list, create, read, change, cover."""

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.fields import picked
from simulator.objects import entry_json, page_json, playlist_images, playlist_json
from simulator.people import Playlist
from simulator.web import ApiError, json_object
from simulator.webapi import Caller, authorised

URIS_PER_WRITE = 100
PLAYLIST_SIZE = 10_000
COVER_BYTES = 256 * 1024  # of the base64 text
DETAILS = {"name": str, "description": str, "public": bool, "collaborative": bool}


async def my_playlists(caller: Caller) -> Response:
    world = caller.world
    playlists = [world.playlists[one] for one in caller.user.followed]
    body = caller.page(playlists, lambda one: playlist_json(world, one, caller.api), "/me/playlists")
    return JSONResponse(body)


async def create(caller: Caller) -> Response:
    details = _details(await json_object(caller.request))
    if not details.get("name"):
        raise ApiError(400, "Missing required field: name")
    _require_modify(caller, bool(details.get("public", True)))
    playlist = caller.world.new_playlist(caller.user.id, **details)
    return JSONResponse(_full_json(caller, playlist), status_code=201)


async def read(caller: Caller) -> Response:
    playlist = _visible(caller)
    body = _full_json(caller, playlist)
    return JSONResponse(picked(body, caller.request.query_params.get("fields")))


async def change_details(caller: Caller) -> Response:
    playlist = _own(caller)
    for name, value in _details(await json_object(caller.request), playlist).items():
        setattr(playlist, name, value)
    playlist.revision += 1
    return Response(status_code=200)


async def read_items(caller: Caller) -> Response:
    playlist = _visible(caller)
    if not _contents_shown(caller, playlist):
        raise ApiError(403, "Forbidden")
    path = f"/playlists/{playlist.id}/items"
    fields = caller.request.query_params.get("fields")
    extra = {"fields": fields} if fields else {}
    body = caller.page(
        playlist.entries, lambda entry: entry_json(caller.world, entry, caller.api), path, **extra
    )
    return JSONResponse(picked(body, fields))


async def add_items(caller: Caller) -> Response:
    playlist = _own(caller)
    body = await json_object(caller.request)
    uris = _uris(caller, body)
    position = body.get("position")
    if position is not None and not (isinstance(position, int) and 0 <= position <= len(playlist.entries)):
        raise ApiError(400, "Index out of bounds.")
    if not uris:
        raise ApiError(400, "No uris provided")
    if len(playlist.entries) + len(uris) > PLAYLIST_SIZE:
        raise ApiError(400, "Playlist size limit reached")
    playlist.insert(caller.world.entries(uris, caller.user.id), position)
    return JSONResponse({"snapshot_id": playlist.snapshot_id}, status_code=201)


async def replace_or_reorder(caller: Caller) -> Response:
    playlist = _own(caller)
    body = await json_object(caller.request)
    if "uris" in body and "range_start" in body:
        raise ApiError(400, "Cannot both reorder and replace items")
    if "uris" in body:
        playlist.replace(caller.world.entries(_uris(caller, body), caller.user.id))
    else:
        _check_snapshot(playlist, body)
        playlist.move(*_range(playlist, body))
    return JSONResponse({"snapshot_id": playlist.snapshot_id})


async def remove_items(caller: Caller) -> Response:
    playlist = _own(caller)
    body = await json_object(caller.request)
    items = body.get("items")
    if not isinstance(items, list) or not items:
        raise ApiError(400, "Missing items")
    if len(items) > URIS_PER_WRITE:
        raise ApiError(400, f"You can remove a maximum of {URIS_PER_WRITE} items per request.")
    unwanted: dict[str, set[int]] = {}
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("uri"), str):
            raise ApiError(400, "Invalid track uri: null")
        unwanted.setdefault(item["uri"], set()).update(item.get("positions") or ())
    _check_snapshot(playlist, body)
    playlist.remove(unwanted)
    return JSONResponse({"snapshot_id": playlist.snapshot_id})


async def cover(caller: Caller) -> Response:
    playlist = _own(caller)
    text = await caller.request.body()
    if len(text) > COVER_BYTES:
        raise ApiError(413, "Payload too large")
    try:
        picture = b64decode(text, validate=True)
    except Base64Error:
        raise ApiError(400, "Invalid image data") from None
    if not picture.startswith(b"\xff\xd8"):
        raise ApiError(400, "Unsupported image format, should be image/jpeg")
    playlist.cover = picture
    return Response(status_code=202)


async def covers(caller: Caller) -> Response:
    return JSONResponse(playlist_images(_visible(caller), caller.api))


def _visible(caller: Caller) -> Playlist:
    identifier: str = caller.request.path_params["id"]
    if not identifier.isalnum():
        raise ApiError(400, "Invalid base62 id")
    playlist = caller.world.playlists.get(identifier)
    if playlist is None or not (playlist.public or playlist.owner_id == caller.user.id):
        raise ApiError(404, "Resource not found")
    if playlist.owner_id == caller.user.id and not playlist.public:
        caller.require("playlist-read-private")
    return playlist


def _own(caller: Caller) -> Playlist:
    identifier: str = caller.request.path_params["id"]
    playlist = caller.world.playlists.get(identifier)
    if playlist is None:
        raise ApiError(404, "Resource not found")
    if playlist.owner_id != caller.user.id and not playlist.collaborative:
        raise ApiError(403, "You cannot change a playlist you don't own.")
    _require_modify(caller, playlist.public)
    return playlist


def _require_modify(caller: Caller, public: bool) -> None:
    caller.require("playlist-modify-public" if public else "playlist-modify-private")


def _contents_shown(caller: Caller, playlist: Playlist) -> bool:
    """A development-mode app sees the items of its users' own playlists only."""
    return playlist.owner_id == caller.user.id or playlist.collaborative


def _full_json(caller: Caller, playlist: Playlist) -> dict[str, Any]:
    body = playlist_json(caller.world, playlist, caller.api)
    if not _contents_shown(caller, playlist):
        return {name: value for name, value in body.items() if name != "items"}
    shaped = [entry_json(caller.world, entry, caller.api) for entry in playlist.entries[:100]]
    url = f"{caller.api}/playlists/{playlist.id}/items"
    page = page_json(shaped, url=url, limit=100, offset=0, total=len(playlist.entries), extra={})
    return {**body, "items": page}


def _details(body: dict[str, Any], playlist: Playlist | None = None) -> dict[str, Any]:
    details = {name: body[name] for name in DETAILS if body.get(name) is not None}
    for name, value in details.items():
        if not isinstance(value, DETAILS[name]):
            raise ApiError(400, f"Invalid value for {name}")
    public = details.get("public", playlist.public if playlist else True)
    if details.get("collaborative") and public:
        raise ApiError(400, "Collaborative playlists can not be public")
    return details


def _uris(caller: Caller, body: dict[str, Any]) -> list[str]:
    uris = body.get("uris")
    if not isinstance(uris, list):
        raise ApiError(400, "No uris provided")
    if len(uris) > URIS_PER_WRITE:
        raise ApiError(400, f"You can add a maximum of {URIS_PER_WRITE} tracks per request.")
    for uri in uris:
        track = caller.world.track(uri) if isinstance(uri, str) else None
        if not isinstance(uri, str) or not uri.startswith("spotify:track:"):
            raise ApiError(400, f"Invalid track uri: {uri}")
        if track is None:
            raise ApiError(400, "Payload contains a non-existing ID")
    return uris


def _check_snapshot(playlist: Playlist, body: dict[str, Any]) -> None:
    snapshot = body.get("snapshot_id")
    if snapshot is not None and snapshot != playlist.snapshot_id:
        raise ApiError(400, "Invalid playlist snapshot id: the playlist has changed")


def _range(playlist: Playlist, body: dict[str, Any]) -> tuple[int, int, int]:
    given = [body.get("range_start"), body.get("insert_before"), body.get("range_length", 1)]
    numbers = [value for value in given if isinstance(value, int)]
    if len(numbers) < len(given):
        raise ApiError(400, "Missing range_start or insert_before")
    start, before, length = numbers
    size = len(playlist.entries)
    if start < 0 or length < 1 or start + length > size or not 0 <= before <= size:
        raise ApiError(400, "Index out of bounds.")
    return start, length, before


def _only(method: str, handler: Any, path: str, *scopes: str) -> Route:
    return Route(path, authorised(handler, *scopes), methods=[method])


ROUTES = [
    _only("GET", my_playlists, "/me/playlists", "playlist-read-private"),
    _only("POST", create, "/me/playlists"),
    _only("GET", read, "/playlists/{id}"),
    _only("PUT", change_details, "/playlists/{id}"),
    _only("GET", read_items, "/playlists/{id}/items", "playlist-read-private"),
    _only("POST", add_items, "/playlists/{id}/items"),
    _only("PUT", replace_or_reorder, "/playlists/{id}/items"),
    _only("DELETE", remove_items, "/playlists/{id}/items"),
    _only("GET", covers, "/playlists/{id}/images"),
    _only("PUT", cover, "/playlists/{id}/images", "ugc-image-upload"),
]
