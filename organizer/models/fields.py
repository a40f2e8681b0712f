"""A text column that is encrypted at rest."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=1)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def cipher() -> MultiFernet:
    """The first of TOKEN_KEYS encrypts; all of them decrypt, so that keys can rotate."""
    return _cipher(tuple(settings.TOKEN_KEYS))


class Sealed(str):
    """An empty text in place of one that no key of TOKEN_KEYS opens; written back as it was found."""

    stored: str

    @classmethod
    def found(cls, stored: str) -> "Sealed":
        sealed = cls()
        sealed.stored = stored
        return sealed


class EncryptedTextField(models.TextField):
    """Stored as a Fernet token (AES-128-CBC with HMAC). Sealed if no key fits: the row is still of use."""

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Sealed):
            return value.stored
        return cipher().encrypt(value.encode()).decode() if value else value

    def from_db_value(self, value: Any, *_: Any) -> Any:
        if not value:
            return value
        try:
            return cipher().decrypt(value.encode()).decode()
        except InvalidToken:
            return Sealed.found(value)


def is_under_first_key(stored: str) -> bool:
    """Whether a stored value needs only the first of TOKEN_KEYS."""
    try:
        Fernet(settings.TOKEN_KEYS[0]).decrypt(stored.encode())
    except InvalidToken:
        return False
    return True
