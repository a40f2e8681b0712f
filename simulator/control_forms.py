"""The sections of the control page."""

from html import escape
from typing import Any

from simulator.faults import KINDS
from simulator.people import Playlist, User, iso
from simulator.world import World

Fields = dict[str, str]
LIKES_SHOWN = 12
ITEMS_SHOWN = 200


def hidden(**fields: str) -> str:
    return "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items()
    )


def button_form(target: str, label: str, spoken: str = "", /, **fields: str) -> str:
    """One button with its fixed fields; `spoken` says what it acts on where the label alone does not."""
    aria = f' aria-label="{escape(spoken)}"' if spoken else ""
    return (
        f'<form class="inline" method="post" action="{target}">{hidden(**fields)}'
        f'<button class="quiet"{aria}>{escape(label)}</button></form> '
    )


def title(world: World, uri: str) -> str:
    track = world.track(uri)
    return f"{track.name} — {', '.join(track.artists)}" if track else uri


def user_section(world: World, user: User) -> str:
    held = [one for one in world.playlists.values() if one.owner_id == user.id or one.id in user.followed]
    grants = [grant for grant in world.tokens.grants.values() if grant.user_id == user.id]
    alive = sum(not grant.revoked for grant in grants)
    playlists = "".join(playlist_section(world, one, user) for one in held)
    return f"""
<h2 id="{user.id}">{escape(user.name)}</h2>
<p><span id="likes-{user.id}">{len(user.likes):,}</span> liked songs, {len(held)} playlists, {alive} linked apps.</p>
<form class="row" method="post" action="like">{hidden(user=user.id, n="3")}
<button id="like3-{user.id}">Like 3 new songs</button></form>
{button_form("revoke", "Revoke all linked apps", f"Revoke all linked apps of {user.name}", user=user.id)}
{button_form("expire", "Expire access tokens", f"Expire access tokens of {user.name}", user=user.id)}
{likes_table(world, user)}{playlists}"""


def likes_table(world: World, user: User) -> str:
    rows = "".join(
        f"<tr><td>{escape(title(world, like.track.uri))}</td><td>{escape(like.track.genre)}</td>"
        f"<td>{iso(like.added_at)}</td><td>"
        f"{button_form('unlike', 'Unlike', f'Unlike {like.track.name}', user=user.id, uris=like.track.uri)}"
        "</td></tr>"
        for like in user.likes[:LIKES_SHOWN]
    )
    return (
        f"<details><summary>Newest {min(LIKES_SHOWN, len(user.likes))} liked songs</summary><table>"
        f"<caption>Liked songs of {escape(user.name)}, newest first</caption><thead><tr><th>Song</th>"
        f"<th>Genre</th><th>Liked</th><th>Action</th></tr></thead><tbody>{rows}</tbody></table></details>"
    )


def playlist_section(world: World, playlist: Playlist, user: User) -> str:
    same = {"user": user.id, "id": playlist.id}
    kind = "public" if playlist.public else "private"
    state = kind if playlist.id in user.followed else f"{kind}, unfollowed"
    items = "".join(
        f"<li>{escape(title(world, uri))} "
        + button_form("playlists", "Remove", f"Remove {title(world, uri)}", **same, action="remove", uris=uri)
        + "</li>"
        for uri in playlist.uris[:ITEMS_SHOWN]
    )
    more = len(playlist.uris) - ITEMS_SHOWN
    rest = f"<p>… and {more:,} more</p>" if more > 0 else ""
    return f"""<details class="playlist"><summary>{escape(playlist.name)}: {len(playlist.uris):,} tracks
({state}; by {escape(world.display_name(playlist.owner_id))})</summary>
<p class="note">Snapshot <code>{escape(playlist.snapshot_id)}</code>, id <code>{playlist.id}</code></p>
<form class="row" method="post" action="playlists">{hidden(**same, action="add")}
<label>Track uri, id or link<input name="uris" required></label><button>Add</button></form>
<form class="row" method="post" action="playlists">{hidden(**same, action="rename")}
<label>New name<input name="name" required value="{escape(playlist.name)}"></label><button>Rename</button></form>
{button_form("playlists", "Unfollow (delete)", f"Unfollow {playlist.name}", **same, action="unfollow")}
<ol>{items}</ol>{rest}</details>"""


def fault_section(active: list[dict[str, Any]]) -> str:
    choices = "".join(
        f'<option value="{name}">{name}: {escape(does)}'
        f"{escape(' [' + ', '.join(f'{key}={value}' for key, value in params.items()) + ']') if params else ''}"
        "</option>"
        for name, (_, does, params) in KINDS.items()
    )
    rows = "".join(
        f"<tr><td>{fault['name']}</td><td><code>{escape(fault['service'])} {escape(fault['method'])} "
        f"{escape(fault['path'])}</code></td><td>{fault['struck']} of {fault['times'] or 'any'}</td><td>"
        f"{button_form('faults/clear', 'Clear', 'Clear ' + fault['name'], id=str(fault['id']))}</td></tr>"
        for fault in active
    )
    table = (
        "<table><caption>Faults that are on</caption><thead><tr><th>Fault</th><th>Strikes</th><th>Struck</th>"
        f"<th>Action</th></tr></thead><tbody>{rows}</tbody></table>"
        + button_form("faults/clear", "Clear all faults")
    )
    return f"""<h2 id="faults">Faults</h2>
<form class="row" method="post" action="faults">
<label>Fault<select name="name">{choices}</select></label>
<label>Service (pattern)<input name="service" size="10"></label>
<label>Method<input name="method" size="6"></label>
<label>Path contains (pattern)<input name="path" size="12"></label>
<label>Times<input name="times" size="4" inputmode="numeric"></label>
<label>After<input name="after" size="4" inputmode="numeric"></label>
<label>Probability<input name="probability" size="4"></label>
<label>Parameters (name=value)<input name="parameters" size="18"></label>
<button>Switch on</button></form>{table if active else "<p>No fault is on.</p>"}"""


def request_section(entries: list[dict[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td>{entry['time'][11:23]}</td><td>{entry['service']}</td><td>{entry['method']}</td>"
        f"<td><code>{escape(entry['path'])}{escape('?' + entry['query'] if entry['query'] else '')}</code></td>"
        f"<td>{entry['status'] or 'none'}</td></tr>"
        for entry in reversed(entries)
    )
    return (
        '<h2 id="requests">Newest requests</h2><table><caption>Newest first</caption><thead><tr><th>Time</th>'
        f"<th>Service</th><th>Method</th><th>Path</th><th>Status</th></tr></thead><tbody>{rows}</tbody></table>"
    )
