"""An upload that goes to a temporary file and is cut off at a limit, however long the request says that it is."""

from typing import Any

from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest, UnreadablePostError

FORM_BYTES = 1_000_000  # room for the other fields and the request's own frame


class Bounded(TemporaryFileUploadHandler):
    """At most `limit` bytes in all files together; beyond, nothing is kept and `problem` says why."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit, self.problem, self._taken = limit, "", 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._taken += len(raw_data)
        if self._taken > self.limit:
            self._give_up(too_large(self.limit))
        try:
            self.file.write(raw_data)
        except OSError as error:
            self._give_up(f"The file could not be stored: {error.strerror or error}.")

    def _give_up(self, problem: str) -> None:
        self.problem = problem
        self.upload_interrupted()
        raise StopUpload(connection_reset=False)  # reads on without keeping, so that the answer is seen

    def handle_raw_input(self, *_: Any, **__: Any) -> None:
        return None


def too_large(limit: int) -> str:
    return (
        f"The file is larger than {limit // 1_000_000:,} MB, the most that may be uploaded. Put it, or a folder of "
        "sound, into one of the folders of DATASET_DIRS on the server and give its path instead."
    )


def refusal(request: HttpRequest, limit: int, last_field: str) -> tuple[str, int]:
    """Take the request's files with a limit; why they cannot be taken and the status to answer with, or ("", 200).

    What says that it is too long is not even read. `last_field` follows the file in the form: where it is missing,
    the request was cut short.
    """
    length = str(request.META.get("CONTENT_LENGTH") or "")
    if not length.isdecimal():
        return "The request does not say how long it is, so it was not read.", 411
    if int(length) > limit + FORM_BYTES:
        return too_large(limit), 413
    handler = Bounded(limit)
    request.upload_handlers = [handler]
    try:
        is_whole = last_field in request.POST
    except UnreadablePostError:
        return "The upload broke off. Nothing of it was kept; send it again.", 400
    if handler.problem:
        return handler.problem, 413
    return ("", 200) if is_whole else ("The upload broke off. Nothing of it was kept; send it again.", 400)
