"""The consent page: plain HTML that looks like nobody's."""

from collections.abc import Iterable, Mapping
from html import escape

from simulator.html import page
from simulator.people import User

SCOPES_IN_WORDS = {
    "user-library-read": "See the songs you like",
    "user-library-modify": "Like and unlike songs, follow and unfollow playlists for you",
    "playlist-read-private": "See your private playlists",
    "playlist-read-collaborative": "See the playlists you keep together with others",
    "playlist-modify-private": "Create and change your private playlists",
    "playlist-modify-public": "Create and change your public playlists",
    "ugc-image-upload": "Upload cover pictures for your playlists",
    "user-read-private": "See your subscription details",
    "user-read-email": "See your e-mail address",
}
PASSED_ON = (
    "client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method",
)  # fmt: skip


def consent_page(values: Mapping[str, str], scopes: Iterable[str], users: Iterable[User]) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(values[name])}">'
        for name in PASSED_ON
        if name in values
    )
    asked = "".join(f"<li>{escape(SCOPES_IN_WORDS.get(scope, scope))}</li>" for scope in scopes)
    return page(
        "Simulated Spotify: allow access?",
        f"""
<p>The app <strong id="client">{escape(values["client_id"])}</strong> asks to:</p>
<ul id="scopes">{asked or "<li>See your public profile</li>"}</ul>
<form method="post" action="authorize">{hidden}
<fieldset><legend>Continue as</legend>{_choices(list(users), values.get("user"))}</fieldset>
<p><button id="allow" name="decision" value="allow">Allow</button>
<button id="deny" name="decision" value="deny" class="quiet">Deny</button></p>
</form>
<p>You will return to <code>{escape(values["redirect_uri"])}</code>.</p>
<p>This is a simulation for trying things out. No real account is involved.</p>""",
    )


def _choices(users: list[User], wanted: str | None) -> str:
    chosen = wanted if wanted in [user.id for user in users] else users[0].id
    return "".join(
        f'<label><input type="radio" name="user" value="{user.id}"'
        f"{' checked' if user.id == chosen else ''}> {escape(user.name)} "
        f"({len(user.likes):,} liked songs)</label>"
        for user in users
    )


def problem_page(message: str) -> str:
    return page("Simulated Spotify: this request cannot work", f"<p>{escape(message)}</p>")
