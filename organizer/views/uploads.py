"""Uploads that never touch the disk: one that is measured while it is read, and what addresses do that expect none."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, MemoryFileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token


class OnlySmall(MemoryFileUploadHandler):
    """For every address that names no handler of its own, and so expects no file.

    A body longer than FILE_UPLOAD_MAX_MEMORY_SIZE is refused by what it says of its length, before any of it is read:
    Django's second handler would put it on the disk. A body that does not say its length is none to Django.
    """

    def handle_raw_input(self, *raw: Any, **named: Any) -> None:
        super().handle_raw_input(*raw, **named)
        if not self.activated:
            raise RequestDataTooBig("A body that long is taken only where files are expected.")


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page of a request that was not understood, or was larger than its address takes."""
    if isinstance(exception, RequestDataTooBig):
        return HttpResponse(render_to_string("413.html", request=request), status=413)
    return HttpResponse(render_to_string("400.html", request=request), status=400)


class InMemory(FileUploadHandler):
    """Keeps one file of at most `limit` bytes in memory; beyond, everything is thrown away and `is_too_large`."""

    chunk_size = 64 * 2**10

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.body = bytearray()
        self.is_too_large = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.body += raw_data  # of all files together, if somebody sends several
        if len(self.body) > self.limit:
            self.is_too_large = True
            self.body.clear()
            raise StopUpload(connection_reset=False)  # reads on without keeping, so that the answer is seen

    def file_complete(self, file_size: int) -> UploadedFile | None:
        whole = SimpleUploadedFile(self.file_name or "", bytes(self.body), self.content_type or "")
        self.body.clear()
        return whole

    def handle_raw_input(self, *_: Any, **__: Any) -> None:
        return None
