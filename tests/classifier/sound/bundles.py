"""Small TensorFlow 1 checkpoints, written without TensorFlow."""

import struct
from pathlib import Path

import numpy as np

from classifier.sound.crc32c import crc32c, masked

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)


def varint(value: int) -> bytes:
    low, high = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(high) if high else bytes([low])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def entry(array: np.ndarray, offset: int, *, dtype: int = 1) -> bytes:
    shape = b"".join(field(2, field(1, size)) for size in array.shape)
    checksum = varint(6 << 3 | 5) + struct.pack("<I", masked(crc32c(array.tobytes())))
    return field(1, dtype) + field(2, shape) + field(4, offset) + field(5, array.nbytes) + checksum


def block(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """A table block with its trailer; keys share their beginnings, as LevelDB writes them."""
    content, before = b"", b""
    for key, value in pairs:
        shared = next((i for i, (a, b) in enumerate(zip(before, key, strict=False)) if a != b), len(before))
        content += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    return sealed(content + struct.pack("<II", 0, 1))


def sealed(content: bytes, compression: int = 0) -> bytes:
    kind = bytes([compression])
    return content + kind + struct.pack("<I", masked(crc32c(content + kind)))


def index(blocks: list[bytes]) -> bytes:
    """An index file of data blocks."""
    places, at = [], 0
    for number, one in enumerate(blocks):
        places.append((bytes([number]), varint(at) + varint(len(one) - 5)))
        at += len(one)
    meta, table = block([]), block(places)
    handles = varint(at) + varint(len(meta) - 5) + varint(at + len(meta)) + varint(len(table) - 5)
    return b"".join([*blocks, meta, table, handles.ljust(40, b"\0"), MAGIC])


def header(shards: int = 1) -> tuple[bytes, bytes]:
    return b"", field(1, shards)


def write(prefix: str, tensors: dict[str, np.ndarray]) -> None:
    """Both files of a checkpoint, two tensors a block."""
    data, pairs = b"", [header()]
    for name, array in sorted(tensors.items()):
        pairs.append((name.encode(), entry(array, len(data))))
        data += array.tobytes()
    Path(f"{prefix}.data-00000-of-00001").write_bytes(data)
    Path(f"{prefix}.index").write_bytes(index([block(pairs[i : i + 2]) for i in range(0, len(pairs), 2)]))
