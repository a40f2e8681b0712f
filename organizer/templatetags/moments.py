"""Moments and days in the reader's zone and language: `{% ago at %}`, `{% moment at %}`, `{% day at %}`, `{% clock %}`."""

from datetime import date, datetime, timedelta

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()
MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
WEEK = 7 * DAY


@register.simple_tag
def ago(at: datetime | None) -> SafeString:
    """How long ago or ahead, with the moment itself in the tooltip: for lists of what happened."""
    return _time(at, relative(at)) if at else SafeString()


@register.simple_tag
def moment(at: datetime | None) -> SafeString:
    """The moment itself, with how far away it is in the tooltip: for what somebody plans by."""
    return _time(at, brief(at), title=f"{absolute(at)} · {relative(at)}") if at else SafeString()


@register.simple_tag
def clock() -> str:
    return formats.time_format(timezone.localtime(), "TIME_FORMAT")


@register.simple_tag
def day(at: datetime | date | None) -> SafeString:
    if at is None:
        return SafeString()
    local = timezone.localdate(at) if isinstance(at, datetime) else at
    words = formats.date_format(local, "DATE_FORMAT")
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), words)


def _time(at: datetime, words: str, *, title: str = "") -> SafeString:
    form = '<time datetime="{}" title="{}">{}</time>'
    return format_html(form, timezone.localtime(at).isoformat("T", "seconds"), title or absolute(at), words)


def absolute(at: datetime) -> str:
    """21 Nov 2026, 14:32."""
    return formats.date_format(timezone.localtime(at), "DATETIME_FORMAT")


def brief(at: datetime) -> str:
    """The same without the day if that is today."""
    local = timezone.localtime(at)
    if local.date() != timezone.localdate():
        return absolute(at)
    return formats.time_format(local, "TIME_FORMAT")


def to_the_second(at: datetime) -> str:
    """14:32:05, for what passes within minutes."""
    return formats.time_format(timezone.localtime(at), "H:i:s")


def relative(at: datetime) -> str:
    """In the largest unit that fits, up to a week; beyond, the day says more."""
    left = at - timezone.now()
    seconds = abs(left.total_seconds())
    if seconds < MINUTE:
        return _("just now") if left <= timedelta() else _("in a moment")
    if seconds >= WEEK:
        return formats.date_format(timezone.localtime(at), "DATE_FORMAT")
    return _behind(seconds) if left < timedelta() else _ahead(seconds)


def _behind(seconds: float) -> str:
    if seconds < HOUR:
        minutes = int(seconds // MINUTE)
        return ngettext("%(count)s minute ago", "%(count)s minutes ago", minutes) % {"count": minutes}
    if seconds < DAY:
        hours = int(seconds // HOUR)
        return ngettext("%(count)s hour ago", "%(count)s hours ago", hours) % {"count": hours}
    days = int(seconds // DAY)
    return ngettext("%(count)s day ago", "%(count)s days ago", days) % {"count": days}


def _ahead(seconds: float) -> str:
    if seconds < HOUR:
        minutes = int(seconds // MINUTE)
        return ngettext("in %(count)s minute", "in %(count)s minutes", minutes) % {"count": minutes}
    if seconds < DAY:
        hours = int(seconds // HOUR)
        return ngettext("in %(count)s hour", "in %(count)s hours", hours) % {"count": hours}
    days = int(seconds // DAY)
    return ngettext("in %(count)s day", "in %(count)s days", days) % {"count": days}
