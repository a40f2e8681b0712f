"""The control API: what tests use to look into the simulated world and to change it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator import control_edits, deezer, itunes, reccobeats
from simulator.accounts import token_json
from simulator.control_edits import user_of
from simulator.control_state import Json, user_state
from simulator.faults import KINDS, UnknownFault
from simulator.tokens import Grant
from simulator.web import ApiError, json_object, world_of
from simulator.world import World


async def state(request: Request) -> Response:
    world, wanted = world_of(request), request.query_params.get("user")
    users = [user_state(world, user) for user in world.users.values() if wanted in (None, user.id)]
    options = {"expires_in_s": world.options.expires_in_s, "features_share": world.options.features_share}
    return JSONResponse({"users": users, "faults": faults_state(request), "settings": options})


def faults_state(request: Request) -> list[Json]:
    return [fault.as_json() for fault in request.app.state.faults.active]


async def list_faults(request: Request) -> Response:
    return JSONResponse({"active": faults_state(request), "names": list(KINDS)})


async def set_fault(request: Request) -> Response:
    wishes = await json_object(request)
    faults = request.app.state.faults
    if "clear" in wishes:
        which = wishes["clear"]
        faults.clear(None if which is True else which)
        return await list_faults(request)
    try:
        fault = faults.switch_on(str(wishes.pop("name", "")), wishes)
    except UnknownFault as error:
        raise ApiError(400, str(error)) from None
    return JSONResponse(fault.as_json(), status_code=201)


async def clear_faults(request: Request) -> Response:
    which = request.query_params.get("id") or request.query_params.get("name")
    request.app.state.faults.clear(int(which) if which and which.isdigit() else which)
    return await list_faults(request)


async def requests(request: Request) -> Response:
    log = request.app.state.log
    count = int(request.query_params.get("n", "100"))
    newest = log.recent(count, request.query_params.get("service"))
    return JSONResponse({"requests": newest, "counts": dict(log.counts)})


Change = Callable[[World, Json], Json]


def changing(change: Change) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that applies a change to the world and answers with what came of it."""

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(change(world_of(request), await json_object(request)))
        except KeyError as error:
            raise ApiError(400, f"{error.args[0]} is missing.") from None

    return endpoint


def revoke(world: World, body: Json) -> Json:
    user = user_of(world, body)
    world.tokens.revoke(user.id)
    return {"revoked": user.id}


def expire(world: World, body: Json) -> Json:
    world.tokens.expire(body.get("user"), world.now())
    return {"expired": body.get("user", "everybody")}


def settings(world: World, body: Json) -> Json:
    valid = ("expires_in_s", "features_share")
    if set(body) - set(valid):
        raise ApiError(400, f"There is no such setting. Valid: {', '.join(valid)}.")
    world.change_options(**body)
    return {name: getattr(world.options, name) for name in valid}


def clock(world: World, body: Json) -> Json:
    """Moves the simulated clock forward: tokens and consents age at once."""
    world.clock_offset += timedelta(seconds=float(body.get("advance_s", 0)))
    return {"now": world.now().isoformat()}


def token(world: World, body: Json) -> Json:
    """A token without the consent page, for tests of something else."""
    scopes = body.get("scopes", "")
    wanted = frozenset(scopes.split() if isinstance(scopes, str) else scopes)
    client_id = body.get("client_id") or world.options.client_id or "test-client"
    grant = Grant(user_of(world, body).id, client_id, wanted, world.now(), public_client=False)
    return token_json(world, world.tokens.remember(grant))


def reset_everything(request: Request, *, keep_tokens: bool) -> None:
    world_of(request).reset(keep_tokens=keep_tokens)
    request.app.state.faults.clear()
    request.app.state.log.forget()


async def reset(request: Request) -> Response:
    body = await json_object(request)
    reset_everything(request, keep_tokens=bool(body.get("keep_tokens")))
    return JSONResponse({"reset": True})


async def track(request: Request) -> Response:
    """What is true about a track, and which service knows it."""
    world = world_of(request)
    found = world.catalogue.get(request.path_params["id"])
    if found is None:
        raise ApiError(404, "There is no such track.")
    return JSONResponse(
        {
            "uri": found.uri,
            "name": found.name,
            "artists": list(found.artists),
            "genre": found.genre,
            "family": found.family,
            "isrc": found.isrc,
            "features": dict(found.features),
            "deezer": deezer.place(found),
            "itunes": itunes.is_known(found),
            "reccobeats": reccobeats.is_known(world, found),
        }
    )


def _post(path: str, change: Change) -> Route:
    return Route(path, changing(change), methods=["POST"])


ROUTES = [
    Route("/state", state, methods=["GET"]),
    Route("/faults", list_faults, methods=["GET"]),
    Route("/faults", set_fault, methods=["POST"]),
    Route("/faults", clear_faults, methods=["DELETE"]),
    Route("/requests", requests, methods=["GET"]),
    Route("/reset", reset, methods=["POST"]),
    Route("/tracks/{id}", track, methods=["GET"]),
    _post("/like", control_edits.like),
    _post("/unlike", control_edits.unlike),
    _post("/playlists", control_edits.edit_playlist),
    _post("/release", control_edits.release),
    _post("/relink", control_edits.relink),
    _post("/revoke", revoke),
    _post("/expire", expire),
    _post("/settings", settings),
    _post("/clock", clock),
    _post("/token", token),
]
