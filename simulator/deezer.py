"""A stand-in for Deezer: look-up by ISRC, search, and previews behind signed addresses that expire."""

import hmac
import re
import secrets
import time
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator import identifiers
from simulator.catalog import Track
from simulator.previews import mp3_preview
from simulator.web import origin, world_of

# Shares of all tracks, cumulative: found by ISRC, found by search alone, only at iTunes; the rest is nowhere.
BY_ISRC, BY_SEARCH, AT_ITUNES = 0.75, 0.87, 0.95
WITHOUT_PREVIEW = 0.02
DECOYS = 0.1
PREVIEW_LIFETIME_S = 15 * 60
SIGNING_KEY = secrets.token_bytes(32)
Json = dict[str, Any]


def place(track: Track) -> str:
    """Where a track can be found outside Spotify: `isrc`, `search`, `itunes` or `nowhere`."""
    draw = identifiers.share("whereabouts", track.key)
    if track.is_local or draw >= AT_ITUNES:
        return "nowhere"
    if draw < BY_ISRC and track.isrc:
        return "isrc"
    return "search" if draw < BY_SEARCH else "itunes"


def _known(track: Track | None) -> bool:
    return track is not None and place(track) in ("isrc", "search")


def _problem(kind: str, message: str, code: int) -> Response:
    return JSONResponse({"error": {"type": kind, "message": message, "code": code}})


def _no_data() -> Response:
    return _problem("DataException", "no data", 800)


def _preview_url(request: Request, track: Track) -> str:
    if identifiers.share("no preview", track.key) < WITHOUT_PREVIEW:
        return ""
    path = f"/api/1/1/{track.deezer_id}.mp3"
    return f"{origin(request)}/dzcdn{path}?hdnea={sign(path, int(time.time()) + PREVIEW_LIFETIME_S)}"


def sign(path: str, expires: int) -> str:
    claim = f"exp={expires}~acl={path}*"
    return f"{claim}~hmac={hmac.new(SIGNING_KEY, claim.encode(), sha256).hexdigest()}"


def _valid(path: str, signature: str) -> bool:
    match = re.match(r"exp=(\d+)~", signature)
    if not match or int(match[1]) <= time.time():
        return False
    return hmac.compare_digest(signature.encode(), sign(path, int(match[1])).encode())


def _track_json(request: Request, track: Track) -> Json:
    artist_id = identifiers.small_number("deezer artist", track.artists[0])
    album_id = identifiers.small_number("deezer album", track.album_id)
    has_bpm = identifiers.share("bpm", track.key) < 0.35
    return {
        "id": track.deezer_id,
        "readable": True,
        "title": track.name,
        "title_short": track.name,
        "isrc": track.isrc or "",
        "link": f"https://www.deezer.com/track/{track.deezer_id}",
        "duration": round(track.duration_ms / 1000),
        "rank": identifiers.number("rank", track.key) % 1_000_000,
        "release_date": track.release_date,
        "explicit_lyrics": track.explicit,
        "preview": _preview_url(request, track),
        "bpm": round(track.features.get("tempo", 0.0), 1) if has_bpm else 0,
        "gain": round(-track.features.get("loudness", -8.0) - 18.0, 1),
        "artist": {"id": artist_id, "name": track.artists[0], "type": "artist"},
        "album": {"id": album_id, "title": track.album, "type": "album"},
        "type": "track",
    }


def by_isrc(request: Request) -> Response:
    track = world_of(request).catalogue.by_isrc.get(request.path_params["isrc"].upper())
    if track is None or place(track) != "isrc":
        return _no_data()
    return JSONResponse(_track_json(request, track))


def by_id(request: Request) -> Response:
    track = world_of(request).catalogue.by_deezer_id.get(request.path_params["id"])
    return JSONResponse(_track_json(request, track)) if track and _known(track) else _no_data()


def album(request: Request) -> Response:
    wanted = request.path_params["id"]
    for album_id, tracks in world_of(request).catalogue.by_album_id.items():
        if identifiers.small_number("deezer album", album_id) == wanted:
            genre = {"id": identifiers.number(tracks[0].family) % 500, "name": tracks[0].family.title()}
            return JSONResponse({"id": wanted, "title": tracks[0].album, "genres": {"data": [genre]}})
    return _no_data()


def search(request: Request) -> Response:
    query = request.query_params.get("q", "")
    if not query.strip():
        return _problem("MissingParameterException", "Missing parameters: q", 501)
    found = [track for track in _found(request, query) if _known(track)]
    start, limit = (_whole(request, name, default) for name, default in (("index", 0), ("limit", 25)))
    shaped = [_track_json(request, track) for track in found[start : start + limit]]
    if found and identifiers.share("decoy", found[0].key) < DECOYS:
        shaped = [_decoy(shaped[0]), *shaped][:limit] if shaped else []
    return JSONResponse({"data": shaped, "total": len(found)})


def _found(request: Request, query: str) -> list[Track]:
    catalogue = world_of(request).catalogue
    parts = dict(re.findall(r'(artist|track|album):"([^"]*)"', query))
    if parts:
        return catalogue.match(parts.get("artist", ""), parts.get("track", ""))
    return catalogue.search(query)


def _decoy(shaped: Json) -> Json:
    """A cover version that ranks above the original: a matcher must look at the artist."""
    artist = {"id": 1, "name": "The Karaoke Copyists", "type": "artist"}
    title = f"{shaped['title']} (Karaoke Version)"
    return {**shaped, "id": shaped["id"] + 1, "title": title, "artist": artist, "isrc": "", "preview": ""}


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isdigit() else default


def unknown(request: Request) -> Response:
    return _problem("InvalidQueryException", "Unknown path components", 600)


def preview(request: Request) -> Response:
    """The clip itself; synchronous, so that it is made in a thread."""
    path = f"/api/1/1/{request.path_params['id']}.mp3"
    if not _valid(path, request.query_params.get("hdnea", "")):
        return Response("Access Denied", status_code=403, media_type="text/plain")
    track = world_of(request).catalogue.by_deezer_id.get(request.path_params["id"])
    if track is None:
        return Response(status_code=404)
    return Response(mp3_preview(track), media_type="audio/mpeg")


ROUTES = [
    Route("/track/isrc:{isrc}", by_isrc, methods=["GET"]),
    Route("/track/{id:int}", by_id, methods=["GET"]),
    Route("/album/{id:int}", album, methods=["GET"]),
    Route("/search", search, methods=["GET"]),
    Route("/search/track", search, methods=["GET"]),
    Route("/{rest:path}", unknown, methods=["GET"]),
]
PREVIEW_ROUTES = [Route("/api/1/1/{id:int}.mp3", preview, methods=["GET"])]
