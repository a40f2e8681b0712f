"""Which of the visitor's devices a page may ask for: none, unless its view says otherwise."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

HEADER = "Permissions-Policy"
NONE = "camera=(), geolocation=(), microphone=()"
MICROPHONE = "camera=(), geolocation=(), microphone=(self)"


class NoDevices:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(HEADER, NONE)
        return response
