"""What a browser shows that opens the address of a button."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string


class FriendlyRefusal:
    """A page with the way back, instead of an empty one, for people; programs get the bare refusal."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and request.accepts("text/html"):
            response.content = render_to_string("405.html", request=request)
        return response
