"""Putting a version into use, and going back: what speaks for and against it is shown before anything happens."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from organizer import tasks
from organizer.admin.audit import note
from organizer.admin.readonly import ReadOnlyAdmin, require
from organizer.admin.version_page import found, is_fragment
from organizer.models import ModelVersion, Promotion
from organizer.training import guard, impact, versions
from organizer.training.errors import TrainingError
from organizer.training.versions import NeedsReason, Switch

Kind = ModelVersion.Kind


class PromotionViews(admin.ModelAdmin):
    """The views that change which version is in use."""

    def has_promote_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("organizer.promote_modelversion")

    def promote_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What it would change and what speaks against it; then, confirmed, it is put into use."""
        require(request, "promote_modelversion")
        version = get_object_or_404(ModelVersion, pk=pk)
        reason, seen, refused = request.POST.get("reason", ""), request.POST.get("seen"), ""
        if request.method == "POST":
            try:
                switch = versions.promote(version, by=request.user, reason=reason, seen=seen)
                return self._done(request, switch, reason)
            except NeedsReason:
                refused = f"Type a reason of at least {versions.LEAST_REASON} characters."
            except TrainingError as error:
                refused = str(error)
        return self._asked(request, version, {"reason": reason, "refused": refused})

    def _asked(self, request: HttpRequest, version: ModelVersion, said: dict[str, Any]) -> HttpResponse:
        weighed, made = version.impacts.exclude(result={}).first(), found(version)
        is_news = is_fragment(request)
        waits = made["comparing"]["waits"] or made["previewing"]["waits"]
        if is_news and not waits and not request.GET.get("reason"):  # which would be lost
            return HttpResponse(headers={"HX-Refresh": "true"})
        problem = versions.unusable(version)
        context = self.admin_site.each_context(request) | {
            "title": f"Model version {version}" if version.is_champion else f"Put “{version}” into use?",
            "version": version,
            "opts": self.model._meta,
            "standing": versions.name_of(versions.in_use(Kind(version.kind))),
            "problem": f"“{version}” is in use already." if version.is_champion else problem,
            "objections": [] if problem else guard.objections(version),
            "comparison": guard.comparison_of(version),
            "not_compared": guard.why_not_compared(version),
            "impact": weighed,
            "impact_sentence": impact.sentence(weighed.result) if weighed else "",
            "impact_outdated": impact.outdated(weighed) if weighed else "",
            **made,
            **said,
        }
        template = f"admin/organizer/modelversion/{'_weighed' if is_news else 'promote'}.html"
        return TemplateResponse(request, template, context, status=422 if said["refused"] else 200)

    def roll_back_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        require(request, "promote_modelversion")
        if kind not in (Kind.TABLES, Kind.SOUND):
            raise Http404
        if request.method == "POST":
            try:
                wanted = {name: request.POST.get(name) for name in ("seen", "to")}
                back = versions.roll_back(Kind(kind), by=request.user, **wanted)
                return self._done(request, back, "Went back to it.")
            except TrainingError as error:
                self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:organizer_modelversion_changelist"))

    def _done(self, request: HttpRequest, switch: Switch, reason: str) -> HttpResponse:
        for job in switch.jobs:
            tasks.enqueue(job)
        told = switch.version or Promotion.objects.order_by("-pk")[0]
        note(request, told, f"{switch.sentence}{f' {reason.strip()}' if reason.strip() else ''}")
        self.message_user(request, switch.sentence, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:organizer_modelversion_changelist"))


@admin.register(Promotion)
class PromotionAdmin(ReadOnlyAdmin):
    """What was in use, and since when: written by every promotion, changed by nobody."""

    list_display = ("at", "kind", "what", "before_name", "is_rollback", "by", "reason")
    list_display_links = None
    list_filter = ("kind", "is_rollback")
    list_select_related = ("version", "before", "by")

    @admin.display(description="put into use")
    def what(self, promotion: Promotion) -> str:
        return versions.name_of(promotion.version)

    @admin.display(description="instead of")
    def before_name(self, promotion: Promotion) -> str:
        return versions.name_of(promotion.before)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
