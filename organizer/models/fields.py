"""A text column that is encrypted at rest."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=1)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def cipher() -> MultiFernet:
    """The first of TOKEN_KEYS encrypts; all of them decrypt, so that keys can rotate."""
    return _cipher(tuple(settings.TOKEN_KEYS))


class EncryptedTextField(models.TextField):
    """Stored as a Fernet token (AES-128-CBC with HMAC); raises InvalidToken if no key fits."""

    def get_prep_value(self, value: Any) -> Any:
        return cipher().encrypt(value.encode()).decode() if value else value

    def from_db_value(self, value: Any, *_: Any) -> Any:
        return cipher().decrypt(value.encode()).decode() if value else value
