"""The same recording under other ids: further releases of it, and Spotify replacing one id by another."""

from dataclasses import replace

from simulator import identifiers
from simulator.catalog import Track
from simulator.people import Entry, Like
from simulator.world import World


def release_again(world: World, track: Track, *, has_same_isrc: bool = True) -> Track:
    """A further release of a recording; with an ISRC of its own it can be told by title, artist and duration only."""
    number = sum(found.name == track.name for found in world.catalogue.everything)
    track_id = identifiers.base62("release", track.key, str(number))
    world.releases.append((track.uri, has_same_isrc))
    isrc = track.isrc if has_same_isrc else identifiers.isrc(track_id, 2026)
    return world.catalogue.include(replace(track, id=track_id, album=f"{track.album} (again)", isrc=isrc))


def relink(world: World, track: Track) -> Track:
    """From now on the track is known by another id, in everybody's likes and playlists; no snapshot tells of it."""
    new = release_again(world, track)
    for user in world.users.values():
        user.likes = [
            Like(new, like.added_at) if like.track.uri == track.uri else like for like in user.likes
        ]
    for playlist in world.playlists.values():
        playlist.entries = [
            Entry(new.uri, entry.added_at, entry.added_by) if entry.uri == track.uri else entry
            for entry in playlist.entries
        ]
    return new
