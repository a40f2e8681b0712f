"""The gates that every call to another service passes: what keeps one shut, and until when."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from organizer import jobs, network, tasks
from organizer.admin.audit import note
from organizer.admin.readonly import ReadOnlyAdmin, require
from organizer.models import Job, ServiceGate
from organizer.providers import sentences
from organizer.providers.errors import LedgerDown
from organizer.providers.paces import PACES, Pace
from organizer.providers.standing import OUTAGE, QUOTA, Standing

TITLES = {
    "spotify": "Spotify",
    "accounts": "Spotify’s accounts service",
    "deezer": "Deezer",
    "itunes": "iTunes",
    "reccobeats": "ReccoBeats",
    "previews": "Hosts of previews",
}


@dataclass(frozen=True)
class Row:
    """One service's gate, in words."""

    service: str
    title: str
    state: str
    reason: str
    until: datetime | None
    used: int
    limit: int
    window_s: float
    learnt: str
    failures: int
    may_try: bool


def rows() -> list[Row]:
    """Every service's, from Redis, or from the database while it does not answer. May raise LedgerDown."""
    gate, now = network.gate(), time.time()
    return [_row(name, gate.standing(name), gate.pace(name), now) for name in PACES]


def _row(service: str, known: Standing, pace: Pace, now: float) -> Row:
    is_shut, limit, used = known.until > now, known.limit_at(pace, now), len(known.used(pace, now))
    learnt = ""
    if limit < pace.calls:
        learnt = f"{limit} instead of {pace.calls}, until {_moment(known.limit_until):%d %b %H:%M} UTC"
    return Row(
        service=service,
        title=TITLES.get(service, service),
        state=_state(known, is_shut, used >= limit),
        reason=sentences.told(known.reason, service) if known.reason and (is_shut or known.kind) else "",
        until=_moment(known.until) if is_shut else None,
        used=used,
        limit=limit,
        window_s=pace.window_s,
        learnt=learnt,
        failures=known.failures,
        may_try=is_shut and known.kind == QUOTA,
    )


def _state(known: Standing, is_shut: bool, is_full: bool) -> str:
    if is_shut:
        names = {QUOTA: "shut: quota used up", OUTAGE: "resting after failures"}
        return names.get(known.kind, "shut: it asked us to wait")
    if known.kind in (QUOTA, OUTAGE):
        return "feeling its way: one call at a time"
    return "open, at its pace’s limit" if is_full else "open"


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@admin.register(ServiceGate)
class ServiceGateAdmin(ReadOnlyAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.try_view)
        return [path("<slug:service>/try/", view, name="organizer_servicegate_try"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All services, also those that the table has no row of yet."""
        require(request, "view_servicegate")
        try:
            found, problem = rows(), ""
        except LedgerDown as failure:
            found, problem = [], str(failure)
        waiting = Job.objects.filter(state=Job.State.WAITING).exclude(wait_reason="")
        context = self.admin_site.each_context(request) | {
            "title": "Gates and quota",
            "rows": found,
            "problem": problem,
            "waiting": waiting.select_related("account").order_by("wait_until")[:20],
            "can_try": request.user.has_perm("organizer.operate_job"),
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "admin/organizer/servicegate/gates.html", context)

    def change_view(self, request: HttpRequest, object_id: str, *_: Any, **__: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:organizer_servicegate_changelist"))

    def try_view(self, request: HttpRequest, service: str) -> HttpResponse:
        """Look whether a quota is back before the pause is over, as users may too; once in five minutes."""
        require(request, "operate_job")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._try(request, service if service in PACES else "spotify")
        return HttpResponseRedirect(reverse("admin:organizer_servicegate_changelist"))

    def _try(self, request: HttpRequest, service: str) -> None:
        gate = network.gate()
        if gate.blocked(service) is None:
            self.message_user(request, "This gate is open already.")
        elif not gate.reopen(service):
            sentence = "Only a quota’s pause can be ended early, and only once in five minutes."
            self.message_user(request, sentence, messages.ERROR)
        else:
            woken = _wake_for_quota(service)
            row, _is_new = ServiceGate.objects.get_or_create(service=service)
            note(request, row, f"Had {TITLES[service]} tried before its pause was over; jobs woken: {woken}.")
            self.message_user(request, f"The next call tries it. Jobs woken: {woken}.", messages.SUCCESS)


def _wake_for_quota(service: str) -> int:
    """Only Spotify has a quota that jobs wait for."""
    if service != "spotify":
        return 0
    waiting = Job.objects.filter(
        state=Job.State.WAITING, wait_kind=Job.Wait.QUOTA, wait_until__gt=timezone.now()
    )
    woken = [job for job in waiting if jobs.wake(job)]
    for job in woken:
        tasks.enqueue(job)
    return len(woken)
