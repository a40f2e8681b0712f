"""The control page: everything the control API does, for a person with a browser."""

from collections.abc import Awaitable, Callable
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator import control, control_edits
from simulator.control_forms import Fields, fault_section, request_section, user_section
from simulator.faults import UnknownFault
from simulator.html import page
from simulator.web import ApiError, world_of
from simulator.world import World


async def show(request: Request) -> Response:
    world = world_of(request)
    problem = request.query_params.get("problem", "")
    body = [
        f'<p role="alert"><strong>{escape(problem)}</strong></p>' if problem else "",
        f"<p>{len(world.catalogue.tracks):,} tracks exist. Spotify, Deezer, iTunes and ReccoBeats are all "
        "simulated here; nothing leaves this machine.</p>",
        *(user_section(world, user) for user in world.users.values()),
        fault_section(control.faults_state(request)),
        request_section(request.app.state.log.recent(30)),
        '<h2>Start over</h2><form class="row" method="post" action="reset">'
        '<label><span><input type="checkbox" name="keep_tokens" value="yes" checked> Keep linked apps linked'
        "</span></label><button>Reset everything</button></form>",
    ]
    return HTMLResponse(page("Simulator control", "".join(body)))


Act = Callable[[Request, Fields], None]


def posting(act: Act) -> Callable[[Request], Awaitable[Response]]:
    """Applies a form and shows the page again, with the problem if there was one."""

    async def endpoint(request: Request) -> Response:
        fields = {name: str(value).strip() for name, value in (await request.form()).items()}
        try:
            act(request, fields)
        except (ApiError, UnknownFault, ValueError, KeyError) as error:
            return RedirectResponse(request.url_for("control").include_query_params(problem=str(error)), 303)
        return RedirectResponse(f"{request.url_for('control')}#{fields.get('user', '')}", 303)

    return endpoint


def on_world(change: Callable[[World, control.Json], control.Json]) -> Act:
    def act(request: Request, fields: Fields) -> None:
        body: control.Json = {name: value for name, value in fields.items() if value}
        if "uris" in body:
            body["uris"] = [_uri(request, text) for text in body["uris"].split()]
        change(world_of(request), body)

    return act


def _uri(request: Request, text: str) -> str:
    uri = text if text.startswith("spotify:") else f"spotify:track:{text.rstrip('/').rpartition('/')[2]}"
    if world_of(request).track(uri) is None:
        raise ApiError(400, f"There is no track {text}.")
    return uri


def switch_fault_on(request: Request, fields: Fields) -> None:
    wishes: control.Json = {name: fields[name] for name in ("service", "method", "path") if fields.get(name)}
    wishes |= {name: int(fields[name]) for name in ("times", "after") if fields.get(name)}
    if fields.get("probability"):
        wishes["probability"] = float(fields["probability"])
    for part in fields.get("parameters", "").split():
        name, _, value = part.partition("=")
        wishes[name] = float(value) if "." in value else int(value) if value.isdigit() else value
    request.app.state.faults.switch_on(fields.get("name", ""), wishes)


def switch_fault_off(request: Request, fields: Fields) -> None:
    request.app.state.faults.clear(int(fields["id"]) if fields.get("id") else None)


def reset(request: Request, fields: Fields) -> None:
    control.reset_everything(request, keep_tokens=bool(fields.get("keep_tokens")))


def _form(path: str, act: Act) -> Route:
    return Route(path, posting(act), methods=["POST"])


ROUTES = [
    Route("/", show, methods=["GET"], name="control"),
    _form("/like", on_world(control_edits.like)),
    _form("/unlike", on_world(control_edits.unlike)),
    _form("/playlists", on_world(control_edits.edit_playlist)),
    _form("/revoke", on_world(control.revoke)),
    _form("/expire", on_world(control.expire)),
    _form("/faults", switch_fault_on),
    _form("/faults/clear", switch_fault_off),
    _form("/reset", reset),
]
