"""A stand-in for ReccoBeats: audio features by Spotify id, for a share of all tracks, in no useful order."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator import identifiers
from simulator.catalog import Track
from simulator.web import world_of
from simulator.world import World

MOST_IDS = 40
FEATURES = (
    "acousticness", "danceability", "energy", "instrumentalness", "key", "liveness", "loudness", "mode",
    "speechiness", "tempo", "valence",
)  # fmt: skip


def is_known(world: World, track: Track) -> bool:
    if track.is_local or not track.features:
        return False
    return identifiers.share("reccobeats", track.key) < world.options.features_share


def own_id(track: Track) -> str:
    return str(UUID(int=identifiers.number("reccobeats id", track.key) % (1 << 128), version=4))


def _asked(request: Request) -> list[str]:
    return [part for value in request.query_params.getlist("ids") for part in value.split(",") if part]


def _answer(request: Request, shape: Any) -> Response:
    ids = _asked(request)
    if not 1 <= len(ids) <= MOST_IDS:
        message = f"ids: size must be between 1 and {MOST_IDS}"
        return JSONResponse({"error": 4001, "path": request.url.path, "message": message}, status_code=400)
    world = world_of(request)
    tracks = [track for track in map(world.catalogue.get, ids) if track and is_known(world, track)]
    return JSONResponse({"content": [shape(track) for track in sorted(tracks, key=own_id)]})


def _common(track: Track) -> dict[str, Any]:
    return {"id": own_id(track), "href": f"https://open.spotify.com/track/{track.id}", "isrc": track.isrc}


def _features_json(track: Track) -> dict[str, Any]:
    return {**_common(track), **{name: track.features.get(name) for name in FEATURES}}


def _track_json(track: Track) -> dict[str, Any]:
    artists = [{"id": identifiers.base62("recco artist", name), "name": name} for name in track.artists]
    return {
        **_common(track),
        "trackTitle": track.name,
        "artists": artists,
        "durationMs": track.duration_ms,
        "popularity": identifiers.number("popularity", track.key) % 100,
    }


def audio_features(request: Request) -> Response:
    return _answer(request, _features_json)


def tracks(request: Request) -> Response:
    return _answer(request, _track_json)


ROUTES = [
    Route("/v1/audio-features", audio_features, methods=["GET"]),
    Route("/v1/track", tracks, methods=["GET"]),
]
