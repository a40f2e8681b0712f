"""An upload that is measured while it is read, and is kept in memory until it is stored as a row."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload


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
