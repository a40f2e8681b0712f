"""Sound files of every format, and ways to spoil them: one seed and number always give the same bytes."""

from functools import cache

import numpy as np

from tests.classifier.audio_samples import SUFFIXES, every_format

HEADER = 200  # bytes in which most formats say what they are


@cache
def originals() -> tuple[bytes, ...]:
    return tuple(every_format(4).values())


def mutated(seed: int, number: int) -> tuple[bytes, str]:
    """A spoilt file and a suffix for its name, right or wrong."""
    rng = np.random.default_rng((seed, number))
    data = originals()[rng.integers(len(originals()))]
    for _ in range(rng.integers(1, 4)):
        data = MUTATIONS[rng.integers(len(MUTATIONS))](data, rng)
    return data, SUFFIXES[rng.integers(len(SUFFIXES))]


def _flip_bits(data: bytes, rng: np.random.Generator) -> bytes:
    changed = np.frombuffer(data, np.uint8).copy()
    places = rng.integers(max(1, len(changed)), size=rng.integers(1, 200))
    if len(changed):
        changed[places] ^= np.left_shift(1, rng.integers(8, size=len(places))).astype(np.uint8)
    return changed.tobytes()


def _spoil_header(data: bytes, rng: np.random.Generator) -> bytes:
    """A few bytes of the beginning replaced, often by the extremes that lengths and counts choke on."""
    changed = bytearray(data)
    for _ in range(rng.integers(1, 12)):
        place = int(rng.integers(min(HEADER, len(changed)) or 1))
        value = rng.choice([0, 0x7F, 0x80, 0xFF, rng.integers(256)])
        span = int(rng.choice([1, 2, 4, 8]))
        changed[place : place + span] = bytes([value] * span)
    return bytes(changed)


def _cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: rng.integers(len(data) + 1)]


def _behead(data: bytes, rng: np.random.Generator) -> bytes:
    return data[rng.integers(len(data) + 1) :]


def _remove(data: bytes, rng: np.random.Generator) -> bytes:
    start = rng.integers(len(data) + 1)
    return data[:start] + data[start + rng.integers(1, 5_000) :]


def _repeat(data: bytes, rng: np.random.Generator) -> bytes:
    start, span = rng.integers(len(data) + 1), rng.integers(1, 3_000)
    return data[:start] + data[start : start + span] * int(rng.integers(2, 60)) + data[start:]


def _randomise(data: bytes, rng: np.random.Generator) -> bytes:
    start, span = rng.integers(len(data) + 1), rng.integers(1, 5_000)
    return data[:start] + rng.bytes(span) + data[start + span :]


def _swap_header(data: bytes, rng: np.random.Generator) -> bytes:
    other = originals()[rng.integers(len(originals()))]
    size = rng.integers(4, HEADER)
    return other[:size] + data[size:]


def _append(data: bytes, rng: np.random.Generator) -> bytes:
    return data + originals()[rng.integers(len(originals()))]


def _only_noise(data: bytes, rng: np.random.Generator) -> bytes:
    """Random bytes, half of them behind a real beginning."""
    return data[: rng.choice([0, 4, 16, 64])] + rng.bytes(rng.integers(20_000))


MUTATIONS = (
    _flip_bits, _flip_bits, _spoil_header, _spoil_header, _cut, _behead, _remove, _repeat, _randomise, _swap_header,
    _append, _only_noise,
)  # fmt: skip
