"""What a page says while the database does not answer."""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from organizer.providers.errors import LedgerDown

log = logging.getLogger(__name__)
AGAIN_S = 15


class DatabaseAway:
    """A plain page with 503 and one line in the log, instead of a traceback for every request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, failure: Exception) -> HttpResponse | None:
        if not isinstance(failure, OperationalError | InterfaceError | LedgerDown):
            return None
        log.warning("%s %s: the database failed (%s).", request.method, request.path, type(failure).__name__)
        connection.close()
        page = render_to_string("503.html")  # without the request: its context would ask the database
        return HttpResponse(page, status=503, headers={"Retry-After": str(AGAIN_S)})
