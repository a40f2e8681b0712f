"""CRC-32C (Castagnoli), the checksum that TensorFlow keeps of every block and tensor; quick enough in numpy."""

from functools import cache

import numpy as np

_POLYNOMIAL = 0x82F63B78  # reflected; RFC 3720, section 12.1
_MASK_DELTA = 0xA282EAD8  # stored checksums are rotated and shifted by this: LevelDB, doc/log_format.md
_ONES = 0xFFFFFFFF
_LANES = 512


@cache
def _table() -> np.ndarray:
    """What each byte makes of an empty register, uint32 [256]."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, table >> 1 ^ np.uint32(_POLYNOMIAL), table >> 1)
    return table


def crc32c(data: bytes) -> int:
    """The checksum of `data`; a megabyte takes some ten milliseconds."""
    steps = len(data) // _LANES
    head = len(data) - steps * _LANES
    register, table = _ONES, _table().tolist()
    for byte in data[:head]:
        register = register >> 8 ^ table[(register ^ byte) & 0xFF]
    if steps:
        register = _continued(register, np.frombuffer(data, np.uint8, offset=head).reshape(_LANES, steps))
    return register ^ _ONES


def _continued(register: int, lanes: np.ndarray) -> int:
    """`register` after the rows of `lanes` [L, steps], one row after the other.

    The rows run side by side from empty registers. A register is linear in its start, so each row's result only
    needs what as many zero bytes make of the register before it: that of its 32 bits, found in the same loop.
    """
    rows = np.vstack([lanes, np.zeros((32, lanes.shape[1]), np.uint8)])
    bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
    registers = np.append(np.zeros(len(lanes), np.uint32), bits)
    for column in rows.T:
        registers = registers >> 8 ^ _table()[(registers ^ column) & 0xFF]
    moved = registers[len(lanes) :]
    for row in registers[: len(lanes)]:
        register = int(np.bitwise_xor.reduce(moved[(register & bits) != 0], initial=row))
    return register


def masked(checksum: int) -> int:
    """A checksum as it is stored beside what it belongs to."""
    return ((checksum >> 15 | checksum << 17) + _MASK_DELTA) & _ONES
