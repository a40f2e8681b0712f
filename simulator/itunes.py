"""A stand-in for Apple's search: by words only; previews are AAC, unsigned and long-lived."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator import identifiers
from simulator.catalog import Track
from simulator.deezer import place
from simulator.previews import m4a_preview
from simulator.web import origin, world_of

ALSO_AT_APPLE = 0.8  # share of the tracks Deezer knows


def is_known(track: Track) -> bool:
    where = place(track)
    if where == "nowhere":
        return False
    return where == "itunes" or identifiers.share("apple too", track.key) < ALSO_AT_APPLE


def _track_json(request: Request, track: Track) -> dict[str, Any]:
    return {
        "wrapperType": "track",
        "kind": "song",
        "artistId": identifiers.small_number("apple artist", track.artists[0]),
        "collectionId": identifiers.small_number("apple album", track.album_id),
        "trackId": track.apple_id,
        "artistName": " & ".join(track.artists),
        "collectionName": track.album,
        "trackName": track.name,
        "trackViewUrl": f"https://music.apple.com/us/song/{track.apple_id}",
        "previewUrl": f"{origin(request)}/itunes-preview/audio/{track.apple_id}.plus.aac.p.m4a",
        "releaseDate": f"{track.release_date[:4]}-01-01T12:00:00Z",
        "trackExplicitness": "explicit" if track.explicit else "notExplicit",
        "trackTimeMillis": track.duration_ms,
        "country": "USA",
        "primaryGenreName": track.family.title(),
        "isStreamable": True,
    }


def _results(request: Request, tracks: list[Track]) -> Response:
    shaped = [_track_json(request, track) for track in tracks]
    # Apple serves JSON under this type.
    return JSONResponse(
        {"resultCount": len(shaped), "results": shaped}, media_type="text/javascript; charset=utf-8"
    )


def search(request: Request) -> Response:
    text = request.query_params.get("limit", "50")
    limit = min(int(text), 200) if text.isdigit() else 50
    found = world_of(request).catalogue.search(request.query_params.get("term", ""))
    return _results(request, [track for track in found if is_known(track)][:limit])


def lookup(request: Request) -> Response:
    """By Apple's own ids; `isrc` is accepted and finds nothing, as at the real service."""
    numbers = [int(part) for part in request.query_params.get("id", "").split(",") if part.isdigit()]
    by_apple_id = world_of(request).catalogue.by_apple_id
    tracks = [by_apple_id[number] for number in numbers if number in by_apple_id]
    return _results(request, [track for track in tracks if is_known(track)])


def preview(request: Request) -> Response:
    track = world_of(request).catalogue.by_apple_id.get(request.path_params["id"])
    if track is None or not is_known(track):
        return Response(status_code=404)
    return Response(m4a_preview(track), media_type="audio/x-m4a")


ROUTES = [Route("/search", search, methods=["GET"]), Route("/lookup", lookup, methods=["GET"])]
PREVIEW_ROUTES = [Route("/audio/{id:int}.plus.aac.p.m4a", preview, methods=["GET"])]
