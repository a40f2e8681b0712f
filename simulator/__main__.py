"""Command line: `python -m simulator --port 8910`."""

import argparse
import asyncio
import socket
import sys
from pathlib import Path

import uvicorn

from simulator.app import build
from simulator.catalog import Catalogue, CatalogueError
from simulator.connections import ClosableProtocol
from simulator.invented import built_in_catalogue
from simulator.world import Options


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="0 takes any free port")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--catalog", type=Path, help="CSV or Parquet table of tracks; default: invented ones")
    parser.add_argument("--liked", type=int, help="how many songs each user likes")
    parser.add_argument(
        "--state", type=Path, help="file that keeps users, playlists and tokens over a restart"
    )
    parser.add_argument("--log", type=Path, help="file that gets one JSON line per request")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--features-share", type=float, default=0.8, help="share ReccoBeats knows")
    parser.add_argument("--expires-in", type=int, default=3600, help="life of an access token in seconds")
    parser.add_argument("--client-id", help="accept this client id only")
    parser.add_argument("--client-secret", help="accept this client secret only")
    return parser.parse_args(given)


def _options(arguments: argparse.Namespace) -> Options:
    return Options(
        seed=arguments.seed,
        liked=arguments.liked,
        features_share=arguments.features_share,
        expires_in_s=arguments.expires_in,
        client_id=arguments.client_id,
        client_secret=arguments.client_secret,
    )


def _catalogue(arguments: argparse.Namespace) -> Catalogue:
    if not arguments.catalog:
        return built_in_catalogue(arguments.seed)
    from simulator.tables import load  # pandas takes a second to import, and only this needs it

    return load(arguments.catalog)


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    # A head and a body are two writes: on a kept connection the second would wait 40 ms for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not (server.started or serving.done()):
        await asyncio.sleep(0.01)
    print(f"Simulator ready at http://{host}:{port} (control page at /control/)", flush=True)
    await serving


def main(given: list[str] | None = None) -> int:
    arguments = _arguments(given)
    try:
        catalogue = _catalogue(arguments)
    except CatalogueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        listener = socket.create_server((arguments.host, arguments.port))
    except OSError as error:
        print(f"Port {arguments.port} on {arguments.host} cannot be used: {error.strerror}.", file=sys.stderr)
        return 2
    try:
        app = build(catalogue, _options(arguments), log_path=arguments.log, state_path=arguments.state)
    except OSError as error:
        print(f"{error.filename} cannot be used: {error.strerror}.", file=sys.stderr)
        return 2
    config = uvicorn.Config(
        app, http=ClosableProtocol, loop="asyncio", lifespan="on", log_level="warning", access_log=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    asyncio.run(_serve(uvicorn.Server(config), listener))
    return 0


if __name__ == "__main__":
    sys.exit(main())
