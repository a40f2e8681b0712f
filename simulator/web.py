"""What the simulated services' handlers share: errors, parameters and the world behind a request."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from simulator.world import World


class ApiError(Exception):
    """An answer in Spotify's error shape."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def answer_api_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    body = {"error": {"status": error.status, "message": error.message}}
    return JSONResponse(body, status_code=error.status)


def world_of(request: Request) -> World:
    return request.app.state.world


def origin(request: Request) -> str:
    """This server as the client addressed it: every absolute url we hand out starts with it."""
    return f"{request.url.scheme}://{request.url.netloc}"


def whole(request: Request, name: str, default: int, allowed: range) -> int:
    """A whole-number parameter; 400 outside the allowed range."""
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        value = int(text)
    except ValueError:
        raise ApiError(400, f"Invalid {name}") from None
    if value not in allowed:
        raise ApiError(400, f"Invalid {name}")
    return value


async def json_body(request: Request) -> Any:
    try:
        return json.loads(await request.body() or b"{}")
    except ValueError:
        raise ApiError(400, "Error parsing JSON.") from None


async def json_object(request: Request) -> dict[str, Any]:
    body = await json_body(request)
    if not isinstance(body, dict):
        raise ApiError(400, "Body must be a JSON object.")
    return body
