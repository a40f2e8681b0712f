"""What a user lets a plan do."""

from dataclasses import dataclass
from random import Random
from typing import Any

from organizer import plans
from organizer.models import Plan


@dataclass
class Ticks:
    """Of one playlist of the plan; uris as the plan has them."""

    rule: int
    action: str
    adds: list[str]
    removes: set[str]

    @property
    def makes(self) -> bool:
        return self.action in ("new", "gone")


def tick(plan: Plan, random: Random) -> dict[int, Ticks]:
    """Some changes are unticked and some removals ticked; rule → what is left to be done."""
    wanted = {entry["playlist"] for entry in plan.entries if _is_wanted(entry, random)}
    if wanted != {entry["playlist"] for entry in plan.entries if entry["is_accepted"]}:
        plans.accept_playlists(plan, wanted)
    for rule in sorted(wanted):
        if random.random() < 0.5:
            _tick_songs(plan, rule, random)
    plan.refresh_from_db()
    found = [_ticks(plan, entry) for entry in plan.entries if entry["is_accepted"]]
    return {one.rule: one for one in found if one.makes or one.adds or one.removes}


def _is_wanted(entry: dict[str, Any], random: Random) -> bool:
    return random.random() < (0.4 if entry["action"] == "gone" else 0.9)


def _tick_songs(plan: Plan, rule: int, random: Random) -> None:
    items = plan.items.filter(playlist=rule, kind__in=["add", "remove"]).order_by("uri")
    shown = [item.pk for item in items]
    chosen = [item.pk for item in items if random.random() < (0.8 if item.kind == "add" else 0.6)]
    plans.set_accepted(plan, rule, item_ids=chosen, shown_ids=shown)


def _ticks(plan: Plan, entry: dict[str, Any]) -> Ticks:
    accepted = plan.items.filter(playlist=entry["playlist"], is_accepted=True).order_by("position")
    by_kind = {
        kind: list(accepted.filter(kind=kind).values_list("uri", flat=True)) for kind in ("add", "remove")
    }
    return Ticks(entry["playlist"], entry["action"], by_kind["add"], set(by_kind["remove"]))
