"""The part of the world that changes, as plain data: taken quickly, written compactly, put back whole."""

import json
from base64 import b64decode, b64encode
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from simulator.people import Entry, Like, Playlist
from simulator.releases import release_again
from simulator.tokens import Access, Grant, Tokens
from simulator.world import World, likes_asked_for

FORMAT = 1
SETTINGS = ("expires_in_s", "features_share")
Json = dict[str, Any]


class Damaged(Exception):
    """The data are no state of this world."""


def identity(world: World) -> Json:
    """What a state belongs to: it means nothing in a world with other tracks or another beginning."""
    uris = "\n".join(track.uri for track in (*world.catalogue.tracks, *world.catalogue.awkward))
    catalogue = blake2b(uris.encode(), digest_size=16).hexdigest()
    liked = likes_asked_for(world.catalogue, world.options)
    return {"format": FORMAT, "catalogue": catalogue, "seed": world.options.seed, "liked": liked}


def take(world: World) -> Json:
    """A copy that no later change reaches. Likes and entries never change, so copying their lists is enough."""
    return {
        "clock_offset_s": world.clock_offset.total_seconds(),
        "settings": _changed_settings(world),
        "releases": list(world.releases),
        "users": {
            user.id: {"likes": list(user.likes), "followed": list(user.followed)}
            for user in world.users.values()
        },
        "playlists": [
            replace(playlist, entries=list(playlist.entries)) for playlist in world.playlists.values()
        ],
        "grants": [_grant_json(grant) for grant in world.tokens.grants.values()],
        "accesses": {
            text: [access.grant.refresh_token, _seconds(access.expires_at)]
            for text, access in world.tokens.accesses.items()
            if access.grant.user_id  # an app asks for a new token of its own
        },
    }


def as_text(taken: Json) -> str:
    """Slow for large libraries; the interpreter changes threads meanwhile, since `_compact` is Python."""
    return json.dumps(taken, default=_compact, separators=(",", ":"))


def put_back(world: World, found: Json) -> None:
    """Make the world what it was; Damaged, with the world untouched, when the data do not fit it."""
    try:
        for uri, has_same_isrc in found.get("releases", []):
            release_again(world, world.catalogue.by_uri[uri], has_same_isrc=has_same_isrc)
        likes = {user_id: _likes(world, found["users"][user_id]["likes"]) for user_id in world.users}
        followed = {user_id: [str(one) for one in found["users"][user_id]["followed"]] for user_id in likes}
        playlists = {one["id"]: _playlist(world, one) for one in found["playlists"]}
        tokens = _tokens(world, found)
        settings = {name: type(getattr(world.options, name))(x) for name, x in found["settings"].items()}
        clock_offset = timedelta(seconds=found["clock_offset_s"])
        if not all(one in playlists for ids in followed.values() for one in ids):
            raise Damaged("A followed playlist does not exist.")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Damaged(repr(error)) from None
    for user in world.users.values():
        user.likes, user.followed = likes[user.id], followed[user.id]
    world.playlists, world.tokens, world.clock_offset = playlists, tokens, clock_offset
    world.change_options(**settings)


def _changed_settings(world: World) -> Json:
    """Those changed while it ran: the others follow the command line."""
    return {
        name: getattr(world.options, name)
        for name in SETTINGS
        if getattr(world.options, name) != getattr(world.first_options, name)
    }


def _seconds(moment: datetime) -> int:
    """Whole ones, as the Web API gives them."""
    return int(moment.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _compact(part: object) -> object:
    match part:
        case Like():
            return [part.track.uri, _seconds(part.added_at)]
        case Entry():
            return [part.uri, _seconds(part.added_at), part.added_by]
        case Playlist():
            plain = {name: getattr(part, name) for name in Playlist.__slots__}
            return {**plain, "cover": part.cover and b64encode(part.cover).decode()}
    raise TypeError(f"A {type(part).__name__} cannot be saved.")


def _likes(world: World, found: list[Any]) -> list[Like]:
    return [Like(world.catalogue.by_uri[uri], _moment(seconds)) for uri, seconds in found]


def _playlist(world: World, found: Json) -> Playlist:
    world.display_name(found["owner_id"])  # KeyError: nobody of that name
    entries = [Entry(str(uri), _moment(seconds), str(by)) for uri, seconds, by in found["entries"]]
    cover = b64decode(found["cover"]) if found["cover"] else None
    return Playlist(**{**found, "entries": entries, "cover": cover})


def _grant_json(grant: Grant) -> Json:
    return {
        **asdict(grant), "scopes": sorted(grant.scopes), "consented_at": _seconds(grant.consented_at)
    }  # fmt: skip


def _grant(world: World, found: Json) -> Grant:
    user_id = world.users[found["user_id"]].id
    scopes, consented_at = frozenset(found["scopes"]), _moment(found["consented_at"])
    return Grant(**{**found, "user_id": user_id, "scopes": scopes, "consented_at": consented_at})


def _tokens(world: World, found: Json) -> Tokens:
    grants = {one["refresh_token"]: _grant(world, one) for one in found["grants"]}
    accesses = {
        text: Access(grants[refresh_token], _moment(seconds))
        for text, (refresh_token, seconds) in found["accesses"].items()
    }
    return Tokens(grants=grants, accesses=accesses)
