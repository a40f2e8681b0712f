"""What the page of a plan shows: its playlists with their pictures, its cost, and whether it is still up to date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from organizer import network, plans
from organizer.merging import Action
from organizer.models import GenrePlaylist, Job, ModelVersion, Plan, PlanItem, Promotion, SpotifyAccount

PEEK = 10
WIDTH = 100.0  # of the picture's longest bar
FRESH = timedelta(days=1)
OFFERED = {Action.NEW, Action.UPDATE, Action.GONE}
COUNTED = ("add", "remove", "kept_out", "kept_in", "duplicate")
HEAVY = ("written_uris", "isrcs", "tombstones", "pins")  # columns that grow with a playlist
Row = dict[str, Any]
Kind = ModelVersion.Kind


@dataclass(frozen=True)
class Bar:
    """Widths of what stays, comes and goes; on one scale for all playlists of a plan."""

    kept: float
    added: float
    removed: float

    @property
    def added_at(self) -> float:
        return self.kept

    @property
    def removed_at(self) -> float:
        return self.kept + self.added


def of(account: SpotifyAccount, plan: Plan) -> Row:
    """The page's context. Eight queries, whatever the plan's size."""
    rules = {rule.pk: rule for rule in account.playlists.defer(*HEAVY)}
    rows = _rows(plan, rules)
    offers = [row for row in rows if row["is_offered"]]
    is_open = plan.state == Plan.State.PROPOSED
    is_fresh = is_open or plan.state == Plan.State.OUTDATED
    return {
        "plan": plan,
        "rows": rows,
        "is_open": is_open,
        "has_offers": bool(offers),
        "songs": sum(row["ticked"] for row in offers if row["entry"]["is_accepted"]),
        "unticked": sum(row["entry"]["remove"] - row["going"] for row in rows) if is_open else 0,
        "left": timedelta(seconds=network.gate().forecast("spotify", plan.calls)) if is_open else None,
        "newest": account.plans.only("pk").first() if plan.state == Plan.State.OUTDATED else None,
        "making": account.jobs.active().filter(kind=Job.Kind.PLAN).first() if is_fresh else None,
        "stale": _stale(account, plan, rules) if is_open else [],
    }


def _stale(account: SpotifyAccount, plan: Plan, rules: Mapping[int, GenrePlaylist]) -> list[str]:
    """What has happened since the plan was made; it can be applied all the same."""
    sentences = []
    pairs = [(entry, rules.get(entry["playlist"])) for entry in plan.entries]
    changed = [entry["name"] for entry, rule in pairs if rule and rule.snapshot_id != entry["snapshot_id"]]
    if changed:
        names = ", ".join(f"“{name}”" for name in changed)
        sentences.append(_("Spotify has changed since: %(names)s.") % {"names": names})
    if account.synced_at and account.synced_at > plan.created_at:
        sentences.append(_("Your liked songs were read again since."))
    if _is_sorted_anew(plan):
        sentences.append(_("Your songs have been sorted by another model since."))
    if account.corrections.filter(created_at__gt=plan.created_at).exists():
        sentences.append(_("You corrected genres since."))
    if not sentences and timezone.now() - plan.created_at > FRESH:
        sentences.append(_("This plan is older than a day."))
    return sentences


def _is_sorted_anew(plan: Plan) -> bool:
    """Another version judges than when the plan was made, or did for a while: songs may be in other genres by now."""
    since = Promotion.objects.filter(at__gt=plan.created_at, kind__in=[Kind.TABLES, Kind.SOUND])
    return since.exclude(version=F("before")).exists()


def _rows(plan: Plan, rules: Mapping[int, GenrePlaylist]) -> list[Row]:
    """One per playlist: its entry, rule, ticked changes, picture, moves and first songs. Two queries."""
    figures, first = _figures(plan), _first_songs(plan)
    nothing = {"ticked": 0, "coming": 0, "going": 0, "moves": 0}
    rows = [
        {
            "entry": entry,
            "is_offered": entry["action"] in OFFERED,
            "rule": rules.get(entry["playlist"]),
            "items": first.get(entry["playlist"], []),
            "total": sum(entry.get(kind, 0) for kind in COUNTED),
            **figures.get(entry["playlist"], nothing),
        }
        for entry in plan.entries
    ]
    longest = max((row["entry"].get("there", 0) + _coming(row) for row in rows), default=0)
    for row in rows:
        row["bar"] = _bar(row, longest)
    return rows


def _figures(plan: Plan) -> dict[int, Row]:
    ticked = Count("pk", filter=Q(is_accepted=True, kind__in=plans.TICKABLE))
    coming = Count("pk", filter=Q(is_accepted=True, kind__in=[PlanItem.Kind.ADD, PlanItem.Kind.KEPT_OUT]))
    going = Count("pk", filter=Q(is_accepted=True, kind=PlanItem.Kind.REMOVE))
    counts = plan.items.order_by().values("playlist")
    counts = counts.annotate(ticked=ticked, coming=coming, going=going, moves=Count("pk", filter=~Q(move="")))
    return {row["playlist"]: dict(row) for row in counts}


def _first_songs(plan: Plan) -> dict[int, Sequence[PlanItem]]:
    found: dict[int, list[PlanItem]] = {}
    few = plan.items.filter(position__lt=PEEK).select_related("track").order_by("position")
    for item in few:
        found.setdefault(item.playlist_id, []).append(item)
    return dict(found)


def _coming(row: Row) -> int:
    coming: int = row["coming"] if row["is_offered"] else 0
    return coming


def _bar(row: Row, longest: int) -> Bar | None:
    """None where there is nothing to draw, as in plans of before there were pictures."""
    there, coming = row["entry"].get("there", 0), _coming(row)
    if not longest or not (there or coming):
        return None
    going = min(there, row["ticked"] - row["coming"])
    unit = WIDTH / longest
    return Bar(round((there - going) * unit, 2), round(coming * unit, 2), round(going * unit, 2))
