"""Tensors of a TensorFlow 1 checkpoint ("bundle"), read without TensorFlow.

The `.index` file is an uncompressed LevelDB table (LevelDB, doc/table_format.md) from names to small protobufs
(TensorFlow, tensor_bundle.proto), the `.data-00000-of-00001` file the tensors one after the other.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from classifier.errors import ModelError
from classifier.sound.crc32c import crc32c, masked

_MAGIC = 0xDB4775248B80FB57
_FOOTER, _TRAILER = 48, 5  # bytes; a trailer is the kind of compression and a checksum
_FLOAT32 = 1  # tensorflow/core/framework/types.proto
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # protobuf wire types


class _Damaged(ValueError):
    pass


@dataclass(frozen=True)
class _Entry:
    """Where a tensor lies in the data file."""

    shape: tuple[int, ...]
    offset: int
    size: int
    checksum: int


def read(prefix: str, *, without: str = "/Adam") -> dict[str, np.ndarray]:
    """The float32 tensors of the checkpoint whose files begin with `prefix`, by name.

    Names that contain `without` (the optimiser's memory) and tensors of other types are left out.

    Raises
    ------
    ModelError
        A file is missing, cut off or damaged; checksums of both files are compared.
    """
    try:
        index, data = Path(f"{prefix}.index").read_bytes(), Path(f"{prefix}.data-00000-of-00001").read_bytes()
    except OSError as error:
        raise ModelError(f"The checkpoint {Path(prefix).name} cannot be read: {error.strerror}.") from error
    try:
        entries = {name: entry for name, entry in _entries(index) if without not in name}
        return {name: _tensor(data, name, entry) for name, entry in entries.items()}
    except _Damaged as error:
        raise ModelError(f"The checkpoint {Path(prefix).name} is damaged: {error}.") from error


def _damaged(what: str) -> NoReturn:
    raise _Damaged(what)


def _tensor(data: bytes, name: str, entry: _Entry) -> np.ndarray:
    part = data[entry.offset : entry.offset + entry.size]
    if len(part) != entry.size:
        _damaged(f"its data file ends before {name}")
    if len(part) != 4 * int(np.prod(entry.shape, dtype=object)):
        _damaged(f"{name} has another size than its shape says")
    if masked(crc32c(part)) != entry.checksum:
        _damaged(f"the checksum of {name} is wrong")
    return np.frombuffer(part, "<f4").reshape(entry.shape)


def _entries(index: bytes) -> Iterator[tuple[str, _Entry]]:
    """Names and places of all float32 tensors of an index file."""
    footer = index[-_FOOTER:]
    if len(footer) < _FOOTER or struct.unpack("<Q", footer[-8:])[0] != _MAGIC:
        _damaged("its index file is cut off or is none")
    _, at = _handle(footer, 0)  # of the meta index, which is empty
    place, _ = _handle(footer, at)
    for _, block_place in _pairs(_block(index, place)):
        for key, value in _pairs(_block(index, _handle(block_place, 0)[0])):
            fields = _fields(value)
            if not key:
                _check_header(fields)
            elif _number(fields, 1) == _FLOAT32:
                yield _name(key), _entry(fields)


def _name(key: bytes) -> str:
    try:
        return key.decode()
    except UnicodeDecodeError:
        _damaged("a name in its index file is no text")


def _check_header(fields: dict[int, list[int | bytes]]) -> None:
    """Field 1 counts the data files, field 2 is 0 for little-endian numbers."""
    if _number(fields, 1) != 1 or _number(fields, 2) != 0:
        _damaged("it has several data files or big-endian numbers, which cannot be read here")


def _entry(fields: dict[int, list[int | bytes]]) -> _Entry:
    """A BundleEntryProto: 2 shape, 4 offset, 5 size, 6 masked CRC-32C."""
    shape = _fields(_message(fields, 2))
    dimensions = (_number(_fields(one), 1) for one in shape.get(2, []) if isinstance(one, bytes))
    return _Entry(tuple(dimensions), _number(fields, 4), _number(fields, 5), _number(fields, 6))


def _block(index: bytes, place: tuple[int, int]) -> bytes:
    offset, size = place
    block, trailer = index[offset : offset + size], index[offset + size : offset + size + _TRAILER]
    if len(block) != size or len(trailer) != _TRAILER:
        _damaged("a block of its index file is cut off")
    compression, checksum = struct.unpack("<BI", trailer)
    if masked(crc32c(block + trailer[:1])) != checksum:
        _damaged("the checksum of a block of its index file is wrong")
    if compression:
        _damaged("its index file is compressed, which cannot be read here")
    return block


def _pairs(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block: each key shares its beginning with the one before; restart points come last."""
    if len(block) < 4:
        _damaged("a block of its index file is too short")
    end = len(block) - 4 - 4 * struct.unpack("<I", block[-4:])[0]
    key, at = b"", 0
    while at < end:
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + own]
        at += own + length
        if at > end or len(key) != shared + own:
            _damaged("an entry of its index file is cut off")
        yield key, block[at - length : at]


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    """(offset, size) of a block, and where reading goes on."""
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return (offset, size), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift, byte in zip(range(0, 64, 7), data[at : at + 10], strict=False):
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + shift // 7 + 1
    _damaged("a number in its index file is cut off")


def _fields(message: bytes) -> dict[int, list[int | bytes]]:
    """Fields of a protobuf by number; nested messages stay bytes."""
    fields: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value, at = _value(message, at, tag & 7)
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _value(message: bytes, at: int, wire_type: int) -> tuple[int | bytes, int]:
    if wire_type == _VARINT:
        return _varint(message, at)
    if wire_type == _BYTES:
        length, at = _varint(message, at)
    elif wire_type in (_FIXED32, _FIXED64):
        length = 4 if wire_type == _FIXED32 else 8
    else:
        _damaged("a field of its index file is of an unknown kind")
    part = message[at : at + length]
    if len(part) != length:
        _damaged("a field of its index file is cut off")
    return part if wire_type == _BYTES else int.from_bytes(part, "little"), at + length


def _number(fields: dict[int, list[int | bytes]], field: int) -> int:
    value = fields.get(field, [0])[-1]
    return value if isinstance(value, int) else _damaged("a field of its index file is no number")


def _message(fields: dict[int, list[int | bytes]], field: int) -> bytes:
    value = fields.get(field, [b""])[-1]
    return value if isinstance(value, bytes) else _damaged("a field of its index file is no message")
