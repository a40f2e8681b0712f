"""What people do by hand in the Spotify app, and what Spotify does to its catalogue, through the control API."""

from simulator import releases
from simulator.catalog import Track
from simulator.control_state import Json, playlist_state
from simulator.people import Playlist, User
from simulator.web import ApiError
from simulator.world import World

EDITS = (
    "remove", "add", "reorder", "rename", "describe", "unfollow", "follow", "create", "replace", "public",
)  # fmt: skip


def user_of(world: World, body: Json) -> User:
    user = world.users.get(body.get("user", "ada"))
    if user is None:
        raise ApiError(400, f"There is no such user. Valid: {', '.join(world.users)}.")
    return user


def like(world: World, body: Json) -> Json:
    """Likes the given uris, or the next `n` songs the user does not like yet; says which."""
    user = user_of(world, body)
    if "uris" in body:
        tracks = [track for track in map(world.track, body["uris"]) if track]
    else:
        tracks = world.unliked(user, int(body.get("n", 3)))
    user.like(tracks, world.now())
    return {"uris": [track.uri for track in tracks], "total": len(user.likes)}


def unlike(world: World, body: Json) -> Json:
    """Unlikes the given uris, or the newest `n`; says which."""
    user = user_of(world, body)
    uris = body["uris"] if "uris" in body else user.liked_uris[: int(body.get("n", 1))]
    user.unlike(uris)
    return {"uris": uris, "total": len(user.likes)}


def edit_playlist(world: World, body: Json) -> Json:
    """What a person does by hand in the Spotify app."""
    user, action = user_of(world, body), body.get("action")
    if action not in EDITS:
        raise ApiError(400, f"There is no such edit. Valid: {', '.join(EDITS)}.")
    if action == "create":
        details = {"name": body.get("name", "By hand"), "description": body.get("description", "")}
        playlist = world.new_playlist(user.id, public=False, **details)
        playlist.insert(world.entries(body.get("uris", []), user.id), None)
        return playlist_state(playlist, user)
    found = world.playlists.get(body.get("id", ""))
    if found is None:
        raise ApiError(404, "There is no such playlist.")
    _apply_edit(world, found, user, action, body)
    return playlist_state(found, user)


def _apply_edit(world: World, playlist: Playlist, user: User, action: str, body: Json) -> None:
    match action:
        case "remove":
            playlist.remove({uri: set() for uri in body["uris"]})
        case "add":
            playlist.insert(world.entries(body["uris"], user.id), body.get("position"))
        case "replace":
            playlist.replace(world.entries(body["uris"], user.id))
        case "reorder":
            playlist.reorder(body["uris"])
        case "describe":
            playlist.description = body["description"]
            playlist.revision += 1
        case "rename":
            playlist.name = body["name"]
            playlist.revision += 1
        case "public":
            playlist.public = bool(body["public"])
            playlist.revision += 1
        case "unfollow":
            user.followed = [one for one in user.followed if one != playlist.id]
        case "follow":
            user.followed = [playlist.id, *(one for one in user.followed if one != playlist.id)]


def release(world: World, body: Json) -> Json:
    """Another release of a track's recording, with the same ISRC unless told otherwise; nobody likes it yet."""
    new = releases.release_again(world, _track(world, body), has_same_isrc=bool(body.get("same_isrc", True)))
    return {"uri": new.uri}


def relink(world: World, body: Json) -> Json:
    return {"uri": releases.relink(world, _track(world, body)).uri}


def _track(world: World, body: Json) -> Track:
    found = world.track(body["uri"])
    if found is None:
        raise ApiError(404, "There is no such track.")
    return found
