"""A file that somebody brings: opened with limits, so that no file can fill the memory, whatever it claims to be."""

import json
import zipfile
import zlib
from typing import IO, Any

from django.utils.translation import gettext as _

from organizer.takeout.archiving import DOCUMENT
from organizer.takeout.checks import TakeoutError

MOST_BYTES = 100_000_000  # of the document, unzipped
MOST_MEMBERS = 1000
# Parsed, an empty list takes thirty times the room of its text. 50,000 songs have half a million lists and objects.
MOST_CONTAINERS, MOST_VALUES = 1_500_000, 10_000_000
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def load(file: IO[bytes]) -> Any:
    """The document in a takeout, either the zip or the JSON file out of it. TakeoutError for anything else."""
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    if start.startswith(b"PK"):
        return parse(_simple(unzipped(file, DOCUMENT)))
    if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        return parse(_simple(_limited(file)))
    raise TakeoutError(_("This is neither a zip nor a JSON file. Choose the file that “Export” gave you."))


def unzipped(file: IO[bytes], name: str, most: int = MOST_BYTES) -> bytes:
    """One member, of at most `most` bytes; what the zip says of its size is not believed."""
    try:
        with zipfile.ZipFile(file) as archive:
            if len(archive.infolist()) > MOST_MEMBERS or name not in archive.namelist():
                sentence = _("There is no %(name)s in this zip, so it is not an export of Cratewise.")
                raise TakeoutError(sentence % {"name": name})
            with archive.open(name) as member:
                return _limited(member, most)
    except _BROKEN as error:
        raise TakeoutError(_("This zip is damaged or of a kind that cannot be read.")) from error


def _limited(file: IO[bytes], most: int = MOST_BYTES) -> bytes:
    found = file.read(most + 1)
    if len(found) > most:
        sentence = _("This file holds more than %(size)s MB. No export of Cratewise does.")
        raise TakeoutError(sentence % {"size": most // 1_000_000})
    return found


def _simple(found: bytes) -> bytes:
    if found.count(b"[") + found.count(b"{") > MOST_CONTAINERS or found.count(b",") > MOST_VALUES:
        raise TakeoutError(_("This file is more intricate than any export of Cratewise."))
    return found


def parse(found: bytes) -> Any:
    try:
        return json.loads(found)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise TakeoutError(_("This is not valid JSON: the file is damaged or cut short.")) from error
