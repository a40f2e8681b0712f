"""Small checks that make up the form of a document. Each returns the clean value or says where it is wrong."""

import math
import re
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

Check = Callable[[Any, str], Any]
MOST_ROWS = 500_000


class TakeoutError(Exception):
    """The file cannot be used; the message says why, and where in it."""


def wrong(place: str, problem: str, **values: object) -> TakeoutError:
    return TakeoutError(f"{place}: {problem % values if values else problem}")


def text(longest: int, *, shortest: int = 0, pattern: str = "") -> Check:
    fits = re.compile(pattern, re.DOTALL)

    def check(value: Any, place: str) -> str:
        if not isinstance(value, str):
            raise wrong(place, _("this must be text."))
        if not shortest <= len(value) <= longest:
            problem = _("this must have %(least)s to %(most)s characters, not %(count)s.")
            raise wrong(place, problem, least=shortest, most=longest, count=len(value))
        if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise wrong(place, _("this text holds a character that is none."))
        if pattern and not fits.fullmatch(value):
            raise wrong(place, _("this does not have the form that it should have."))
        return value

    return check


def one_of(choices: Collection[str]) -> Check:
    def check(value: Any, place: str) -> str:
        if not isinstance(value, str) or value not in choices:
            raise wrong(place, _("this must be one of %(choices)s."), choices=", ".join(sorted(choices)))
        return value

    return check


def number(least: float, most: float, *, is_whole: bool = False) -> Check:
    kinds = (int,) if is_whole else (int, float)

    def check(value: Any, place: str) -> Any:
        if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
            raise wrong(place, _("this must be a whole number.") if is_whole else _("this must be a number."))
        if not least <= value <= most:
            raise wrong(place, _("this must be from %(least)s to %(most)s."), least=least, most=most)
        return value

    return check


def flag(value: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise wrong(place, _("this must be true or false."))
    return value


def moment(value: Any, place: str) -> datetime:
    try:
        found = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or timezone.is_naive(found):
        raise wrong(
            place, _("this must be a date and time with its zone, such as 2026-11-21T18:30:00+00:00.")
        )
    return found


def maybe(check: Check) -> Check:
    return lambda value, place: None if value is None else check(value, place)


def listing(check: Check, *, most: int = MOST_ROWS, key: Callable[[Any], Any] | None = None) -> Check:
    """`key`: what must not occur twice; None of a row does not count."""

    def run(value: Any, place: str) -> list[Any]:
        if not isinstance(value, list):
            raise wrong(place, _("this must be a list."))
        if len(value) > most:
            problem = _("this list has %(count)s entries; %(most)s is the most.")
            raise wrong(place, problem, count=len(value), most=most)
        rows = [check(row, f"{place}[{k}]") for k, row in enumerate(value)]
        seen: set[Any] = set()
        for k, row in enumerate(rows if key else []):
            mark = key(row) if key else None
            if mark is not None and mark in seen:
                raise wrong(f"{place}[{k}]", _("this is there twice."))
            seen.add(mark)
        return rows

    return run


def record(**fields: Check) -> Check:
    """An object with all of these fields; what else it has is dropped."""

    def run(value: Any, place: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise wrong(place, _("this must be an object."))
        missing = [name for name in fields if name not in value]
        if missing:
            raise wrong(place, _("“%(name)s” is missing."), name=missing[0])
        inner = f"{place}." if place else ""
        return {name: check(value[name], f"{inner}{name}") for name, check in fields.items()}

    return run


def with_defaults(check: Check, **defaults: Any) -> Check:
    """The record's fields that older files lack get these values."""

    def run(value: Any, place: str) -> Any:
        return check(defaults | value if isinstance(value, dict) else value, place)

    return run


def mapping(keys: Check, values: Check, *, most: int = 200) -> Check:
    def run(value: Any, place: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise wrong(place, _("this must be an object."))
        if len(value) > most:
            problem = _("this has %(count)s entries; %(most)s is the most.")
            raise wrong(place, problem, count=len(value), most=most)
        return {keys(name, place): values(found, f"{place}.{name[:40]}") for name, found in value.items()}

    return run
