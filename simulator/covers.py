"""Cover pictures: two colours and a shape per album, and whatever was uploaded for a playlist."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import identifiers
from simulator.web import world_of


async def album_cover(request: Request) -> Response:
    name, size = request.path_params["name"], request.path_params["size"]
    draw = identifiers.number("picture", name)
    hue, radius, place = draw % 360, 20 + draw // 360 % 25, 30 + draw // 9_000 % 40
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 100 100">'
        f'<rect width="100" height="100" fill="hsl({hue} 45% 35%)"/>'
        f'<circle cx="{place}" cy="{100 - place}" r="{radius}" fill="hsl({(hue + 150) % 360} 60% 70%)"/></svg>'
    )
    return Response(picture, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})


async def playlist_cover(request: Request) -> Response:
    playlist = world_of(request).playlists.get(request.path_params["id"])
    if playlist is None or playlist.cover is None:
        return Response(status_code=404)
    return Response(playlist.cover, media_type="image/jpeg")


ROUTES = [
    Route("/image/{name}/{size:int}.svg", album_cover, methods=["GET"]),
    Route("/playlist/{id}/{revision:int}.jpg", playlist_cover, methods=["GET"]),
]
