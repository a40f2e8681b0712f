"""The door every simulated request comes through: it logs the request and lets faults strike."""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.connections import close_connection
from simulator.faults import Fault, Faults
from simulator.request_log import RequestLog, readable_body

NOT_ON_ALLOWLIST = "User not registered in the Developer Dashboard"
NO_PREMIUM = "Active premium subscription required for the owner of the app."
MEGABYTE = 1024 * 1024


def split_path(path: str) -> tuple[str, str]:
    """The service a path belongs to, and the path as the real service would see it."""
    service, _, rest = path.lstrip("/").partition("/")
    return service, "/" + rest


class Gateway:
    def __init__(self, app: ASGIApp, *, services: frozenset[str], faults: Faults, log: RequestLog) -> None:
        self.app = app
        self.services = services
        self.faults = faults
        self.log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        service, path = split_path(scope.get("path", ""))
        if scope["type"] != "http" or service not in self.services:
            await self.app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        striking = self.faults.striking(service, scope["method"], path)
        response = await self._answer(striking, scope, body)
        content_type = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
        # Logged before it is sent: whoever has an answer finds the request in the log.
        self.log.add(
            service=service,
            method=scope["method"],
            path=path,
            query=scope["query_string"].decode("latin-1"),
            body=readable_body(content_type, body),
            status=response.status_code if response else None,
        )
        if response:
            await response(scope, receive, send)
        else:
            await _hang(striking, scope, receive)

    async def _answer(self, striking: list[Fault], scope: Scope, body: bytes) -> Response | None:
        """What goes out: the service's answer, spoiled or not, a fault's own, or nothing ever."""
        faults = {fault.name: fault for fault in striking}
        if "slow" in faults:
            await asyncio.sleep(faults["slow"].params["latency_ms"] / 1000)
        if "timeout_before_effect" in faults:
            return None
        response = next((answer for fault in striking if (answer := instead(fault, scope))), None)
        if response is None:
            response = await _collected(self.app, scope, body)
            for fault in striking:
                spoil(fault, response)
        return None if "timeout_after_effect" in faults else response


async def _collected(app: ASGIApp, scope: Scope, body: bytes) -> Response:
    """Lets the simulated service handle the request and keeps its answer."""
    started: Message = {}
    parts: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    response = Response(b"".join(parts), status_code=started["status"])
    response.raw_headers = list(started["headers"])
    return response


async def _hang(striking: list[Fault], scope: Scope, receive: Receive) -> None:
    """Says nothing until the time is up or the client has gone, then closes the connection."""
    delay_s = max(fault.params.get("delay_s", 0) for fault in striking)
    try:
        async with asyncio.timeout(delay_s):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        await close_connection(scope, receive)


def instead(fault: Fault, scope: Scope) -> Response | None:
    """The answer a fault gives in place of the service; None if it only spoils the service's own."""
    match fault.name:
        case "rate_limited":
            return _error(429, "API rate limit exceeded", {"Retry-After": str(fault.params["retry_after"])})
        case "rate_window" | "deezer_quota" if scope["path"].startswith("/deezer/"):
            error = {"type": "Exception", "message": "Quota limit exceeded", "code": 4}
            return JSONResponse({"error": error})
        case "rate_window":
            return _error(429, "API rate limit exceeded", {"Retry-After": str(fault.seconds_until_free())})
        case "rate_limited_without_retry_after":
            return _error(429, "API rate limit exceeded")
        case "rate_limited_plain_text":
            return PlainTextResponse("Too many requests", status_code=429)
        case "quota_exceeded":
            error = {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}
            return JSONResponse({"error": error}, status_code=429)
        case "http_500" | "http_502" | "http_503":
            return _error(int(fault.name[-3:]), "Server error.")
        case "accounts_outage":
            return PlainTextResponse("upstream connect error", status_code=503)
        case _:
            return _refusal(fault, scope) or _bad_audio(fault)


def _refusal(fault: Fault, scope: Scope) -> Response | None:
    match fault.name:
        case "plain_text_403":
            return PlainTextResponse(fault.params["text"] or NOT_ON_ALLOWLIST, status_code=403)
        case "premium_403":
            return PlainTextResponse(NO_PREMIUM, status_code=403)
        case "insufficient_scope":
            return _error(403, "Insufficient client scope")
        case "token_expired":
            return _error(401, "The access token expired")
        case "token_revoked" if scope["path"].endswith("/api/token"):
            body = {"error": "invalid_grant", "error_description": "Refresh token revoked"}
            return JSONResponse(body, status_code=400)
    return None


def _bad_audio(fault: Fault) -> Response | None:
    match fault.name:
        case "dead_preview":
            return PlainTextResponse("Not Found", status_code=404)
        case "html_instead_of_audio":
            return Response("<!doctype html><title>Not music</title>", media_type="text/html")
        case "empty_audio":
            return Response(b"", media_type="audio/mpeg")
        case "oversized":
            return StreamingResponse(_zeros(fault.params["megabytes"]), media_type="audio/mpeg")
    return None


async def _zeros(megabytes: int) -> AsyncIterator[bytes]:
    for _ in range(16 * megabytes):
        yield bytes(MEGABYTE // 16)
        await asyncio.sleep(0)  # lets the server notice that the client has gone


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    body = {"error": {"status": status, "message": message}}
    return JSONResponse(body, status_code=status, headers=headers)


def spoil(fault: Fault, response: Response) -> None:
    """Damages a service's own answer."""
    body = bytes(response.body)
    match fault.name:
        case "malformed_json":
            _put(response, body[: len(body) // 2])
        case "truncated_audio":
            _put(response, body[: int(len(body) * fault.params["share"])])
        case "missing_refresh_token" if response.status_code == 200:
            answer = json.loads(body)
            answer.pop("refresh_token", None)
            _put(response, json.dumps(answer).encode())
        case "null_entries" if response.status_code == 200 and b'"items"' in body:
            _put(response, json.dumps(_with_nulls(json.loads(body), fault.params["every"])).encode())


def _with_nulls(page: dict[str, object], every: int) -> dict[str, object]:
    items = page.get("items")
    for entry in items[every - 1 :: every] if isinstance(items, list) else ():
        for name in {"track", "item"} & set(entry):
            entry[name] = None
    return page


def _put(response: Response, body: bytes) -> None:
    response.body = body
    response.headers["content-length"] = str(len(body))
