"""Zips as people and their enemies make them."""

import io
import struct
import zipfile
from collections.abc import Mapping


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def with_entry(info: zipfile.ZipInfo, content: bytes = b"x") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("rock/fine.mp3", b"x")
        archive.writestr(info, content)
    return packed.getvalue()


def symlink(name: str, target: str) -> bytes:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return with_entry(info, target.encode())


def encrypted() -> bytes:
    """Marked as encrypted in both places, which is all that is looked at."""
    content = bytearray(zipped({"rock/a.mp3": b"secret"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(signature) + offset
        content[at] |= 1
    return bytes(content)


def renamed(before: str, after: bytes) -> bytes:
    """A name as bytes that no honest program would write; both of one length."""
    return zipped({before: b"x"}).replace(before.encode(), after)


def lying_directory(size: int) -> bytes:
    """The end record claims a list of contents of `size` bytes."""
    content = bytearray(zipped({"rock/a.mp3": b"x"}))
    at = content.rindex(b"PK\x05\x06")
    content[at + 12 : at + 16] = struct.pack("<L", size)
    return bytes(content)


def lying_size(claimed: int, content: bytes) -> bytes:
    """The one file claims to be of another size, in the list of contents and beside it."""
    packed = bytearray(zipped({"rock/a.mp3": content}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = packed.index(signature) + offset
        packed[at : at + 4] = struct.pack("<L", claimed)
    return bytes(packed)


def overlapping(count: int) -> bytes:
    """Many entries of the list of contents that share one packed file."""
    content = zipped({"rock/00000.mp3": bytes(900_000)})
    start, end = content.index(b"PK\x01\x02"), content.rindex(b"PK\x05\x06")
    entry = content[start:end]
    entries = b"".join(entry.replace(b"00000", b"%05d" % number) for number in range(count))
    tail = bytearray(content[end:])
    tail[8:12] = struct.pack("<HH", count, count)
    tail[12:16] = struct.pack("<L", len(entries))
    return content[:start] + entries + bytes(tail)
