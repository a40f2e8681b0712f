from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from simulator.html import page


async def show(request: Request) -> Response:
    return HTMLResponse(page("Simulator control", ""))


ROUTES = [Route("/", show, methods=["GET"])]
