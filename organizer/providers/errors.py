"""What can go wrong outside, in sentences fit for the user and without secrets."""


class ProviderError(Exception):
    """A service failed. `permanent`: trying again will not help. `retry_after_s`: when to try again at the earliest."""

    def __init__(self, message: str, *, permanent: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
        self.retry_after_s = retry_after_s


class AuthRevoked(ProviderError):
    """The user's consent is gone; only the user can give it again."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class ScopeMissing(ProviderError):
    """The user has to allow more than they did."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class TokenExpired(ProviderError):
    """The access token is no longer taken; refresh it once and ask again."""


class NotFound(ProviderError):
    """The thing asked for is not there (any more)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class AmbiguousWrite(ProviderError):
    """A write got no clear answer: it may or may not have happened. Read before doing anything else."""


class GateClosed(ProviderError):
    """The service asked us to wait, or our own pacing does, or it has a rest; nothing was sent.

    `kind`: pace, rate, quota or outage.
    """

    def __init__(self, message: str, *, retry_after_s: float, kind: str) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.retry_after_s: float = retry_after_s
        self.kind = kind


class LedgerDown(ProviderError):
    """Our own database does not answer just now."""
