"""Identifiers and shares derived from names, so that every run invents the same ones."""

from hashlib import blake2b

BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


_TO_BASE62 = bytes(ord(BASE62[byte % 62]) for byte in range(256))


def _digest(size: int, *parts: str) -> bytes:
    return blake2b("\x1f".join(parts).encode(), digest_size=size).digest()


def number(*parts: str) -> int:
    """A stable 160-bit number for the parts."""
    return int.from_bytes(_digest(20, *parts), "big")


def base62(*parts: str) -> str:
    """A 22-character id that looks like the ones of the Web API."""
    return _digest(22, *parts).translate(_TO_BASE62).decode()


def share(*parts: str) -> float:
    """A stable draw from [0, 1): decides which service knows which track."""
    return number(*parts) % (1 << 53) / (1 << 53)


def small_number(*parts: str) -> int:
    """A nine- or ten-digit id, as Deezer and Apple use."""
    return 100_000_000 + number(*parts) % 4_000_000_000


def isrc(track_id: str, year: int) -> str:
    """Twelve characters: country, registrant, two-digit year, five-digit designation."""
    value = number("isrc", track_id)
    value, first = divmod(value, 26)
    value, second = divmod(value, 26)
    value, designation = divmod(value, 100_000)
    value, a = divmod(value, 36)
    value, b = divmod(value, 36)
    registrant = "".join((LETTERS + BASE62[:10])[index] for index in (a, b, value % 36))
    return f"{LETTERS[first]}{LETTERS[second]}{registrant}{year % 100:02d}{designation:05d}"
