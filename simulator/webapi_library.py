"""The Web API's one door to a user's library: tracks and playlists by uri."""

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.catalog import Track
from simulator.people import Playlist
from simulator.web import ApiError
from simulator.webapi import Caller, authorised

LIBRARY_URIS = 40


def _library_uris(caller: Caller) -> list[str]:
    uris = [uri for uri in caller.request.query_params.get("uris", "").split(",") if uri]
    if not uris:
        raise ApiError(400, "Missing required field: uris")
    if len(uris) > LIBRARY_URIS:
        raise ApiError(400, f"Too many uris requested, at most {LIBRARY_URIS}")
    for uri in uris:
        if uri.split(":")[:2] not in (["spotify", "track"], ["spotify", "playlist"]):
            raise ApiError(400, f"Invalid uri: {uri}")
    return uris


def _library_parts(caller: Caller) -> tuple[list[Track], list[Playlist]]:
    tracks, playlists = [], []
    for uri in _library_uris(caller):
        track = caller.world.track(uri)
        playlist = caller.world.playlists.get(uri.removeprefix("spotify:playlist:"))
        if track:
            tracks.append(track)
        elif playlist:
            playlists.append(playlist)
        else:
            raise ApiError(404, "Resource not found")
    return tracks, playlists


async def save(caller: Caller) -> Response:
    tracks, playlists = _library_parts(caller)
    caller.user.like(reversed(tracks), caller.world.now())
    wanted = [playlist.id for playlist in playlists if playlist.id not in caller.user.followed]
    caller.user.followed[:0] = wanted
    return Response(status_code=200)


async def remove(caller: Caller) -> Response:
    tracks, playlists = _library_parts(caller)
    caller.user.unlike([track.uri for track in tracks])
    gone = {playlist.id for playlist in playlists}
    caller.user.followed = [one for one in caller.user.followed if one not in gone]
    return Response(status_code=200)


async def contains(caller: Caller) -> Response:
    held = {*caller.user.liked_uris, *(f"spotify:playlist:{one}" for one in caller.user.followed)}
    return JSONResponse([uri in held for uri in _library_uris(caller)])


ROUTES = [
    Route("/me/library", authorised(save, "user-library-modify"), methods=["PUT"]),
    Route("/me/library", authorised(remove, "user-library-modify"), methods=["DELETE"]),
    Route("/me/library/contains", authorised(contains, "user-library-read"), methods=["GET"]),
]
