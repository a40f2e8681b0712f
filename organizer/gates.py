"""The gates' standings in the database: what outlives Redis, and keeps the pace without it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from organizer.models import ServiceGate
from organizer.providers.errors import LedgerDown
from organizer.providers.gate import Change
from organizer.providers.standing import Standing


class DatabaseLedger:
    def read(self, service: str) -> Standing:
        with _told():
            return _standing(ServiceGate.objects.filter(service=service).first())

    def hold(self, service: str, use: Callable[[Standing], None]) -> None:
        with _told(), transaction.atomic():
            use(_standing(_locked(service)))

    def change(self, service: str, change: Change) -> None:
        """Under a row lock, and only written if it is a change. Safe to run twice: changes are about what is."""
        with _told(), transaction.atomic():
            row = _locked(service)
            if row is None:
                ServiceGate.objects.get_or_create(service=service)
                row = _locked(service)
            before = _standing(row)
            after = change(before)
            if after != before:
                ServiceGate.objects.filter(service=service).update(**_columns(after))

    def may_reopen(self, service: str, every_s: float) -> bool:
        now = timezone.now()
        due = Q(reopened_at__isnull=True) | Q(reopened_at__lt=now - timedelta(seconds=every_s))
        with _told():
            ServiceGate.objects.get_or_create(service=service)
            return bool(ServiceGate.objects.filter(due, service=service).update(reopened_at=now))


@contextmanager
def _told() -> Iterator[None]:
    """Providers know no Django: a database that fails is told in their words."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise LedgerDown(_("This instance’s own database does not answer just now.")) from error


def _locked(service: str) -> ServiceGate | None:
    return ServiceGate.objects.select_for_update().filter(service=service).first()


def _standing(row: ServiceGate | None) -> Standing:
    if row is None:
        return Standing()
    return Standing(
        until=row.blocked_until.timestamp() if row.blocked_until else 0.0,
        kind=row.kind,
        reason=row.reason,
        failures=row.failures,
        limit=row.limit or 0,
        limit_until=row.limit_until.timestamp() if row.limit_until else 0.0,
        calls=tuple(row.calls),
    )


def _columns(standing: Standing) -> dict[str, object]:
    return {
        "blocked_until": _moment(standing.until),
        "kind": standing.kind,
        "reason": standing.reason[:300],
        "failures": standing.failures,
        "limit": standing.limit or None,
        "limit_until": _moment(standing.limit_until),
        "calls": list(standing.calls),
    }


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
