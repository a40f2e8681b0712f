"""Users, tracks, albums and playlists as a development-mode app gets them."""

from typing import Any
from urllib.parse import urlencode

from simulator import identifiers
from simulator.catalog import Track
from simulator.people import Entry, Like, Playlist, User, iso
from simulator.world import World

Json = dict[str, Any]
COVER_SIZES = (640, 300, 64)


def _named(kind: str, identifier: str, api: str) -> Json:
    return {
        "external_urls": {"spotify": f"https://open.spotify.com/{kind}/{identifier}"},
        "href": f"{api}/{kind}s/{identifier}",
        "id": identifier,
        "type": kind,
        "uri": f"spotify:{kind}:{identifier}",
    }


def user_json(user: User, api: str) -> Json:
    return {
        **_named("user", user.id, api),
        "account_id": user.account_id,
        "display_name": user.name,
        "images": [],
    }


def owner_json(world: World, user_id: str, api: str) -> Json:
    return {**_named("user", user_id, api), "display_name": world.display_name(user_id)}


def artist_json(name: str, api: str) -> Json:
    return {**_named("artist", identifiers.base62("artist", name), api), "name": name}


def full_artist_json(name: str, api: str) -> Json:
    return {**artist_json(name, api), "genres": [], "images": cover_images(api, "artist " + name)}


def cover_images(api: str, subject: str) -> list[Json]:
    base = api.removesuffix("/spotify/v1")
    picture = identifiers.base62("cover", subject)
    return [
        {"url": f"{base}/scdn/image/{picture}/{size}.svg", "height": size, "width": size}
        for size in COVER_SIZES
    ]


def album_json(track: Track, api: str, total: int) -> Json:
    return {
        **_named("album", track.album_id, api),
        "album_type": "album" if total > 1 else "single",
        "artists": [artist_json(track.artists[0], api)],
        "images": cover_images(api, track.album_id),
        "name": track.album,
        "release_date": track.release_date,
        "release_date_precision": {4: "year", 7: "month"}.get(len(track.release_date), "day"),
        "total_tracks": total,
    }


def track_json(world: World, track: Track, api: str) -> Json:
    if track.is_local:
        return _local_json(track)
    siblings = world.catalogue.by_album_id[track.album_id]
    return {
        **_named("track", track.key, api),
        "album": album_json(track, api, len(siblings)),
        "artists": [artist_json(name, api) for name in track.artists],
        "disc_number": 1,
        "duration_ms": track.duration_ms,
        "explicit": track.explicit,
        "external_ids": {"isrc": track.isrc} if track.isrc else {},
        "is_local": False,
        "is_playable": track.is_playable,
        "name": track.name,
        "preview_url": None,
        "track_number": siblings.index(track) + 1,
    }


def _local_json(track: Track) -> Json:
    """A file on the user's own disk: names, and nothing to look anything up with."""
    nothing: Json = {"external_urls": {}, "href": None, "id": None, "uri": None}
    return {
        **nothing,
        "album": {
            **nothing, "album_type": None, "artists": [], "images": [], "name": track.album,
            "release_date": None, "release_date_precision": None, "type": "album",
        },
        "artists": [{**nothing, "name": name, "type": "artist"} for name in track.artists],
        "disc_number": 0,
        "duration_ms": track.duration_ms,
        "explicit": False,
        "external_ids": {},
        "is_local": True,
        "name": track.name,
        "preview_url": None,
        "track_number": 0,
        "type": "track",
        "uri": track.uri,
    }  # fmt: skip


def saved_json(world: World, like: Like, api: str) -> Json:
    return {"added_at": iso(like.added_at), "track": track_json(world, like.track, api)}


def entry_json(world: World, entry: Entry, api: str) -> Json:
    track = world.track(entry.uri)
    return {
        "added_at": iso(entry.added_at),
        "added_by": _named("user", entry.added_by, api),
        "is_local": bool(track and track.is_local),
        "item": track_json(world, track, api) if track else None,
    }


def playlist_json(world: World, playlist: Playlist, api: str) -> Json:
    """A playlist as lists show it: how many items it has, but none of them."""
    return {
        **_named("playlist", playlist.id, api),
        "collaborative": playlist.collaborative,
        "description": playlist.description,
        "images": playlist_images(playlist, api),
        "items": {"href": f"{api}/playlists/{playlist.id}/items", "total": len(playlist.entries)},
        "name": playlist.name,
        "owner": owner_json(world, playlist.owner_id, api),
        "primary_color": None,
        "public": playlist.public,
        "snapshot_id": playlist.snapshot_id,
    }


def playlist_images(playlist: Playlist, api: str) -> list[Json]:
    if playlist.cover:
        base = api.removesuffix("/spotify/v1")
        url = f"{base}/scdn/playlist/{playlist.id}/{playlist.revision}.jpg"
        return [{"url": url, "height": None, "width": None}]
    return cover_images(api, playlist.id) if playlist.entries else []


def page_json(items: list[Any], *, url: str, limit: int, offset: int, total: int, extra: Json) -> Json:
    """One page with absolute links to itself and its neighbours."""

    def link(start: int) -> str:
        return f"{url}?{urlencode({**extra, 'offset': start, 'limit': limit})}"

    return {
        "href": link(offset),
        "items": items,
        "limit": limit,
        "next": link(offset + limit) if offset + limit < total else None,
        "offset": offset,
        "previous": link(max(0, offset - limit)) if offset > 0 else None,
        "total": total,
    }
