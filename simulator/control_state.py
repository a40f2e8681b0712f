"""Users and playlists as the control API shows them."""

from typing import Any

from simulator.people import Playlist, User
from simulator.world import World

Json = dict[str, Any]


def playlist_state(playlist: Playlist, user: User) -> Json:
    return {
        "id": playlist.id,
        "name": playlist.name,
        "description": playlist.description,
        "owner": playlist.owner_id,
        "public": playlist.public,
        "collaborative": playlist.collaborative,
        "snapshot_id": playlist.snapshot_id,
        "followed": playlist.id in user.followed,
        "has_cover": playlist.cover is not None,
        "uris": playlist.uris,
    }


def user_state(world: World, user: User) -> Json:
    shown = [
        playlist
        for playlist in world.playlists.values()
        if playlist.owner_id == user.id or playlist.id in user.followed
    ]
    return {
        "id": user.id,
        "account_id": user.account_id,
        "name": user.name,
        "liked": user.liked_uris,
        "playlists": [playlist_state(playlist, user) for playlist in shown],
    }
