"""Comparisons and previews: their history, and what each of them found."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from classifier.labels import display_name
from organizer.admin import drawings
from organizer.admin.readonly import ReadOnlyAdmin, require, row_or_404
from organizer.admin.version_page import maker, makers, stands
from organizer.models import Comparison, Impact, Job, StoredVerdict
from organizer.training import impact

MOST_MOVES = 30
PARTS = {
    StoredVerdict.Part.SURE: "sure",
    StoredVerdict.Part.REVIEW: "to be reviewed",
    StoredVerdict.Part.OWN: "the owner’s own word",
    StoredVerdict.Part.NONE: "nothing known",
}


class FoundAdmin(ReadOnlyAdmin):
    """Rows that a job fills in: while it works, the page asks for news."""

    job_kind: Job.Kind
    page: str  # folder of its templates

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def change_view(self, request: HttpRequest, object_id: str, *_: Any, **__: Any) -> HttpResponse:
        require(request, f"view_{self.opts.model_name}")
        row = row_or_404(self, request, object_id)
        waits = not (row.result or row.error)
        job = maker(self.job_kind) if waits else None
        context = self.admin_site.each_context(request) | {
            "title": str(self.heading(row)),
            "row": row,
            "waits": waits,
            "job": job,
            "opts": self.model._meta,
            "can_promote": request.user.has_perm("organizer.promote_modelversion"),
            **(self.found(request, row) if row.result else {}),
        }
        is_fragment = request.headers.get("HX-Request") == "true"
        template = f"_{self.page}.html" if is_fragment else f"{self.page}.html"
        return TemplateResponse(request, f"admin/organizer/{self.page}/{template}", context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(has_job=Exists(makers(self.job_kind)))

    def not_found(self, row: Any) -> str:
        """In the list: why there is no result."""
        return row.error or stands(row.has_job)

    def heading(self, row: Any) -> str:
        raise NotImplementedError

    def found(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        raise NotImplementedError


@admin.register(Comparison)
class ComparisonAdmin(FoundAdmin):
    job_kind, page = Job.Kind.COMPARE, "comparison"
    list_display = ("heading", "kind", "rows", "outcome", "created_at")
    list_filter = ("kind",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Comparison]:
        return super().get_queryset(request).prefetch_related("versions")

    @admin.display(description="versions")
    def heading(self, row: Comparison) -> str:
        named = [one["name"] for one in row.result.get("versions", [])] or list(map(str, row.versions.all()))
        return " · ".join(named) or f"Comparison #{row.pk}"

    @admin.display(description="test rows")
    def rows(self, row: Comparison) -> str:
        return f"{row.result['test']['rows']:,}" if row.result else "–"

    @admin.display(description="macro-F1")
    def outcome(self, row: Comparison) -> str:
        if not row.result:
            return self.not_found(row)
        found = row.result["figures"]["versions"]
        return " · ".join(f"{one['macro_f1'][0]:.1%}" for one in found)

    def found(self, request: HttpRequest, row: Comparison) -> dict[str, Any]:
        return drawings.comparison(row.result)


@admin.register(Impact)
class ImpactAdmin(FoundAdmin):
    job_kind, page = Job.Kind.IMPACT, "impact"
    list_display = ("heading", "outcome", "still_holds", "created_at")
    list_select_related = ("version", "against")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Impact]:
        return super().get_queryset(request).select_related("version", "against")

    @admin.display(description="version")
    def heading(self, row: Impact) -> str:
        return f"What “{row.version}” would change"

    @admin.display(description="what it would do")
    def outcome(self, row: Impact) -> str:
        return impact.sentence(row.result) if row.result else self.not_found(row)

    @admin.display(description="still holds")
    def still_holds(self, row: Impact) -> str:
        return impact.outdated(row) or ("yes" if row.result else "–")

    def found(self, request: HttpRequest, row: Impact) -> dict[str, Any]:
        """Songs and playlists by name only for those who may promote."""
        names_songs = request.user.has_perm("organizer.promote_modelversion")
        return {
            "sentence": impact.sentence(row.result),
            "outdated": impact.outdated(row),
            "names_songs": names_songs,
            "accounts": [
                _account(place, one, names_songs) for place, one in enumerate(row.result["accounts"], 1)
            ],
        }


def _account(place: int, found: dict[str, Any], names_songs: bool) -> dict[str, Any]:
    playlists = [
        one | ({} if names_songs else {"name": f"Playlist {number}"})
        for number, one in enumerate(found["playlists"], 1)
    ]
    return {
        "name": found["name"] if names_songs else f"Library {place}",
        "songs": found["songs"],
        "changed": found["changed"],
        "moves": [(_named(a), _named(b), songs) for a, b, songs in found["moves"][:MOST_MOVES]],
        "further_moves": max(0, len(found["moves"]) - MOST_MOVES),
        "parts": [(PARTS[StoredVerdict.Part(part)], *counts) for part, counts in found["parts"].items()],
        "playlists": playlists,
        "examples": [
            one | {"from": _named(one["from"]), "to": _named(one["to"])} for one in found["examples"]
        ]
        if names_songs
        else [],
    }


def _named(genre: str) -> str:
    return display_name(genre) if genre else "nothing known"
